"""RTO and RPO: what was achieved against what was wanted. Pure functions over recorded instants.

RTO runs from the restore request to the moment the last required probe first passed; cleanup is
outside. RPO is the drill's start minus the recovery point. Unknown is None, never 0.
"""

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from drills.backups import Backup
from drills.clocks import in_future, recovery_points
from drills.record import Objective, Objectives, Outcome, ProbeRecord
from scenarios.model import ObjectivesSpec


def measure_rto(probes: Sequence[ProbeRecord], settled_seconds: float | None) -> float | None:
    """Return seconds from the restore request to the last required probe's first pass.

    `settled_seconds` (after the request) is the answer where nothing is asked of the application,
    and the floor elsewhere, because a service whose workloads are not up is not recovered. None
    where a required probe never passed or the workloads never settled.
    """
    if settled_seconds is None:
        return None
    moments = [settled_seconds]
    for probe in probes:
        if not probe.required:
            continue
        if probe.outcome is not Outcome.PASSED or probe.passed_at is None:
            return None
        moments.append(probe.passed_at)
    return max(moments)


def measure_rpo(started_at: datetime, recovery_point: datetime | None) -> float | None:
    """Return the seconds of work that a restore from `recovery_point` would lose.

    A point in the future means that two clocks disagree: then nobody knows, unless it is as near
    as clocks usually are.
    """
    if recovery_point is None or in_future(recovery_point, started_at):
        return None
    return max(started_at - recovery_point, timedelta(0)).total_seconds()


def worst_case_rpo(
    backups: Iterable[Backup], *, now: datetime, lookback: timedelta
) -> float | None:
    """Return the longest gap, in seconds, between consecutive usable recovery points.

    The gap that began before the window counts whole, and so does the one still open at `now`:
    a disaster could have come at the end of either. None without a usable recovery point.
    """
    points = recovery_points(backups, now)
    if not points:
        return None
    begin = now - lookback
    before = [point for point in points if point < begin][-1:]
    inside = [point for point in points if point >= begin]
    line = [*before, *inside, now]
    return max((b - a).total_seconds() for a, b in itertools.pairwise(line))


def newest_data(probes: Sequence[ProbeRecord]) -> datetime | None:
    """Return the newest instant that any probe found in the restored data, simulated ones aside."""
    found = [p.newest for p in probes if p.newest is not None and not p.simulated]
    return max(found, default=None)


def judge(
    spec: ObjectivesSpec,
    *,
    started_at: datetime,
    recovery_point: datetime | None,
    rto_seconds: float | None,
    newest: datetime | None = None,
    worst_case_seconds: float | None = None,
) -> Objectives:
    """Return both objectives with target, achieved value and whether it was met."""
    return Objectives(
        rto=_objective(spec.rto, rto_seconds),
        rpo=_objective(spec.rpo, measure_rpo(started_at, recovery_point)),
        data_seconds=measure_rpo(started_at, newest),
        worst_case_seconds=worst_case_seconds,
    )


def _objective(target: timedelta | None, achieved: float | None) -> Objective:
    seconds = target.total_seconds() if target is not None else None
    met = None if seconds is None or achieved is None else achieved <= seconds
    return Objective(target_seconds=seconds, achieved_seconds=achieved, met=met)
