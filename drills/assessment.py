"""The restored workloads as a whole: ready, or waiting, and the findings that say why not.

In: the sandbox's objects by kind. Out: a Readiness. Trouble of the environment is a finding that
leaves a question unanswered; only what would really have broken a restore is critical.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from drills import objects
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.readiness import FINISHED, Waiting, holds, waiting_for
from drills.troubles import (
    LeftOut,
    Trouble,
    event_troubles,
    explaining,
    pod_troubles,
    workload_troubles,
)

Seen = Mapping[str, Sequence[KubeObject]]
"""The sandbox's objects by kind, with `StorageClass` and `Event` where they were read."""

CRASHES = frozenset({"crash-loop", "out-of-memory", "pod-failed"})
"""Troubles that another one in the same namespace may have brought about."""
_REMEDIES: Mapping[str, str] = {
    "image-not-pullable": "Let the sandbox pull the image: registry reachable, tag kept, pull "
    "secret restored; then drill again.",
    "image-name-invalid": "Correct the image's name in the workload (or in what changed it), "
    "and take a new backup.",
    "image-never-pulled": "Put the image on the nodes, or let the workload pull it "
    "(imagePullPolicy), then drill again.",
    "no-node-fits": "Give a node of the drill's cluster the labels that the pod asks for, then "
    "drill again; a real restore there would wait as well.",
    "claim-cannot-bind": "Have the backup include PersistentVolumes (includeClusterResources unset "
    "or true), or make the volume that the claim names, then drill again.",
    "waits-for-left-out": "Put jobs.batch under restore.allow where the drill left the Job out. "
    "Had it completed, engines skip it in a real restore too: make the Job anew there by hand.",
    "reference-awaited": "See why it was not made: whether what makes it was restored "
    "(restore.allow), and its operator runs in this cluster and may reach what it needs from the "
    "closed sandbox.",
    "unschedulable": "Free capacity or lower the requests for the drill, then drill again.",
    "claim-unbound": "See why its claim is not bound: its storage class, its volume, its snapshot; "
    "then drill again.",
    "quota-exceeded": "Raise the quota of the sandbox or of the cluster, then drill again.",
    "admission-denied": "Let the admission webhook accept the sandbox, then drill again.",
    "pod-security-denied": "Give the sandbox the Pod Security level of its source namespace.",
    "left-out-but-needed": "Put the kind under restore.allow, or probe without this workload.",
    "reference-missing": "Add what is missing to the backup: a real restore would lack it too.",
    "crash-loop": "Drill with --keep and read the container's log in the sandbox; a real restore "
    "would crash the same way.",
    "out-of-memory": "Raise the container's memory limit: it does not survive a cold start.",
    "claim-lost": "Back the volume's data up, or restore its PersistentVolume as well.",
    "volume-data-awaited": "See whether the engine's node agent runs where the pod was scheduled.",
    "storage-class-missing": "Create the storage class, or map it to one that exists.",
    "job-failed": "Read the Job's log; isolation may keep it from what it needs.",
}
_REMEDY = "Look at the events of the workload in the sandbox, mend the cause, drill again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """How the restored workloads are."""

    ready: bool
    waiting: tuple[Waiting, ...]
    troubles: tuple[Finding, ...]


def assess(seen: Seen, left_out: LeftOut = ()) -> Readiness:
    """Return how the workloads in `seen` are, and what keeps them from being up."""
    waiting = still_waiting(seen)
    found = troubles_in(seen, waiting, left_out)
    return Readiness(ready=not waiting, waiting=waiting, troubles=findings_of(found))


def still_waiting(seen: Seen) -> tuple[Waiting, ...]:
    """Return the workloads and claims that are not up."""
    use = ClaimUse.of(seen)
    return tuple(
        found
        for kind, present in seen.items()
        for obj in present
        if (found := waiting_for(kind, obj)) is not None
        and not (kind == "PersistentVolumeClaim" and use.may_stay_pending(obj))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimUse:
    """Which claims pods use, and which classes wait for that; made once for all claims."""

    used: frozenset[tuple[str, str]]
    """(namespace, name) of the claims that an unfinished pod mounts."""
    late: frozenset[str]
    """Classes that bind a claim when something uses it (WaitForFirstConsumer)."""

    @classmethod
    def of(cls, seen: Seen) -> "ClaimUse":
        """Return how the claims in `seen` are used."""
        classes = seen.get("StorageClass", ())
        return cls(
            used=frozenset(_used(seen.get("Pod", ()))),
            late=frozenset(
                objects.name(storage)
                for storage in classes
                if objects.text(storage, "volumeBindingMode") == "WaitForFirstConsumer"
            ),
        )

    def may_stay_pending(self, claim: KubeObject) -> bool:
        """Return whether nothing uses the claim and its class binds only when something does.

        Kubernetes leaves such a claim Pending for good.
        """
        place = (objects.namespace(claim), objects.name(claim))
        pending = objects.text(claim, "status", "phase") == "Pending"
        late = objects.text(claim, "spec", "storageClassName") in self.late
        return pending and late and place not in self.used


def _used(pods: Iterable[KubeObject]) -> Iterator[tuple[str, str]]:
    for pod in pods:
        if objects.text(pod, "status", "phase") in FINISHED:
            continue
        for volume in objects.items(pod, "spec", "volumes"):
            name = objects.text(volume, "persistentVolumeClaim", "claimName")
            yield objects.namespace(pod), name


def troubles_in(
    seen: Seen, waiting: Sequence[Waiting], left_out: LeftOut = ()
) -> tuple[Trouble, ...]:
    """Return every trouble once per workload."""
    found = [
        *_of_objects(seen, left_out),
        *_of_claims(seen, waiting),
        *_of_events(seen, waiting, left_out),
    ]
    return tuple({(trouble.code, trouble.subject): trouble for trouble in found}.values())


def findings_of(troubles: Iterable[Trouble]) -> tuple[Finding, ...]:
    """Return the troubles as findings; crashes beside other trouble are not blamed."""
    found = tuple(troubles)
    behind = explaining(found)
    return tuple(
        _softened(trouble, behind[trouble.namespace])
        if trouble.code in CRASHES and trouble.namespace in behind
        else _finding(trouble)
        for trouble in found
    )


def not_ready(waiting: Iterable[Waiting], why: str) -> tuple[Finding, ...]:
    """Return one unanswered finding for each workload that never came up."""
    return tuple(
        Finding(
            code="not-ready",
            severity=Severity.WARNING,
            cause=Cause.ENVIRONMENT,
            subject=each.subject,
            message=f"{each.subject} was not ready {why}: {each.why}.",
            remedy=_REMEDY,
            unanswered=True,
        )
        for each in waiting
    )


def _of_objects(seen: Seen, left_out: LeftOut) -> Iterator[Trouble]:
    for kind, present in seen.items():
        for obj in present:
            if kind == "Pod":
                yield from pod_troubles(obj, left_out)
            elif kind not in {"Event", "StorageClass"}:
                yield from workload_troubles(kind, obj, left_out)


def _of_claims(seen: Seen, waiting: Sequence[Waiting]) -> Iterator[Trouble]:
    """Yield claims whose storage class does not exist; only where the classes were read."""
    classes = {objects.name(storage) for storage in seen.get("StorageClass", ())}
    subjects = {each.subject for each in waiting}
    for claim in seen.get("PersistentVolumeClaim", ()) if "StorageClass" in seen else ():
        wanted = objects.text(claim, "spec", "storageClassName")
        whom = f"persistentvolumeclaim {objects.namespace(claim)}/{objects.name(claim)}"
        if wanted and wanted not in classes and whom in subjects:
            yield Trouble(
                code="storage-class-missing",
                cause=Cause.ENVIRONMENT,
                subject=whom,
                namespace=objects.namespace(claim),
                detail=f"there is no storage class {wanted}",
            )


def _of_events(seen: Seen, waiting: Sequence[Waiting], left_out: LeftOut) -> Iterator[Trouble]:
    """Yield what events say of what is still not up: of the rest they are history."""
    concerned = {each.subject for each in waiting} | {
        f"pod {objects.namespace(pod)}/{objects.name(pod)}"
        for pod in seen.get("Pod", ())
        if not holds(pod, "Ready") and objects.text(pod, "status", "phase") not in FINISHED
    }
    for event in seen.get("Event", ()):
        for trouble in event_troubles(event, left_out):
            if trouble.subject in concerned:
                yield trouble


def _finding(trouble: Trouble) -> Finding:
    return Finding(
        code=trouble.code,
        severity=Severity.CRITICAL if trouble.blames else Severity.WARNING,
        cause=trouble.cause,
        subject=trouble.subject,
        message=f"{trouble.subject}: {trouble.detail}".rstrip(".") + ".",
        remedy=_REMEDIES.get(trouble.code, _REMEDY),
        unanswered=not trouble.blames and trouble.code != "job-failed",
    )


def _softened(crash: Trouble, behind: Trouble) -> Finding:
    return Finding(
        code=crash.code,
        severity=Severity.WARNING,
        cause=behind.cause,
        subject=crash.subject,
        message=(
            f"{crash.subject}: {crash.detail}; not blamed on the backup, because "
            f"{behind.subject} has trouble too ({behind.code})."
        ),
        remedy=_REMEDIES.get(behind.code, _REMEDY),
        unanswered=True,
    )
