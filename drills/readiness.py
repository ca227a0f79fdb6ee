"""Whether restored workloads are up: pure looks at one object each.

In: a Deployment, StatefulSet, DaemonSet, ReplicaSet, Pod, Job or PersistentVolumeClaim as the API
gives it. Out: what it still waits for, or None where it is up. What is controlled by another
workload is judged through that one. The rules are those of `kubectl rollout status`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drills import objects
from drills.objects import KubeObject

FINISHED = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One workload that is not up."""

    subject: str
    """`deployment backup-test/shop`."""
    why: str
    down: bool
    """Whether fewer of it are up than wanted; False while it is only not rolled out or seen."""

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.subject}: {self.why}"


def subject(kind: str, obj: KubeObject) -> str:
    """Return how findings name the object."""
    return f"{kind.lower()} {objects.namespace(obj)}/{objects.name(obj)}"


def waiting_for(kind: str, obj: KubeObject) -> Waiting | None:
    """Return what `obj` waits for; None where it is up, being deleted, or judged elsewhere."""
    judge = _JUDGES.get(kind)
    if judge is None or objects.text(obj, "metadata", "deletionTimestamp"):
        return None
    if kind in JUDGED_BY_OWNER and controller(obj) is not None:
        return None
    found = judge(obj)
    if found is None:
        return None
    why, down = found
    return Waiting(subject=subject(kind, obj), why=why, down=down)


def controller(obj: KubeObject) -> KubeObject | None:
    """Return the owner reference that controls the object."""
    for owner in objects.items(obj, "metadata", "ownerReferences"):
        if objects.dig(owner, "controller") is True:
            return objects.mapping(owner)
    return None


def condition(obj: KubeObject, kind: str) -> KubeObject:
    """Return the status condition of that type, empty where there is none."""
    for found in objects.items(obj, "status", "conditions"):
        if objects.text(found, "type") == kind:
            return objects.mapping(found)
    return {}


def holds(obj: KubeObject, kind: str) -> bool:
    """Return whether the condition is True."""
    return objects.text(condition(obj, kind), "status") == "True"


JUDGED_BY_OWNER = frozenset({"ReplicaSet", "Pod", "Job"})
_Why = tuple[str, bool] | None


def unseen(obj: KubeObject) -> bool:
    """Return whether the controller has not yet looked at the present spec."""
    seen = objects.number(obj, "status", "observedGeneration")
    return seen < max(objects.number(obj, "metadata", "generation"), 1)


def _wanted(obj: KubeObject) -> int:
    replicas = objects.dig(obj, "spec", "replicas")
    return replicas if isinstance(replicas, int) else 1


def _short(count: int, wanted: int, word: str) -> _Why:
    return (f"{count} of {wanted} {word}", True) if count < wanted else None


NOT_SEEN = ("its controller has not looked at it yet", False)


def _deployment(obj: KubeObject) -> _Why:
    wanted = _wanted(obj)
    short = _short(objects.number(obj, "status", "availableReplicas"), wanted, "available")
    if unseen(obj):
        return NOT_SEEN
    if short is not None or objects.dig(obj, "spec", "paused") is True:
        return short
    updated = objects.number(obj, "status", "updatedReplicas")
    if updated < wanted:
        return f"{updated} of {wanted} updated", False
    if objects.number(obj, "status", "replicas") > updated:
        return "old replicas are still there", False
    return None


def _stateful_set(obj: KubeObject) -> _Why:
    wanted = _wanted(obj)
    if unseen(obj):
        return NOT_SEEN
    short = _short(objects.number(obj, "status", "readyReplicas"), wanted, "ready")
    if short is None and objects.number(obj, "spec", "minReadySeconds"):
        available = objects.number(obj, "status", "availableReplicas")
        short = _short(available, wanted, "available")
    return short or _stateful_rollout(obj, wanted)


def _stateful_rollout(obj: KubeObject, wanted: int) -> _Why:
    strategy = objects.mapping(obj, "spec", "updateStrategy")
    current = objects.text(obj, "status", "currentRevision")
    update = objects.text(obj, "status", "updateRevision")
    if wanted == 0 or objects.text(strategy, "type") == "OnDelete" or current == update:
        return None
    partition = objects.number(strategy, "rollingUpdate", "partition")
    updated = objects.number(obj, "status", "updatedReplicas")
    if partition and updated >= wanted - partition:
        return None
    return f"{updated} of {wanted - partition} updated", False


def _daemon_set(obj: KubeObject) -> _Why:
    wanted = objects.number(obj, "status", "desiredNumberScheduled")
    if unseen(obj):
        return NOT_SEEN
    short = _short(objects.number(obj, "status", "numberAvailable"), wanted, "available")
    updated = objects.number(obj, "status", "updatedNumberScheduled")
    on_delete = objects.text(obj, "spec", "updateStrategy", "type") == "OnDelete"
    if short is None and updated < wanted and not on_delete:
        return f"{updated} of {wanted} updated", False
    return short


def _replica_set(obj: KubeObject) -> _Why:
    if unseen(obj):
        return NOT_SEEN
    available = objects.number(obj, "status", "availableReplicas")
    return _short(available, _wanted(obj), "available")


def _pod(obj: KubeObject) -> _Why:
    phase = objects.text(obj, "status", "phase")
    if phase == "Succeeded" or holds(obj, "Ready"):
        return None
    return f"phase {phase or 'unknown'}, not ready", True


def _job(obj: KubeObject) -> _Why:
    """A Job is up when it is done, put off, or runs: a long one must not hold up the drill."""
    done = any(holds(obj, kind) for kind in ("Complete", "SuccessCriteriaMet", "Failed"))
    if done or objects.dig(obj, "spec", "suspend") is True:
        return None
    active, ready = (objects.number(obj, "status", word) for word in ("active", "ready"))
    if active and ready >= active:
        return None
    return f"{ready} of {active or 'no'} active pods ready, not complete", False


def _claim(obj: KubeObject) -> _Why:
    phase = objects.text(obj, "status", "phase")
    return None if phase == "Bound" else (f"phase {phase or 'unknown'}, not bound", True)


_JUDGES: Mapping[str, Callable[[KubeObject], _Why]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "ReplicaSet": _replica_set,
    "Pod": _pod,
    "Job": _job,
    "PersistentVolumeClaim": _claim,
}
