"""Stage restore: have the engine restore, then look at what really came back.

What the engine says is kept; what is in the sandbox decides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drills import objects
from drills.backups import BackedUpVolume, Inventory
from drills.completeness import compare, findings_of, obstacles_of
from drills.engine import Engine, Restored, RestoredVolume, RestoreOrder
from drills.errors import DrillError, Missing
from drills.findings import Cause, Finding, Severity
from drills.hazards import Hazard, finding_of, hazards
from drills.live import LiveSandbox, look
from drills.objects import KubeObject
from drills.plan import rule_for
from drills.ports import Cluster, Deadline, Kind, Listener
from drills.record import Completeness, VolumeRecord
from drills.shared_volumes import shared_volumes

ALWAYS_LOOKED_AT = (
    "services",
    "cronjobs.batch",
    "networkpolicies.networking.k8s.io",
    "ingresses.networking.k8s.io",
    "namespaces",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What is in the sandbox after the restore."""

    completeness: Completeness
    volumes: tuple[VolumeRecord, ...]
    findings: tuple[Finding, ...]
    harmless: bool = True
    """False where something that could act on the world could not be made harmless."""


def restore(engine: Engine, order: RestoreOrder, deadline: Deadline) -> Restored:
    """Return the engine's own account of the restore it made."""
    return engine.restore(order, deadline)


def examine(
    cluster: Cluster, listener: Listener, order: RestoreOrder, restored: Restored
) -> Examined:
    """Compare the sandbox with the inventory and make harmless what is live in it."""
    live = look(cluster, tuple(sorted(set(order.namespaces.values()))), _worth_listing(order))
    dangers = neutralise(cluster, listener, live, order)
    shared = shared_volumes(cluster, live.objects.get("persistentvolumeclaims", ()))
    names = live.names()
    completeness = compare(order.inventory, order.namespaces, order.left_out, names)
    volumes = volumes_of(order.inventory, order.namespaces, restored.volumes)
    return Examined(
        completeness=completeness,
        volumes=volumes,
        findings=(
            *dangers.findings,
            *shared.findings,
            *findings_of(completeness, names, obstacles_of(restored.errors, restored.findings)),
            *volume_findings(volumes),
        ),
        harmless=dangers.harmless and shared.harmless,
    )


def _worth_listing(order: RestoreOrder) -> set[str]:
    """Return the kinds whose presence decides something."""
    in_scope = (
        obj
        for obj in order.inventory.objects
        if obj.key.namespace in order.namespaces
        and (obj.explanation is None or rule_for(order.left_out, obj.key.resource))
    )
    return {obj.key.resource for obj in in_scope} | set(ALWAYS_LOOKED_AT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Neutralised:
    """A critical finding for each live hazard, and whether all are harmless now."""

    findings: tuple[Finding, ...]
    harmless: bool


def neutralise(
    cluster: Cluster, listener: Listener, live: LiveSandbox, order: RestoreOrder
) -> Neutralised:
    """Make every live hazard harmless at once."""
    cures = [
        (hazard, *_cure(cluster, listener, live, hazard))
        for hazard in hazards(live, order.left_out)
    ]
    return Neutralised(
        findings=tuple(finding_of(hazard, words) for hazard, words, _ in cures),
        harmless=all(harmless for _, _, harmless in cures),
    )


def _cure(
    cluster: Cluster, listener: Listener, live: LiveSandbox, hazard: Hazard
) -> tuple[str, bool]:
    """Return what was done, in words, and whether the hazard is harmless now."""
    served = live.kinds[hazard.resource]
    kind = Kind(served.api_version, served.kind)
    namespace, name = objects.namespace(hazard.obj), objects.name(hazard.obj)
    where = f"{kind.kind} {namespace}/{name}"
    try:
        if hazard.patch is None:
            cluster.delete(kind, namespace, name, uid=objects.uid(hazard.obj))
            done, action = "It was deleted from the sandbox at once.", "delete"
        else:
            cluster.patch(kind, namespace, name, _only(hazard.obj, hazard.patch))
            done, action = "It was made harmless at once.", "patch"
    except Missing:
        return "It was gone again before it could be touched.", True
    except DrillError as error:
        listener.action("neutralise", where, "failed", {"error": str(error)})
        return f"It could NOT be made harmless: {error}. Remove it by hand now.", False
    listener.action(action, where, "success", {"why": hazard.danger})
    return done, True


def _only(obj: KubeObject, patch: Mapping[str, object]) -> Mapping[str, object]:
    """Return `patch` with the uid as precondition, so that it meets no other of that name."""
    metadata = {**objects.mapping(patch, "metadata"), "uid": objects.uid(obj)}
    return {**patch, "metadata": metadata}


def volumes_of(
    inventory: Inventory, namespaces: Mapping[str, str], restored: Iterable[RestoredVolume]
) -> tuple[VolumeRecord, ...]:
    """Return one record for each claim in scope: its data in the backup, and what came back."""
    back = {(v.namespace, v.claim): v for v in restored}
    return tuple(
        _volume(volume, back.get((volume.namespace, volume.claim)))
        for volume in inventory.volumes
        if volume.namespace in namespaces
    )


def _volume(volume: BackedUpVolume, back: RestoredVolume | None) -> VolumeRecord:
    if not volume.has_data:
        outcome, size = "not-in-backup", None
    elif back is None:
        outcome, size = "not-restored", None
    else:
        short = back.bytes is not None and volume.bytes is not None and back.bytes < volume.bytes
        outcome = "empty" if short and not back.bytes else "failed" if short else back.outcome
        size = back.bytes
    return VolumeRecord(
        claim=volume.claim,
        namespace=volume.namespace,
        method=volume.method,
        bytes=size,
        outcome=outcome,
    )


WORDS = {
    "not-in-backup": "has no data in the backup; it came back empty",
    "not-restored": "has data in the backup, but the engine restored none of it",
    "empty": "came back empty",
    "failed": "did not come back whole",
}


def volume_findings(volumes: Iterable[VolumeRecord]) -> tuple[Finding, ...]:
    """Return a finding for each claim whose data is not surely back, whatever the phase says."""
    return tuple(_volume_finding(v) for v in volumes if v.outcome != "restored")


def _volume_finding(volume: VolumeRecord) -> Finding:
    lost = volume.outcome in WORDS
    subject = f"persistentvolumeclaim {volume.namespace}/{volume.claim}"
    words = WORDS.get(volume.outcome, "could not be shown to have come back")
    return Finding(
        code=f"volume-{volume.outcome}",
        severity=Severity.CRITICAL if lost else Severity.WARNING,
        cause=Cause.BACKUP if lost else Cause.ENVIRONMENT,
        subject=subject,
        message=f"The volume of claim {volume.namespace}/{volume.claim} {words}.",
        remedy=(
            "Back the volume up (remove its opt-out, or enable file-system backup or snapshots), "
            "then drill again."
            if lost
            else "Look at the engine's volume restores; a data probe would settle it."
        ),
        unanswered=not lost,
    )
