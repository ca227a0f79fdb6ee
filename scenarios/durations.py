"""Durations as scenarios write them, `1h30m`, to and from `timedelta`."""

import re
from datetime import timedelta

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}
_DURATION = re.compile(
    r"(?=[0-9])"
    r"(?:(?P<days>[0-9]{1,4})d)?"
    r"(?:(?P<hours>[0-9]{1,6})h)?"
    r"(?:(?P<minutes>[0-9]{1,6})m)?"
    r"(?:(?P<seconds>[0-9]{1,7})s)?"
    r"(?:(?P<milliseconds>[0-9]{1,7})ms)?"
)


def parse_duration(text: str) -> timedelta:
    """Return the duration that `text` spells: whole numbers with d, h, m, s, ms, biggest first.

    Raises:
        ValueError: `text` is not such a duration.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a duration such as 26h, found {text[:60]!r}")
    return timedelta(**{unit: int(count) for unit, count in found.groupdict(default="0").items()})


def format_duration(duration: timedelta) -> str:
    """Return the shortest spelling that `parse_duration` reads back; `0s` for nothing."""
    rest = duration // timedelta(milliseconds=1)
    parts: list[str] = []
    for unit, word in _UNITS.items():
        count, rest = divmod(rest, timedelta(**{word: 1}) // timedelta(milliseconds=1))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
