"""What to know of an engine in another cluster (`spec.target`) that sees production's backups.

In: how the engine there is, the chosen backup. Out: a warning where it may change that backup. A
second Velero whose location is not ReadOnly collects garbage, deletes and maintains repositories in
the bucket that production backs up to (velero v1.18 `gc_controller.go`,
`backup_repository_controller.go`).
"""

from collections.abc import Iterator

from drills.backups import Backup
from drills.engine import EngineStatus
from drills.findings import Cause, Finding, Severity


def writable_there(status: EngineStatus, backup: Backup) -> Iterator[Finding]:
    """Yield a warning where the other cluster's engine may delete from the backup's store.

    Its other stores may well be its own.
    """
    for location, store in status.writable.items():
        if backup.location not in {None, location}:
            continue
        yield Finding(
            code="target-may-delete-backups",
            severity=Severity.WARNING,
            cause=Cause.CONFIGURATION,
            subject=store,
            message=f"The target cluster may write to {store}, and so delete production's backups.",
            remedy=(
                "Set its accessMode to ReadOnly there (with kopia volumes from Velero 1.18.1 on);"
                " its credentials must still write to restores/."
            ),
        )
