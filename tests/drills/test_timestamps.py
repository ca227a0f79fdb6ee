"""Instants found in what restored data says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.timestamps import sight

RESTORE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
BEFORE = datetime(2026, 11, 21, 8, 50, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T08:50:09Z",
        "beat 2026-11-21T08:50:09.000Z end",
        "2026-11-21 08:50:09+00",
        "2026-11-21 08:50:09.0 +0000",
        "2026-11-21 08:50:09 UTC",
        "2026-11-21T17:50:09+09:00",
        "2026-11-21T03:20:09-05:30",
        str(int(BEFORE.timestamp())),
        f"ts={int(BEFORE.timestamp())}.0",
        f"{int(BEFORE.timestamp())}000",
        "2026-11-21T08:50:09Z\n2026-11-21T09:30:00Z",
        "2026-11-20T08:50:09Z 2026-11-21T08:50:09Z 2026-11-19T08:50:09Z",
    ],
)
def test_finds_the_newest_restored(text: str) -> None:
    """What is later than the restore was written by the restored application itself."""
    assert sight(text, RESTORE).newest == BEFORE


@pytest.mark.parametrize("text", ["", "no time", "2026-11-21", "12:00:00", "id 17637140009"])
def test_finds_none(text: str) -> None:
    seen = sight(text, RESTORE)
    assert (seen.newest, seen.too_young, seen.without_zone) == (None, None, False)


def test_a_time_without_zone_is_not_placed() -> None:
    """Read as UTC it could be hours off, and pass where it should not."""
    seen = sight("2026-11-21 08:50:09 and 1763714000", RESTORE)
    assert seen.newest is None
    assert seen.without_zone


def test_knows_what_is_too_young() -> None:
    seen = sight("2026-11-21T09:00:01Z\n2026-11-21T09:00:02Z", RESTORE)
    assert seen.newest is None
    assert seen.too_young == RESTORE + timedelta(seconds=1)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=36_000)))
def test_reads_what_python_writes(earlier: timedelta) -> None:
    instant = RESTORE - earlier
    assert sight(f"[{instant.isoformat()}] beat", instant).newest == instant


@given(st.text(max_size=80))
def test_any_text_is_taken(text: str) -> None:
    newest = sight(text, RESTORE).newest
    assert newest is None or newest <= RESTORE
