"""Names in the scenario that neither the engine nor the backup knows. Pure: facts in, findings out.

A scenario that names something else than what there is says nothing about the backup: its findings
have the cause `configuration` and leave the question open. `plan` and `verify` end with exit code 2
on them, a drill with a report that says so.

| named in the scenario | what is known                                       | finding           |
|-----------------------|-----------------------------------------------------|-------------------|
| backup.schedule       | no backup of it, no such Schedule, others are there | unknown-schedule  |
|                       | backups of it, made here; the Schedule is gone      | schedule-gone     |
|                       | no backup of it, but the Schedule is there          | no-usable-backup  |
| backup.name           | no such backup, others are there                    | unknown-backup    |
| backup.location       | no such location, others are there                  | unknown-location  |
| any of these          | the engine knows none: nothing is backed up         | no-usable-backup  |
| a namespace that the  | the source has it, or the backup's order names it   | the backup fails  |
| backup does not hold  | the source lacks it, the order does not name it     | unknown-namespace |
|                       | source not asked, one in the backup is a slip away  | unknown-namespace |
|                       | source not asked, none is (`drills.spelling`)       | the backup fails  |
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from drills.backups import Backup
from drills.engine import EngineStatus
from drills.findings import Cause, Finding, warning
from drills.spelling import misspelt, what_there_is
from scenarios.model import BackupQuery

SCENARIO_IS_WRONG = frozenset(
    {
        "unknown-schedule",
        "unknown-backup",
        "unknown-location",
        "unknown-namespace",
        "unknown-kind",
        "unknown-probe-target",
        "unknown-probe-container",
        "probe-target-stays-out",
        "exclude-keeps-claim-empty",
        "exclude-keeps-claim-out",
        "exclude-keeps-pods-waiting",
        "exclude-keeps-claim-unbound",
        "exclude-keeps-probe-out",
    }
)
"""Findings that only the scenario's author can mend."""
ASK_FOR = "Correct the scenario, then drill again."


def wrong(code: str, subject: str, message: str, remedy: str = ASK_FOR) -> Finding:
    """Return a finding that blames the scenario and leaves the question open."""
    return warning(code, subject, message, remedy, cause=Cause.CONFIGURATION, unanswered=True)


def unknown_to_engine(
    query: BackupQuery, backups: Iterable[Backup], status: EngineStatus
) -> tuple[Finding, ...]:
    """Return what the engine does not know of `spec.backup`, where it knows others of that kind."""
    every = tuple(backups)
    return (*_schedule(query, every, status), *_name(query, every), *_location(query, status))


def schedule_gone(
    query: BackupQuery, backups: Iterable[Backup], status: EngineStatus
) -> tuple[Finding, ...]:
    """Return the finding for a schedule that left its backups behind.

    Where they were read in from a store, the schedule is at work somewhere else.
    """
    if query.schedule is None or status.schedules is None or query.schedule in status.schedules:
        return ()
    own = [b for b in backups if b.schedule == query.schedule]
    if not any(b.made_here for b in own):
        return ()
    return (
        warning(
            "schedule-gone",
            f"schedule {query.schedule}",
            f"Schedule {query.schedule} no longer exists; {len(own)} of its backups are "
            "still there, and no new one will come.",
            "Make the schedule again, or name the one that took its place "
            f"(backup.schedule). {what_there_is(query.schedule, status.schedules)}".strip(),
            cause=Cause.CONFIGURATION,
        ),
    )


def _schedule(
    query: BackupQuery, backups: Collection[Backup], status: EngineStatus
) -> Iterator[Finding]:
    wanted, listed = query.schedule, status.schedules
    labelled = {b.schedule for b in backups if b.schedule}
    known = labelled | set(listed or ())
    if wanted is None or wanted in known or not known:
        return
    if listed is None and misspelt(wanted, known) is None:
        return
    yield wrong(
        "unknown-schedule",
        f"schedule {wanted}",
        f"There is no schedule {wanted}, and no backup of it. {what_there_is(wanted, known)}",
        "Correct backup.schedule in the scenario, or make that schedule.",
    )


def _name(query: BackupQuery, backups: Collection[Backup]) -> Iterator[Finding]:
    names = {b.name for b in backups}
    if query.name is not None and names and query.name not in names:
        yield wrong(
            "unknown-backup",
            f"backup {query.name}",
            f"There is no backup {query.name}: it is misspelt, or expired, or deleted. "
            f"{what_there_is(query.name, names)}",
            "Correct backup.name in the scenario, or choose by backup.schedule.",
        )


def _location(query: BackupQuery, status: EngineStatus) -> Iterator[Finding]:
    known = status.locations
    if query.location is not None and known and query.location not in known:
        yield wrong(
            "unknown-location",
            f"location {query.location}",
            f"There is no storage location {query.location}. "
            f"{what_there_is(query.location, known)}",
            "Correct backup.location in the scenario.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What else is known of a namespace that a backup does not hold."""

    in_source: bool | None
    """Whether the live source has it; None where that could not be asked."""
    held: frozenset[str]
    """The namespaces that the backup holds or names."""


def unknown_namespace(name: str, backup: Backup | None, known: Surroundings) -> Finding | None:
    """Return the finding where the scenario is wrong, None where the backup fails."""
    if known.in_source or (backup is not None and name in backup.included_namespaces):
        return None
    if known.in_source is None and misspelt(name, known.held) is None:
        return None
    where = "Neither the backup nor the source has" if known.in_source is False else "No backup has"
    return wrong(
        "unknown-namespace",
        f"namespace {name}",
        f"{where} a namespace {name}. {what_there_is(name, known.held)}",
        "Correct restore.namespaces (and backup.namespaces) in the scenario.",
    )
