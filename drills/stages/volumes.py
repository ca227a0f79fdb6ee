"""What came back of each volume, by what the engine says and by the bytes that it moved. Pure.

In: the inventory's volumes and the engine's account. Out: a record for each claim, and findings.
Only an engine knows what its counters count, so it compares them itself; here an engine's word
alone is not enough where its own numbers do not bear it out:

| the engine says | counted by the restore        | outcome             |
|-----------------|-------------------------------|---------------------|
| `restored`      | as much as was saved, or more | restored            |
| `restored`      | less than was saved           | fewer: an open question |
| `restored`      | nothing of something          | empty               |
| anything else   | any                           | what the engine says |
"""

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import replace

from drills.backups import BackedUpVolume, Inventory, ObjectKey
from drills.engine import Restored, RestoredVolume
from drills.findings import Cause, Finding, Severity
from drills.owned import CLAIMS
from drills.record import VolumeRecord


def came_back(restored: Restored) -> tuple[RestoredVolume, ...]:
    """Return the engine's volumes; what a broken off restore did not bring back was interrupted."""
    if restored.broken_off is None:
        return restored.volumes
    return tuple(
        each if each.outcome == "restored" else replace(each, outcome="interrupted")
        for each in restored.volumes
    )


def volumes_of(
    inventory: Inventory,
    namespaces: Mapping[str, str],
    restored: Iterable[RestoredVolume],
    *,
    beyond: Collection[tuple[str, str]] = (),
    left_out: Container[ObjectKey] = frozenset(),
) -> tuple[VolumeRecord, ...]:
    """Return one record for each claim in scope: its data in the backup, and what came back.

    Of claims in `beyond` the cluster can bring none back, so nothing is known of their data;
    `left_out` are those whose data stays out on purpose.
    """
    back = {(v.namespace, v.claim): v for v in restored}
    return tuple(
        _left_out(volume)
        if ObjectKey(resource=CLAIMS, namespace=volume.namespace, name=volume.claim) in left_out
        else _volume(volume, back.get((volume.namespace, volume.claim)), beyond)
        for volume in inventory.volumes
        if volume.namespace in namespaces
    )


def _left_out(volume: BackedUpVolume) -> VolumeRecord:
    return VolumeRecord(
        claim=volume.claim,
        namespace=volume.namespace,
        method=volume.method,
        bytes=None,
        outcome="left-out",
    )


def _volume(
    volume: BackedUpVolume, back: RestoredVolume | None, beyond: Collection[tuple[str, str]]
) -> VolumeRecord:
    if not volume.has_data:
        outcome, size = "not-in-backup", None
    elif (volume.namespace, volume.claim) in beyond:
        outcome, size = "unknown", None
    elif back is None:
        outcome, size = "not-restored", None
    else:
        outcome, size = _outcome(volume, back), back.bytes
    return VolumeRecord(
        claim=volume.claim,
        namespace=volume.namespace,
        method=volume.method,
        bytes=size,
        outcome=outcome,
        saved=volume.bytes,
    )


def _outcome(volume: BackedUpVolume, back: RestoredVolume) -> str:
    if back.outcome != "restored" or back.bytes is None or back.bytes >= (volume.bytes or 0):
        return back.outcome
    return "fewer" if back.bytes else "empty"


FINE = frozenset({"restored", "left-out"})
LOST = {
    "not-in-backup": "has no data in the backup; it came back empty",
    "not-restored": "has data in the backup, but the engine restored none of it",
    "empty": "came back empty",
    "failed": "did not come back whole",
}
OPEN = {
    "interrupted": "did not come back whole because the engine was kept from it",
    "fewer": "was restored without an error, yet fewer bytes were counted than when it was saved",
}
NOT_SHOWN = "could not be shown to have come back"
SAVE_IT = (
    "Back the volume up (remove its opt-out, or enable file-system backup or snapshots), "
    "then drill again."
)
BACK_UP_AGAIN = (
    "Look at the engine's volume restore and the volume repository (verify --bucket), "
    "then take a new backup and drill that."
)
REMEDIES = {
    "not-in-backup": SAVE_IT,
    "fewer": (
        "Symbolic links that the backup found unchanged count there and not in the restore, hard "
        "links may too. A required data probe of this namespace (checksum, canary, sql) settles it "
        "where it passes; else compare by hand in a kept sandbox."
    ),
}
LOOK = "Look at the engine's volume restores; a data probe would settle it."


def volume_findings(volumes: Iterable[VolumeRecord]) -> tuple[Finding, ...]:
    """Return a finding for each claim whose data is not surely back, whatever the phase says."""
    return tuple(_volume_finding(v) for v in volumes if v.outcome not in FINE)


def _volume_finding(volume: VolumeRecord) -> Finding:
    lost = volume.outcome in LOST
    words = LOST.get(volume.outcome) or OPEN.get(volume.outcome, NOT_SHOWN)
    return Finding(
        code=f"volume-{volume.outcome}",
        severity=Severity.CRITICAL if lost else Severity.WARNING,
        cause=Cause.BACKUP if lost else Cause.ENVIRONMENT,
        subject=f"persistentvolumeclaim {volume.namespace}/{volume.claim}",
        message=f"The volume of claim {volume.namespace}/{volume.claim} {words}{_counts(volume)}.",
        remedy=REMEDIES.get(volume.outcome, BACK_UP_AGAIN if lost else LOOK),
        unanswered=not lost,
    )


def _counts(volume: VolumeRecord) -> str:
    """Return both counts in words, where they are what is odd."""
    if volume.outcome not in {"fewer", "failed", "empty"} or not volume.saved:
        return ""
    return f" ({volume.bytes or 0} bytes of {volume.saved})"
