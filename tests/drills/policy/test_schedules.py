"""Missed and failed runs, by cron line or by habit, and the worst gap."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.backups import Backup
from drills.findings import Finding, Severity
from drills.objectives import worst_case_rpo
from drills.policy.crons import UnknownCron, fires
from drills.policy.schedules import check_gap, check_schedules, worst_gap
from tests.drills.policy.histories import DAY, NOW, backup, by_code, nightly

AT_TWO = {"daily": "0 2 * * *"}


def checked(backups: list[Backup], crons: dict[str, str]) -> dict[str, Finding]:
    return by_code(check_schedules(backups, crons, now=NOW, lookback=14 * DAY))


@pytest.mark.parametrize("crons", [AT_TWO, {}, {"daily": "no cron line"}])
def test_every_run_was_taken(crons: dict[str, str]) -> None:
    assert checked(nightly(20), crons) == {}


def test_missed_runs_are_named() -> None:
    found = checked(nightly(20, without=(3, 4)), AT_TWO)["schedule-missed"]
    assert "missed 2 of 14 runs (2026-11-17 02:00, 2026-11-18 02:00 UTC)" in found.message


def test_runs_before_the_first_backup_left_are_not_missed() -> None:
    """Expired backups leave no trace, so nobody knows of them."""
    assert checked(nightly(5), AT_TWO) == {}


def test_failed_runs_are_told_apart() -> None:
    history = nightly(20, without=(3,))
    history.append(backup(NOW.replace(hour=2) - 3 * DAY, unusable="the backup failed"))
    found = checked(history, AT_TWO)
    assert set(found) == {"schedule-failed"}
    assert "daily-20261118020000" in found["schedule-failed"].message


def test_a_run_under_way_or_just_due_is_no_failure() -> None:
    running = backup(NOW.replace(hour=2), unusable="not finished", in_progress=True)
    assert checked([*nightly(20, without=(0,)), running], AT_TWO) == {}
    just_due = {"daily": "30 8 * * *"}
    late = [backup(NOW - n * DAY - timedelta(minutes=30)) for n in range(1, 20)]
    assert checked(late, just_due) == {}


def test_a_schedule_that_stopped_is_found_by_habit() -> None:
    found = checked(nightly(20, without=(0, 1, 2)), {})
    assert "not after 2026-11-18 02:00 UTC" in found["schedule-missed"].message


def test_days_of_rest_are_no_misses_by_habit() -> None:
    workdays = [b for b in nightly(28) if b.recovery_point and b.recovery_point.weekday() < 5]
    found = by_code(check_schedules(workdays, {}, now=NOW, lookback=28 * DAY))
    assert found == {}


def test_a_schedule_without_any_backup() -> None:
    assert set(checked([], AT_TWO)) == {"schedule-without-backup"}


def fired(line: str, days: int = 2) -> list[str]:
    begin = datetime(2026, 11, 20, tzinfo=UTC)
    return [f"{at:%d %H:%M}" for at in fires(line, begin, begin + days * DAY)]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("0 2 * * *", ["20 02:00", "21 02:00"]),
        ("@daily", ["21 00:00", "22 00:00"]),
        ("@midnight", ["21 00:00", "22 00:00"]),
        ("CRON_TZ=Asia/Tokyo 0 6 * * *", ["20 21:00", "21 21:00"]),
        ("TZ=Asia/Tokyo 0 6 * * 6", ["20 21:00"]),
        ("@every 18h", ["20 18:00", "21 12:00"]),
        ("0 6 * * 1", []),
    ],
)
def test_cron_lines(line: str, wanted: list[str]) -> None:
    assert fired(line) == wanted


@pytest.mark.parametrize("line", ["", "soon", "@every soon", "@every 0s", "TZ=Nowhere 0 2 * * *"])
def test_lines_nobody_can_read(line: str) -> None:
    with pytest.raises(UnknownCron):
        fired(line)


def gap(backups: list[Backup], target: timedelta | None) -> Finding:
    return check_gap(backups, target, now=NOW, lookback=14 * DAY, subject="namespace production")


def test_the_worst_gap_is_named_and_held_to_the_target() -> None:
    history = nightly(20, without=(3,))
    calm, missed = gap(history, None), gap(history, DAY)
    assert (calm.severity, missed.severity) == (Severity.INFO, Severity.WARNING)
    assert "2d (2026-11-17 02:00 UTC to 2026-11-19 02:00)" in missed.message
    assert "beyond the target of 1d" in missed.message


def test_an_open_gap_counts() -> None:
    assert "to now" in gap(nightly(20, without=(0, 1, 2)), DAY).message


def test_nothing_usable_is_critical() -> None:
    found = gap([backup(NOW - DAY, unusable="failed")], None)
    assert (found.code, found.severity) == ("no-recovery-point", Severity.CRITICAL)


@given(st.lists(st.integers(min_value=-3, max_value=40 * 24), max_size=30))
def test_the_gap_is_the_one_drills_report(hours: list[int]) -> None:
    """Two rooms measure it; they agree."""
    history = [backup(NOW - timedelta(hours=n)) for n in hours]
    found = worst_gap(history, now=NOW, lookback=14 * DAY)
    wanted = worst_case_rpo(history, now=NOW, lookback=14 * DAY)
    assert (found.length.total_seconds() if found else None) == wanted
