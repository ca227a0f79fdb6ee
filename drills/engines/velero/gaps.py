"""What is wrong with the volumes of the claims in scope. Pure: volumes in, findings out."""

from collections.abc import Iterable

from drills.backups import BackedUpVolume
from drills.engines.velero.remarks import damage, note
from drills.engines.velero.volumes import CSI
from drills.findings import Cause, Finding, Severity


def volume_findings(
    volumes: Iterable[BackedUpVolume], namespaces: Iterable[str]
) -> tuple[Finding, ...]:
    """Return what is wrong with the claims in scope."""
    scope = frozenset(namespaces)
    return tuple(
        finding for volume in volumes if volume.namespace in scope for finding in _findings(volume)
    )


def _findings(volume: BackedUpVolume) -> Iterable[Finding]:
    subject = f"persistentvolumeclaim {volume.namespace}/{volume.claim}"
    if volume.restored_as_is:
        yield Finding(
            code="volume-restored-as-is",
            severity=Severity.CRITICAL,
            cause=Cause.BACKUP,
            subject=subject,
            message=(
                f"Its volume {volume.volume} has no data in the backup and policy "
                f"{volume.reclaim_policy or 'unknown'}: Velero would attach production's own "
                f"storage to the sandbox. ({volume.reason})"
            ),
            remedy="Back its data up (file-system backup or snapshot); do not restore it as it is.",
        )
    elif not volume.has_data:
        yield damage(
            "volume-not-in-backup",
            subject,
            f"Its data is not in the backup: {volume.reason}. A restore would bring it back empty.",
            "Include the volume in the backup: file-system backup, a snapshot, or data movement.",
        )
    elif volume.method == CSI:
        yield note(
            "volume-in-storage-only",
            subject,
            "Its data is a snapshot inside the storage system; the bucket holds none of it.",
            "Move snapshot data to the bucket if the storage system itself may be lost.",
        )
