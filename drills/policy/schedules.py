"""Schedules: runs that were missed and runs that failed, and the worst gap. Pure.

Where the cron line is known each run is looked for; elsewhere the usual gap between backups tells.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from drills.backups import Backup
from drills.clocks import SET_THE_CLOCK, in_future, recovery_points
from drills.findings import Finding, Severity
from drills.policy.crons import UnknownCron, fires
from drills.policy.remarks import remark, some, unasked
from scenarios import format_duration

EARLY = timedelta(minutes=1)
"""By which a backup's start may come before its run, where clocks disagree."""
GRACE = timedelta(hours=1)
"""How long a run may take to begin: engines queue."""
FEWEST_GAPS = 5
USUAL = 0.9
"""The gap that nine of ten stay under is the usual one; a weekly rest day does not count."""
TOO_LONG = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The time between two consecutive usable recovery points, or since the last."""

    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """Return how much work a disaster at its end would have lost."""
        return self.end - self.begin


def worst_gap(backups: Iterable[Backup], *, now: datetime, lookback: timedelta) -> Gap | None:
    """Return the longest gap; the one that began before the window and the open one count."""
    points = recovery_points(backups, now)
    before = [point for point in points if point < now - lookback][-1:]
    line = [*before, *(point for point in points if point >= now - lookback), now]
    gaps = [Gap(begin=a, end=b) for a, b in itertools.pairwise(line)]
    return max(gaps, key=lambda gap: gap.length, default=None)


def check_gap(
    backups: Sequence[Backup],
    target: timedelta | None,
    *,
    now: datetime,
    lookback: timedelta,
    subject: str,
) -> Finding:
    """Return the worst gap, a warning where it is beyond the target (RPO)."""
    gap = worst_gap(backups, now=now, lookback=lookback)
    if gap is None and any(in_future(b.recovery_point, now) for b in backups if not b.unusable):
        return unasked(
            "no-recovery-point",
            subject,
            "Every usable backup began in the future, so a clock is wrong and no gap is known.",
            SET_THE_CLOCK,
        )
    if gap is None:
        return remark(
            "no-recovery-point",
            subject,
            "There is no usable backup at all: everything would be lost.",
            "See why no backup succeeds; take one now.",
            severity=Severity.CRITICAL,
        )
    length = format_duration(gap.length - gap.length % timedelta(seconds=1))
    missed = target is not None and gap.length > target
    beyond = f", beyond the target of {format_duration(target)}" if missed and target else ""
    until = "now" if gap.end == now else f"{gap.end:%Y-%m-%d %H:%M}"
    return remark(
        "rpo-gap",
        subject,
        f"The worst gap between usable backups is {length} ({gap.begin:%Y-%m-%d %H:%M} UTC to "
        f"{until}){beyond}.",
        "Back up more often, or mend what made runs fail." if missed else "Nothing to do.",
        severity=Severity.WARNING if missed else Severity.INFO,
    )


def check_schedules(
    backups: Iterable[Backup], crons: Mapping[str, str], *, now: datetime, lookback: timedelta
) -> Iterator[Finding]:
    """Yield what each schedule missed within the look-back window."""
    by_schedule: dict[str, list[Backup]] = {name: [] for name in crons}
    for backup in backups:
        if backup.schedule:
            by_schedule.setdefault(backup.schedule, []).append(backup)
    for name, members in sorted(by_schedule.items()):
        yield from _Line(name, members, now, lookback).findings(crons.get(name))


class _Line:
    """One schedule's backups in order."""

    def __init__(
        self, name: str, members: Iterable[Backup], now: datetime, lookback: timedelta
    ) -> None:
        self._name, self._now = name, now
        runs = [(b.started_at or b.recovery_point, b) for b in members]
        self._to_come = any(in_future(moment, now) for moment, _ in runs)
        dated = [
            (moment, b) for moment, b in runs if moment is not None and not in_future(moment, now)
        ]
        self._runs = sorted(dated, key=lambda run: run[0])
        self._begin = now - lookback
        if self._runs:
            self._begin = max(self._begin, self._runs[0][0] - EARLY)

    def findings(self, cron: str | None) -> Iterator[Finding]:
        """Yield what is wrong, by the cron line or, without one, by habit."""
        if not self._runs:
            if not self._to_come:
                yield self._remark("schedule-without-backup", "has no backup that is left")
            return
        try:
            yield from self._by_cron(cron) if cron else self._by_habit()
        except UnknownCron:
            yield from self._by_habit()

    def _by_cron(self, cron: str) -> Iterator[Finding]:
        due = [*fires(cron, self._begin, self._now), self._now + GRACE]
        missed, failed = [], []
        for moment, following in itertools.pairwise(due):
            inside = [b for at, b in self._runs if moment - EARLY <= at < following - EARLY]
            if not inside and self._now - moment > GRACE:
                missed.append(f"{moment:%Y-%m-%d %H:%M}")
            elif inside and all(b.unusable and not b.in_progress for b in inside):
                failed.append(inside[-1].name)
        runs = len(due) - 1
        if missed:
            words = f"missed {len(missed)} of {runs} runs ({some(missed)} UTC)"
            yield self._remark("schedule-missed", words)
        if failed:
            words = f"ran without a usable backup {len(failed)} of {runs} times ({some(failed)})"
            yield self._remark("schedule-failed", words)

    def _by_habit(self) -> Iterator[Finding]:
        moments = [*(at for at, _ in self._runs if at >= self._begin), self._now]
        gaps = [Gap(begin=a, end=b) for a, b in itertools.pairwise(moments)]
        if len(gaps) <= FEWEST_GAPS:
            return
        lengths = sorted(gap.length for gap in gaps[:-1])
        usual = lengths[min(int(len(lengths) * USUAL), len(lengths) - 1)]
        wide = [gap for gap in gaps if gap.length > usual * TOO_LONG + GRACE]
        if wide:
            first = some([f"{gap.begin:%Y-%m-%d %H:%M}" for gap in wide])
            words = f"usually runs within {format_duration(usual)}, but not after {first} UTC"
            yield self._remark("schedule-missed", words)

    def _remark(self, code: str, words: str) -> Finding:
        return remark(
            code,
            f"schedule {self._name}",
            f"Schedule {self._name} {words}.",
            "See the engine's server log and the failed backups' own logs for those times.",
        )
