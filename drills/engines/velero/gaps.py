"""What is wrong with the volumes of the claims in scope. Pure: volumes in, findings out.

| the claim                                                  | code                    | weight   |
|------------------------------------------------------------|-------------------------|----------|
| would get production's own storage                         | volume-restored-as-is   | critical |
| had no volume in the source                                | claim-lost-in-source    | critical |
| its data is saved, and a restore would not find it         | volume-not-restorable   | critical |
| its data is not there                                      | volume-not-in-backup    | critical |
| its data lies in the storage system alone                  | volume-in-storage-only  | note     |
| its data is there, and something speaks against it         | volume-in-doubt         | warning  |
| it would ask for a volume that the backup does not hold    | claim-cannot-bind       | critical |
"""

from collections import defaultdict
from collections.abc import Iterable

from drills.backups import Absence, BackedUpObject, BackedUpVolume
from drills.engines.velero.remarks import damage, note
from drills.engines.velero.skips import INCLUDE
from drills.engines.velero.volumes import CSI
from drills.findings import Cause, Finding, Severity, warning

SHOWN = 5


def volume_findings(
    volumes: Iterable[BackedUpVolume], namespaces: Iterable[str]
) -> tuple[Finding, ...]:
    """Return what is wrong with the claims in scope."""
    scope = frozenset(namespaces)
    members = [volume for volume in volumes if volume.namespace in scope]
    found = (finding for volume in members for finding in claim_findings(volume))
    return (*found, *doubt_findings(members))


def claim_findings(volume: BackedUpVolume) -> Iterable[Finding]:
    """Yield what is wrong with one claim."""
    subject = f"persistentvolumeclaim {volume.namespace}/{volume.claim}"
    if volume.restored_as_is:
        yield _as_is(volume, subject)
    elif volume.absence is Absence.NOTHING:
        yield _lost(volume, subject)
    elif volume.absence is Absence.UNREACHABLE:
        why = f"A restore would not bring its data back: {volume.reason}."
        yield damage("volume-not-restorable", subject, why, volume.remedy)
    elif not volume.has_data:
        yield damage(
            "volume-not-in-backup",
            subject,
            f"Its data is not in the backup: {volume.reason}. A restore would bring it back empty.",
            volume.remedy or INCLUDE,
        )
    elif volume.method == CSI:
        yield note(
            "volume-in-storage-only",
            subject,
            "Its data is a snapshot inside the storage system; the bucket holds none of it.",
            "Move snapshot data to the bucket if the storage system itself may be lost.",
        )
    if volume.never_binds and volume.has_data:
        yield _cannot_bind(volume, subject)


def doubt_findings(volumes: Iterable[BackedUpVolume]) -> Iterable[Finding]:
    """Yield a warning for each namespace with claims that something speaks against."""
    doubted: dict[str, list[BackedUpVolume]] = defaultdict(list)
    for volume in volumes:
        if volume.doubt:
            doubted[volume.namespace].append(volume)
    for namespace, members in doubted.items():
        names = ", ".join(volume.claim for volume in members[:SHOWN])
        more = f" and {len(members) - SHOWN} more claims" if len(members) > SHOWN else ""
        yield warning(
            "volume-in-doubt",
            f"persistentvolumeclaim {namespace}/{names}{more}",
            f"Of {members[0].claim}: {members[0].doubt}.",
            members[0].remedy or "Take a new backup; drill it with a probe of the data.",
            cause=Cause.BACKUP,
        )


def forgotten_findings(claims: Iterable[BackedUpObject]) -> Iterable[Finding]:
    """Yield a warning for each claim that was Lost in the source and that no pod mounts."""
    for claim in claims:
        yield warning(
            "claim-lost-in-source",
            f"persistentvolumeclaim {claim.key.namespace}/{claim.key.name}",
            "The claim was Lost in the source: its volume was gone before the backup was taken. "
            "No pod of the backup mounts it.",
            "Remove the claim in the source, if nobody needs it.",
            cause=Cause.ENVIRONMENT,
        )


def _as_is(volume: BackedUpVolume, subject: str) -> Finding:
    return damage(
        "volume-restored-as-is",
        subject,
        f"Its volume {volume.volume} has no data in the backup and policy "
        f"{volume.reclaim_policy or 'unknown'}: Velero would attach production's own "
        f"storage to the sandbox. ({volume.reason})",
        f"{volume.remedy or INCLUDE} Until then do not restore it as it is.",
    )


def _lost(volume: BackedUpVolume, subject: str) -> Finding:
    return Finding(
        code="claim-lost-in-source",
        severity=Severity.CRITICAL,
        cause=Cause.ENVIRONMENT,
        subject=subject,
        message=f"A restore cannot bring its data back: {volume.reason}.",
        remedy=volume.remedy,
    )


def _cannot_bind(volume: BackedUpVolume, subject: str) -> Finding:
    return damage(
        "claim-cannot-bind",
        subject,
        f"The backup does not hold its PersistentVolume {volume.volume}, so Velero leaves that "
        "name in the restored claim, which then waits for ever for a volume that belongs to "
        "another claim or is nowhere. Its data is saved, and no restore gets to it.",
        "Have the backup include PersistentVolumes (leave includeClusterResources unset, exclude "
        "none) and take a new one. To restore this one, have a resource modifier remove "
        "/spec/volumeName from the claim.",
    )
