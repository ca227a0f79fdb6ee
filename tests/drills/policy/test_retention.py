"""Retention tiers: holes, early expiry, and what cannot be known yet."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from drills.backups import Backup
from drills.findings import Finding
from drills.policy.retention import check_retention
from drills.policy.tiers import Tier, period_of, periods, tiers_of
from scenarios.model import RetentionSpec
from tests.drills.policy.histories import DAY, FOR_EVER, NOW, backup, by_code, nightly

DAILY = Tier(name="daily", keep=30 * DAY)
WEEKLY = Tier(name="weekly", keep=90 * DAY)
MONTHLY = Tier(name="monthly", keep=365 * DAY)
YEARLY = Tier(name="yearly", keep=2557 * DAY)


def checked(backups: list[Backup], *tiers: Tier) -> dict[str, Finding]:
    return by_code(check_retention(backups, tiers, now=NOW, subject="namespace production"))


@pytest.mark.parametrize(
    ("tier", "begin", "end", "name"),
    [
        (DAILY, (2026, 11, 21), (2026, 11, 22), "2026-11-21"),
        (WEEKLY, (2026, 11, 16), (2026, 11, 23), "2026-W47"),
        (MONTHLY, (2026, 11, 1), (2026, 12, 1), "2026-11"),
        (YEARLY, (2026, 1, 1), (2027, 1, 1), "2026"),
    ],
)
def test_periods(
    tier: Tier, begin: tuple[int, int, int], end: tuple[int, int, int], name: str
) -> None:
    period = period_of(tier, NOW)
    assert (period.begin, period.end) == (datetime(*begin, tzinfo=UTC), datetime(*end, tzinfo=UTC))
    assert period.name == name


@pytest.mark.parametrize("tier", [DAILY, WEEKLY, MONTHLY, YEARLY])
def test_periods_follow_each_other_without_a_gap(tier: Tier) -> None:
    """Leap years and long months included."""
    found = list(periods(tier, datetime(2019, 2, 3, tzinfo=UTC), NOW))
    assert len(found) >= 6
    assert all(a.end == b.begin for a, b in itertools.pairwise(found))
    assert all(period_of(tier, p.end - timedelta(seconds=1)) == p for p in found)


def test_a_full_daily_tier_is_fine() -> None:
    assert checked(nightly(40), DAILY) == {}


def test_holes_are_named() -> None:
    found = checked(nightly(40, without=(3, 10)), DAILY)["retention-hole"]
    assert "2 periods: 2026-11-11, 2026-11-18" in found.message


def test_today_is_no_hole_yet() -> None:
    assert checked(nightly(40, without=(0,)), DAILY) == {}


def test_an_unusable_backup_fills_no_hole() -> None:
    history = nightly(40, without=(3,))
    history.append(backup(NOW - 3 * DAY, unusable="the backup failed"))
    assert "retention-hole" in checked(history, DAILY)


def test_a_daily_lifetime_does_not_feed_a_monthly_tier() -> None:
    """The old months are gone already, so only what the young ones promise can tell."""
    found = checked(nightly(29), MONTHLY)
    assert set(found) == {"retention-early-expiry", "retention-history-short"}
    assert "30d" in found["retention-early-expiry"].message


def test_one_long_lived_backup_a_month_feeds_the_tier() -> None:
    firsts = [datetime(2026, month, 1, 3, tzinfo=UTC) for month in range(1, 12)]
    history = [*nightly(40), *(backup(at, keep=366 * DAY) for at in firsts)]
    found = checked(history, MONTHLY)
    assert set(found) == {"retention-history-short"}
    assert found["retention-history-short"].severity == "info"


def test_a_month_without_a_keeper_is_a_hole() -> None:
    months = [m for m in range(1, 12) if m != 6]
    history = [backup(datetime(2026, m, 1, 3, tzinfo=UTC), keep=366 * DAY) for m in months]
    assert "1 periods: 2026-06" in checked(history, MONTHLY)["retention-hole"].message


@pytest.mark.parametrize("keep", [FOR_EVER, 2558 * DAY])
def test_what_is_kept_for_ever_or_long_enough(keep: timedelta | None) -> None:
    history = [backup(datetime(y, 6, 1, tzinfo=UTC), keep=keep) for y in range(2018, 2027)]
    assert checked(history, YEARLY) == {}


def test_the_very_lifetime_of_the_tier_is_enough() -> None:
    """Velero counts it from the start, give or take a moment."""
    almost = 30 * DAY - timedelta(minutes=1)
    assert checked(nightly(40, keep=almost), DAILY) == {}
    assert "retention-early-expiry" in checked(nightly(40, keep=29 * DAY), DAILY)


def test_no_backup_at_all_is_somebody_elses_finding() -> None:
    assert checked([], DAILY, WEEKLY) == {}


def test_tiers_of_a_scenario() -> None:
    assert [t.name for t in tiers_of(RetentionSpec())] == ["daily", "weekly", "monthly", "yearly"]
    some = RetentionSpec(daily=None, weekly=14 * DAY, monthly=None, yearly=None)
    assert tiers_of(some) == (Tier(name="weekly", keep=14 * DAY),)
