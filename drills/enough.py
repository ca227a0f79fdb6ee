"""Which workloads are sound with fewer ready than they want: `restore.ready`. Pure.

In: the scenario's words and a workload as the API gives it. Out: what it still waits for.

| the workload   | and                                       | it is                        |
|----------------|-------------------------------------------|------------------------------|
| has no rule    |                                           | judged by `drills.readiness` |
| has `min: n`   | its controller has not looked at it yet   | waited for                   |
|                | fewer than n are ready, or than it wants; | waited for                   |
|                | of a Deployment: and of its newest kind   |                              |
|                | otherwise                                 | up                           |

Pods of a workload that is up by its rule and were never ready are the ones it can do without: their
restarts say nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from drills import objects
from drills.objects import KubeObject
from drills.readiness import NOT_SEEN, Waiting, controller, holds, subject, unseen, waiting_for

KINDS: Mapping[str, str] = {
    "deployment": "Deployment",
    "statefulset": "StatefulSet",
    "daemonset": "DaemonSet",
}
COUNTS: Mapping[str, str] = {
    "Deployment": "availableReplicas",
    "StatefulSet": "readyReplicas",
    "DaemonSet": "numberAvailable",
}
HASH = "pod-template-hash"
Whom = tuple[str, str, str]
"""Kind, namespace, name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enough:
    """How many of which workloads are enough."""

    least: Mapping[Whom, int] = field(default_factory=dict)

    def waiting_for(self, kind: str, obj: KubeObject) -> Waiting | None:
        """Return what the object waits for, None where it is up."""
        least = self.least.get((kind, objects.namespace(obj), objects.name(obj)))
        found = waiting_for(kind, obj)
        if least is None or found is None:
            return found
        if unseen(obj):
            return Waiting(subject=subject(kind, obj), why=NOT_SEEN[0], down=False)
        count, wanted = _count(kind, obj), _wanted(kind, obj)
        if count >= min(least, wanted):
            return None
        why = f"{count} of {wanted} ready, {least} would be enough"
        return Waiting(subject=subject(kind, obj), why=why, down=True)

    def spares(self, pod: KubeObject) -> bool:
        """Return whether the pod is of a workload with a rule, and is not ready."""
        return not holds(pod, "Ready") and _workload(pod) in self.least

    def shortfalls(self, kind: str, obj: KubeObject) -> Iterator[str]:
        """Yield in words that the workload is up by its rule alone."""
        found = waiting_for(kind, obj)
        if found is not None and self.waiting_for(kind, obj) is None:
            yield f"{found.subject} has {found.why}, which is enough by restore.ready"


def enough(rules: Mapping[str, int], namespaces: Mapping[str, str]) -> Enough:
    """Return the rules of `restore.ready`, led into the sandbox.

    `statefulset/db` means the workload of that name in every restored namespace,
    `production/statefulset/db` the one of that source namespace.
    """
    least: dict[Whom, int] = {}
    for workload, count in rules.items():
        *source, word, name = workload.split("/")
        for space in [namespaces[each] for each in source or namespaces if each in namespaces]:
            least[KINDS[word], space, name] = count
    return Enough(least=least)


def _count(kind: str, obj: KubeObject) -> int:
    """Return how many are ready; of a Deployment only as many as are of its newest kind."""
    ready = objects.number(obj, "status", COUNTS[kind])
    updated = objects.number(obj, "status", "updatedReplicas")
    return min(ready, updated) if kind == "Deployment" else ready


def _wanted(kind: str, obj: KubeObject) -> int:
    if kind == "DaemonSet":
        return objects.number(obj, "status", "desiredNumberScheduled")
    replicas = objects.dig(obj, "spec", "replicas")
    return replicas if isinstance(replicas, int) else 1


def _workload(pod: KubeObject) -> Whom:
    owner = controller(pod) or {}
    kind, name = objects.text(owner, "kind"), objects.text(owner, "name")
    if kind == "ReplicaSet":
        kind, name = "Deployment", name.removesuffix(f"-{objects.labels(pod).get(HASH, '')}")
    return kind, objects.namespace(pod), name
