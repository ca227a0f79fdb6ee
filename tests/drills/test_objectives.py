"""RTO and RPO from recorded instants."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.backups import Backup
from drills.objectives import judge, measure_rpo, measure_rto, worst_case_rpo
from drills.record import Outcome, ProbeRecord
from scenarios.model import ObjectivesSpec, ProofLevel

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def probe(passed_at: float | None, *, required: bool = True) -> ProbeRecord:
    return ProbeRecord(
        name="p",
        kind="http",
        required=required,
        proves=ProofLevel.SERVICE,
        outcome=Outcome.FAILED if passed_at is None else Outcome.PASSED,
        attempts=1,
        seconds=1.0,
        expected="",
        observed="",
        message="",
        passed_at=passed_at,
    )


def backup(age: timedelta, *, unusable: str | None = None) -> Backup:
    return Backup(
        name=f"b-{age.total_seconds():.0f}",
        engine="velero",
        phase="Completed",
        recovery_point=NOW - age,
        unusable=unusable,
    )


@pytest.mark.parametrize(
    ("probes", "settled", "rto"),
    [
        ((), 3.0, 3.0),
        ((), None, None),
        ((probe(5.0), probe(9.0)), 3.0, 9.0),
        ((probe(1.0),), 3.0, 3.0),
        ((probe(5.0), probe(None)), 3.0, None),
        ((probe(5.0), probe(None, required=False)), 3.0, 5.0),
        ((probe(5.0), probe(99.0, required=False)), 3.0, 5.0),
        ((probe(5.0),), None, None),
    ],
)
def test_rto(probes: tuple[ProbeRecord, ...], settled: float | None, rto: float | None) -> None:
    """RTO ends with the last required probe's first pass, never before the workloads are up."""
    assert measure_rto(probes, settled) == rto


def test_rpo_counts_from_the_start() -> None:
    """RPO is drill start minus recovery point; unknown without one."""
    assert measure_rpo(NOW, NOW - timedelta(hours=9)) == 9 * 3600
    assert measure_rpo(NOW, None) is None


def test_a_recovery_point_in_the_future_is_no_measurement() -> None:
    """Clocks that disagree must not meet an objective; a minute is how far apart they are."""
    assert measure_rpo(NOW, NOW + timedelta(seconds=61)) is None
    assert measure_rpo(NOW, NOW + timedelta(seconds=60)) == 0.0


@pytest.mark.parametrize(
    ("ages", "worst"),
    [
        ([], None),
        ([0.5], 0.5),
        ([0.5, 1.5, 2.5], 1.0),
        ([0.5, 3.5], 3.0),
        ([2.0, 2.5], 2.0),
        ([1.0, 40.0], 39.0),
        ([40.0], 40.0),
    ],
)
def test_worst_case(ages: list[float], worst: float | None) -> None:
    """The longest gap counts, the one before the window and the open one at its end included."""
    found = worst_case_rpo(
        [backup(age * DAY) for age in ages], now=NOW, lookback=timedelta(days=14)
    )
    assert found == (None if worst is None else worst * 86400)


def test_unusable_backups_are_no_recovery_points() -> None:
    """A failed backup between two good ones leaves the gap open."""
    found = worst_case_rpo(
        [backup(DAY), backup(2 * DAY, unusable="is Failed"), backup(3 * DAY)],
        now=NOW,
        lookback=timedelta(days=14),
    )
    assert found == 2 * 86400


@given(st.lists(st.integers(min_value=0, max_value=30 * 86400), min_size=1))
def test_worst_case_is_never_better_than_now(ages: list[int]) -> None:
    """The worst case is at least what a disaster now would lose."""
    backups = [backup(timedelta(seconds=age)) for age in ages]
    worst = worst_case_rpo(backups, now=NOW, lookback=timedelta(days=14))
    assert worst is not None
    assert worst >= min(ages)


def test_unknown_is_not_met_nor_missed() -> None:
    """Without a measurement an objective stays open."""
    spec = ObjectivesSpec(rto=timedelta(minutes=1), rpo=timedelta(hours=1))
    found = judge(spec, started_at=NOW, recovery_point=NOW - 2 * DAY, rto_seconds=None)
    assert found.rto.met is None
    assert found.rpo.met is False
