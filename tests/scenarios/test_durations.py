"""Durations, to and fro."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15m", timedelta(minutes=15)),
        ("26h", timedelta(hours=26)),
        ("14d", timedelta(days=14)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("90s", timedelta(seconds=90)),
        ("500ms", timedelta(milliseconds=500)),
        ("1d2h3m4s5ms", timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=5)),
        ("0s", timedelta(0)),
    ],
)
def test_parse(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15",
        "m",
        "-1s",
        "+1s",
        "1.5h",
        "1 h",
        "15m\n",
        "1m1h",
        "1h1h",
        "1M",
        "1w",
        "99999d",
        "٣h",
    ],
)
def test_refused(text: str) -> None:
    """A message says what was expected."""
    with pytest.raises(ValueError, match="expected a duration such as 26h"):
        parse_duration(text)


@given(st.integers(0, 10**11))
def test_what_is_formatted_reads_back(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


def test_format() -> None:
    assert format_duration(timedelta(hours=26)) == "1d2h"
    assert format_duration(timedelta(0)) == "0s"
    assert format_duration(timedelta(seconds=1.5)) == "1s500ms"
