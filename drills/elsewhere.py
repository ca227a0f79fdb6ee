"""What to know of an engine in another cluster (`spec.target`) that sees production's backups.

In: how the engine there is. Out: a warning where it may change them. A second Velero whose location
is not ReadOnly collects garbage, deletes and maintains repositories in the bucket that production
backs up to (velero v1.18 `gc_controller.go`, `backup_repository_controller.go`).
"""

from collections.abc import Iterator

from drills.engine import EngineStatus
from drills.findings import Cause, Finding, Severity


def writable_there(status: EngineStatus) -> Iterator[Finding]:
    """Yield a warning for each store that the other cluster's engine may delete from."""
    for store in status.writable:
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
