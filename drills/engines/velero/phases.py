"""What each phase of a Backup and of a Restore means for a drill: two tables.

Source: Velero v1.18 `backup_types.go`, `restore_types.go`; the Restore phases are the same from
1.14 on.
"""

from enum import StrEnum


class Standing(StrEnum):
    """How far something has come."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    UNKNOWN = "unknown"


RESTORE_PHASES: dict[str, Standing] = {
    "New": Standing.WAITING,
    "InProgress": Standing.RUNNING,
    "WaitingForPluginOperations": Standing.RUNNING,
    "WaitingForPluginOperationsPartiallyFailed": Standing.RUNNING,
    "Finalizing": Standing.RUNNING,
    "FinalizingPartiallyFailed": Standing.RUNNING,
    "FailedValidation": Standing.ENDED,
    "Completed": Standing.ENDED,
    "PartiallyFailed": Standing.ENDED,
    "Failed": Standing.ENDED,
}

UNFINISHED = "the backup is not finished"
UNUSABLE_BACKUP_PHASES: dict[str, str] = {
    "New": UNFINISHED,
    "Queued": UNFINISHED,
    "ReadyToStart": UNFINISHED,
    "InProgress": UNFINISHED,
    "WaitingForPluginOperations": UNFINISHED,
    "WaitingForPluginOperationsPartiallyFailed": UNFINISHED,
    "Finalizing": UNFINISHED,
    "FinalizingPartiallyFailed": UNFINISHED,
    "FailedValidation": "Velero refused the backup's settings and took nothing",
    "Failed": "the backup failed",
    "Deleting": "the backup is being deleted",
}
"""Backup phases that must not be picked; Completed and PartiallyFailed are not here."""

USABLE_BACKUP_PHASES = frozenset({"Completed", "PartiallyFailed"})


def restore_standing(phase: str) -> Standing:
    """Return how far a Restore of this phase has come; a phase nobody knows is UNKNOWN."""
    return RESTORE_PHASES.get(phase, Standing.UNKNOWN)


def why_unusable(phase: str) -> str | None:
    """Return why a Backup of this phase must not be picked, None where nothing speaks against."""
    if phase in USABLE_BACKUP_PHASES:
        return None
    known = UNUSABLE_BACKUP_PHASES.get(phase)
    return f"{known} (phase {phase})" if known else f"its phase {phase} is not known"
