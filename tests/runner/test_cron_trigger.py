"""Cron lines fire when cron fires them."""

import pickle
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.cron_trigger import CronLine, moments

BERLIN = ZoneInfo("Europe/Berlin")


def fires(cron: str, zone: str, start: datetime, days: int) -> list[datetime]:
    return list(moments(cron, zone, start, start + timedelta(days=days)))


def test_one_is_monday() -> None:
    """`0 6 * * 1` is Monday at six, in the scenario's own time zone."""
    found = fires("0 6 * * 1", "Asia/Tokyo", datetime(2026, 11, 1, tzinfo=UTC), 28)
    local = [moment.astimezone(ZoneInfo("Asia/Tokyo")) for moment in found]
    assert [(m.weekday(), m.hour) for m in local] == [(0, 6)] * 4


@pytest.mark.parametrize("sunday", ["0 2 * * 0", "0 2 * * 7"])
def test_sunday_has_two_names(sunday: str) -> None:
    """0 and 7 are both Sunday."""
    found = fires(sunday, "UTC", datetime(2026, 11, 1, 12, tzinfo=UTC), 7)
    assert [moment.weekday() for moment in found] == [6]


def test_the_night_clocks_go_back() -> None:
    """02:30 exists twice on that night in Berlin; the drill runs once."""
    found = fires("30 2 * * *", "Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC), 1)
    assert len(found) == 1


def test_the_night_clocks_go_forward() -> None:
    """02:30 does not exist on that night; the drill runs all the same, once."""
    found = fires("30 2 * * *", "Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC), 1)
    assert len(found) == 1
    assert found[0].astimezone(BERLIN).hour == 3


def test_survives_the_job_store() -> None:
    """A trigger that was stored fires as before."""
    trigger = CronLine("0 6 * * 1", "Europe/Berlin")
    again = pickle.loads(pickle.dumps(trigger))  # noqa: S301 - our own bytes
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert again == trigger
    assert again.get_next_fire_time(None, now) == trigger.get_next_fire_time(None, now)


def test_goes_on_from_the_last_time() -> None:
    """After a long sleep each missed moment is still found, for coalescing."""
    trigger = CronLine("0 6 * * 1", "UTC")
    monday = datetime(2026, 11, 2, 6, tzinfo=UTC)
    assert trigger.get_next_fire_time(monday, monday + timedelta(days=30)) == monday + timedelta(
        days=7
    )


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    day=st.integers(0, 364),
)
def test_daily_means_daily(minute: int, hour: int, zone: str, day: int) -> None:
    """A daily line fires once on every local date, whatever the clocks do."""
    start = datetime(2026, 1, 1, 12, tzinfo=ZoneInfo(zone)) + timedelta(days=day)
    found = fires(f"{minute} {hour} * * *", zone, start, 6)
    dates = [moment.astimezone(ZoneInfo(zone)).date() for moment in found]
    assert all(b - a == timedelta(days=1) for a, b in pairwise(dates))
    assert len(dates) >= 5
