"""How what is owned by a left-out kind is kept out of a Velero restore, object by object. Pure.

Velero leaves out by kind (`excludedResources`), and single objects only by label: it asks the
Restore's selector of each archived object in the namespaces it restores (`pkg/restore/restore.go`,
v1.10 to v1.18). So the selector names labels that nothing else bears which comes back: a Job's
pods have its uid, a StatefulSet's each their own name. They are never created, and no volume of
theirs is waited for.

An object without such a label is made unable to do anything by a rule of the resource modifier,
and deleted by the drill once the restore has ended (`drills.hazards`). Its pods are never
scheduled (a scheduling gate, from Kubernetes 1.27 on, and a node label that no node has); one
whose volumes Velero fills would hold the restore up that way, so its containers get a command that
is not there instead.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from drills import objects
from drills.backups import BackedUpObject
from drills.engine import RestoreOrder
from drills.engines.velero.rule import Patch, Rule, merge_rule, strategic_rule
from drills.marks import STILLED
from drills.plan import rule_for

Label = tuple[str, str]
NO_PROGRAM = "/left-out-by-the-drill"
_CALM: Mapping[str, Patch] = {
    "deployments.apps": {"replicas": 0},
    "statefulsets.apps": {"replicas": 0},
    "replicasets.apps": {"replicas": 0},
    "replicationcontrollers": {"replicas": 0},
    "daemonsets.apps": {"template": {"spec": {"nodeSelector": {STILLED: "true"}}}},
    "jobs.batch": {"suspend": True, "parallelism": 0},
    "cronjobs.batch": {"suspend": True},
}


def label_selector(order: RestoreOrder) -> dict[str, object]:
    """Return the Restore's `labelSelector`, nothing where nothing is left out by label."""
    values: dict[str, list[str]] = {}
    for key, value in sorted(_chosen(order)[0]):
        values.setdefault(key, []).append(value)
    wanted = [{"key": k, "operator": "NotIn", "values": found} for k, found in values.items()]
    return {"labelSelector": {"matchExpressions": wanted}} if wanted else {}


def stilled(order: RestoreOrder) -> Iterator[Rule]:
    """Yield a rule for each object that comes back for want of a label of its own."""
    for obj in _chosen(order)[1]:
        key = obj.key
        patch: dict[str, object] = {"metadata": {"annotations": {STILLED: "true"}}}
        if key.resource == "pods" and (key.namespace, key.name) in order.inventory.filled_pods:
            patch["spec"] = _without_program(obj)
            yield strategic_rule(key.resource, (key.namespace,), patch, names=(key.name,))
            continue
        if key.resource == "pods":
            gates = [{"name": STILLED}]
            patch["spec"] = {"schedulingGates": gates, "nodeSelector": {STILLED: "true"}}
        elif key.resource in _CALM:
            patch["spec"] = _CALM[key.resource]
        yield merge_rule(key.resource, (key.namespace,), patch, names=(key.name,))


def _without_program(pod: BackedUpObject) -> Patch:
    return {
        field: [
            {"name": objects.text(one, "name"), "command": [NO_PROGRAM], "args": None}
            for one in objects.items(pod.body, "spec", field)
        ]
        for field in ("initContainers", "containers")
        if objects.items(pod.body, "spec", field)
    }


def _chosen(order: RestoreOrder) -> tuple[frozenset[Label], tuple[BackedUpObject, ...]]:
    """Return labels by which objects are left out, and the objects that have none of their own."""
    if not order.owned_out:
        return frozenset(), ()
    comes = [
        obj
        for obj in order.inventory.objects
        if obj.key.namespace in order.namespaces and not rule_for(order.left_out, obj.key.resource)
    ]
    out = [obj for obj in comes if obj.key in order.owned_out and obj.explanation is None]
    stays = {pair for obj in comes if obj.key not in order.owned_out for pair in obj.labels.items()}
    labels, rest = _fewest(out, stays)
    return labels, tuple(rest)


def _fewest(
    out: Sequence[BackedUpObject], stays: set[Label]
) -> tuple[frozenset[Label], list[BackedUpObject]]:
    """Return few labels that reach what is `out` and nothing that `stays`; what they do not."""
    counted = Counter(pair for obj in out for pair in _own(obj, stays))
    chosen: set[Label] = set()
    rest: list[BackedUpObject] = []
    for obj in out:
        own = sorted(_own(obj, stays), key=lambda pair: (-counted[pair], pair))
        if not own:
            rest.append(obj)
        elif chosen.isdisjoint(own):
            chosen.add(own[0])
    return frozenset(chosen), rest


def _own(obj: BackedUpObject, stays: set[Label]) -> Iterable[Label]:
    return (pair for pair in obj.labels.items() if pair not in stays)
