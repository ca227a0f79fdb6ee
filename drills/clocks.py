"""Clocks that disagree: instants that cannot be, and whose clock to look at. Pure.

A backup's instants come from the engine's clock, the cluster's from the API server's, the drill's
from this machine's. Where they disagree an age is not known, and no limit on it is kept:

| seen                                    | means                                               |
|-----------------------------------------|-----------------------------------------------------|
| a start at most a minute from now       | clocks are never quite alike: it began just now     |
| a start later than that                 | its age is unknown: no RPO, and `maxAge` refuses it |
| an end before the start                 | the engine's clock was set back meanwhile           |
| a server's clock more than a minute off | every age is wrong by that much                     |
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from drills.backups import Backup
from drills.findings import Cause, Finding, warning
from scenarios import format_duration

TOLERANCE = timedelta(minutes=1)
"""By which two clocks may differ before it is worth a word."""
SET_THE_CLOCK = (
    "Compare the clocks of this machine and of the nodes that run the engine and the API server "
    "with a time server (timedatectl, chronyc tracking), set the wrong one, then drill again."
)


def in_future(moment: datetime | None, now: datetime) -> bool:
    """Return whether the moment is yet to come, by more than clocks usually differ."""
    return moment is not None and moment > now + TOLERANCE


def future_words(moment: datetime, now: datetime) -> str:
    """Return `began at 2026-11-21 15:00 UTC, 3h after now by this machine's clock`."""
    ahead = moment - now
    length = format_duration(ahead - ahead % timedelta(minutes=1))
    return f"began at {moment:%Y-%m-%d %H:%M} UTC, {length} after now by this machine's clock"


def recovery_points(backups: Iterable[Backup], now: datetime) -> tuple[datetime, ...]:
    """Return the usable recovery points in order, without those that are yet to come."""
    points = (b.recovery_point for b in backups if not b.unusable)
    return tuple(sorted(min(p, now) for p in points if p is not None and not in_future(p, now)))


def backup_clocks(backup: Backup, now: datetime, *, decides: bool = False) -> Iterator[Finding]:
    """Yield what the backup's instants say of clocks; `decides`: a target hangs on its age."""
    begun = backup.started_at or backup.recovery_point
    return instants_clocks(backup.name, begun, backup.completed_at, now, decides=decides)


def instants_clocks(
    name: str,
    begun: datetime | None,
    ended: datetime | None,
    now: datetime,
    *,
    decides: bool = False,
) -> Iterator[Finding]:
    """Yield what a backup's start and end say of clocks."""
    if begun is not None and in_future(begun, now):
        yield clock_finding(
            "backup-from-future",
            f"backup {name}",
            f"Backup {name} {future_words(begun, now)}: a clock is wrong, and its age unknown.",
            unanswered=decides,
        )
    if begun is not None and ended is not None and ended < begun:
        yield clock_finding(
            "backup-ends-before-it-began",
            f"backup {name}",
            f"Backup {name} ended at {ended:%Y-%m-%d %H:%M:%S} UTC, before it began at "
            f"{begun:%Y-%m-%d %H:%M:%S}: the engine's clock was set back meanwhile, and either "
            "instant may be wrong.",
        )


def server_clocks(ahead: Mapping[str, timedelta]) -> Iterator[Finding]:
    """Yield each server whose clock is not this machine's; `ahead`: by how much, by its name."""
    for server, difference in ahead.items():
        if abs(difference) > TOLERANCE:
            length = format_duration(abs(difference) - abs(difference) % timedelta(seconds=1))
            word = "ahead of" if difference > timedelta(0) else "behind"
            yield clock_finding(
                "clocks-disagree",
                server,
                f"The clock of {server} is {length} {word} this machine's: every age is wrong by "
                "that much, the RPO too.",
            )


def clock_finding(code: str, subject: str, message: str, *, unanswered: bool = False) -> Finding:
    """Return a finding about clocks, which never blames the backup."""
    cause = Cause.ENVIRONMENT
    return warning(code, subject, message, SET_THE_CLOCK, cause=cause, unanswered=unanswered)
