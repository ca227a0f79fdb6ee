"""Whose pods are whose: by the controller that owns them, never by labels alone.

| workload                                 | its pods                                              |
|------------------------------------------|-------------------------------------------------------|
| Deployment                               | of ReplicaSets that it controls                       |
| StatefulSet, DaemonSet, ReplicaSet, Job  | that it controls                                      |
| a Job that went when it was done         | that carry its name (`job-name`)                      |
| Pod                                      | itself                                                |

Two workloads may have one selector: each then owns its own pods, by uid (Kubernetes 1.34,
`pkg/controller/controller_ref_manager.go`). A pod that nobody owns yet is nobody's.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from drills import objects
from drills.errors import CannotAsk
from drills.findings import Cause
from drills.objects import KubeObject
from drills.ports import Cluster, Kind
from drills.readiness import controller

POD = Kind("v1", "Pod")
JOB = Kind("batch/v1", "Job")
DEPLOYMENT = Kind("apps/v1", "Deployment")
REPLICA_SET = Kind("apps/v1", "ReplicaSet")
KINDS: Mapping[str, Kind] = {
    "deployment": DEPLOYMENT,
    "statefulset": Kind("apps/v1", "StatefulSet"),
    "daemonset": Kind("apps/v1", "DaemonSet"),
    "replicaset": REPLICA_SET,
    "job": JOB,
    "pod": POD,
}
JOB_NAME = "job-name"
"""Label by which the Job controller marks its pods; the older of two, and still set."""
_OPERATORS = {"In": "in", "NotIn": "notin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedPods:
    """The pods of one workload."""

    pods: tuple[KubeObject, ...]
    others: tuple[KubeObject, ...] = ()
    """Pods that its selector fits and that belong to somebody else, or to nobody yet."""


def pods_of(cluster: Cluster, namespace: str, workload: str) -> OwnedPods | None:
    """Return the pods of `statefulset/ledger`, None where there is no such workload.

    Raises CannotAsk for what is no workload, and for a Job that is gone.
    """
    word, _, name = workload.partition("/")
    kind = KINDS.get(word.lower())
    if kind is None or not name:
        raise CannotAsk(
            f"{workload!r} is no workload; write {', '.join(KINDS)} and a name, deployment/shop",
            cause=Cause.CONFIGURATION,
        )
    found = cluster.get(kind, namespace, name)
    if kind == JOB and found is None:
        return _of_gone_job(cluster, namespace, name)
    if found is None:
        return None
    return OwnedPods(pods=(found,)) if kind == POD else _owned(cluster, namespace, kind, found)


def _owned(cluster: Cluster, namespace: str, kind: Kind, workload: KubeObject) -> OwnedPods:
    fitting = cluster.list(POD, namespace, labels=_selector(workload))
    owners = {objects.uid(workload)}
    if kind == DEPLOYMENT:
        owners = _replica_sets(cluster, namespace, fitting, owners)
    return OwnedPods(
        pods=_by_name(pod for pod in fitting if _owner(pod) in owners),
        others=_by_name(pod for pod in fitting if _owner(pod) not in owners),
    )


def _replica_sets(
    cluster: Cluster, namespace: str, pods: Iterable[KubeObject], owners: Collection[str]
) -> set[str]:
    """Return the uids of the pods' ReplicaSets that `owners` control; needs `get`, not `list`."""
    named = {objects.text(controller(pod) or {}, "name") for pod in pods}
    sets = [cluster.get(REPLICA_SET, namespace, name) for name in sorted(named - {""})]
    return {objects.uid(each) for each in sets if each is not None and _owner(each) in owners}


def _of_gone_job(cluster: Cluster, namespace: str, name: str) -> OwnedPods:
    pods = cluster.list(POD, namespace, labels=f"{JOB_NAME}={name}")
    if not pods:
        raise CannotAsk(
            f"there is no job/{name}, and no pod of it",
            hint="a Job that had completed when it was backed up does not come back, and one with "
            "ttlSecondsAfterFinished goes when it is done: ask something else for what it did",
        )
    return OwnedPods(pods=_by_name(pods))


def _owner(obj: KubeObject) -> str:
    """Return the uid of what controls the object; '-' where nothing does."""
    return objects.text(controller(obj) or {}, "uid") or "-"


def _by_name(pods: Iterable[KubeObject]) -> tuple[KubeObject, ...]:
    return tuple(sorted(pods, key=objects.name))


def _selector(workload: KubeObject) -> str:
    """Return the workload's selector as the API takes it in a query."""
    selector = objects.mapping(workload, "spec", "selector")
    labels = objects.mapping(selector, "matchLabels")
    parts = [f"{key}={value}" for key, value in labels.items()]
    parts += [_requirement(each) for each in objects.items(selector, "matchExpressions")]
    if not parts:
        raise CannotAsk(f"{objects.name(workload)} has no selector, so its pods are unknown")
    return ",".join(parts)


def _requirement(expression: object) -> str:
    key, operator = objects.text(expression, "key"), objects.text(expression, "operator")
    if operator == "DoesNotExist":
        return f"!{key}"
    if operator not in _OPERATORS:
        return key
    values = ",".join(str(value) for value in objects.items(expression, "values"))
    return f"{key} {_OPERATORS[operator]} ({values})"
