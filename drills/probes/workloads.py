"""From a scenario's `statefulset/ledger` to a pod that can be asked."""

from dataclasses import dataclass

from drills import objects
from drills.errors import CannotAsk
from drills.expectations import Mismatch
from drills.findings import Cause
from drills.objects import KubeObject
from drills.ports import Cluster, Kind

POD = Kind("v1", "Pod")
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
"""Annotation by which a pod names the container that is meant when none is named."""
_KINDS = {
    "deployment": Kind("apps/v1", "Deployment"),
    "statefulset": Kind("apps/v1", "StatefulSet"),
    "daemonset": Kind("apps/v1", "DaemonSet"),
    "replicaset": Kind("apps/v1", "ReplicaSet"),
    "job": Kind("batch/v1", "Job"),
    "pod": POD,
}
_OPERATORS = {"In": "in", "NotIn": "notin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The pod to ask."""

    pod: str
    container: str
    """Empty for the first one."""


def ready_pod(cluster: Cluster, namespace: str, workload: str, container: str) -> Target | Mismatch:
    """Return a ready pod of `workload`, or what there is instead."""
    word, _, name = workload.partition("/")
    kind = _KINDS.get(word.lower())
    if kind is None or not name:
        raise CannotAsk(
            f"{workload!r} is no workload; write {', '.join(_KINDS)} and a name, deployment/shop",
            cause=Cause.CONFIGURATION,
        )
    found = cluster.get(kind, namespace, name)
    if found is None:
        return Mismatch(f"a ready pod of {workload}", f"no {workload}")
    pods = [found] if kind == POD else cluster.list(POD, namespace, labels=_selector(found))
    ready = sorted((pod for pod in pods if is_ready(pod)), key=objects.name)
    if not ready:
        return Mismatch(f"a ready pod of {workload}", f"{len(pods)} pods, none ready")
    return Target(pod=objects.name(ready[0]), container=container or _default(ready[0]))


def asked_pod(cluster: Cluster, namespace: str, question: KubeObject) -> Target | Mismatch:
    """Return a ready pod of the workload that a question names, or what there is instead."""
    workload, container = objects.text(question, "workload"), objects.text(question, "container")
    return ready_pod(cluster, namespace, workload, container)


def is_ready(pod: KubeObject) -> bool:
    """Return whether the pod says it is ready and is not on its way out."""
    if objects.text(pod, "metadata", "deletionTimestamp"):
        return False
    return any(
        objects.text(condition, "type") == "Ready" and objects.text(condition, "status") == "True"
        for condition in objects.items(pod, "status", "conditions")
    )


def _default(pod: KubeObject) -> str:
    return objects.text(pod, "metadata", "annotations", DEFAULT_CONTAINER)


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
