"""Instants in the text that restored data yields: how old is the newest of them?

In: a text, how to read it, and the instant after which nothing can have been restored. Out: a
Sighting. A restored application may write at once (seen in real runs: the heartbeat file went on
from the second its pod started), so what is younger was written since and says nothing.

| the scenario says | read are                                                                 |
|-------------------|--------------------------------------------------------------------------|
| a format          | instants of that form alone                                              |
| a unit            | numbers that stand alone, in that unit since 1970                        |
| neither           | the forms of `drills.instants`; where none has a time, numbers of 10     |
|                   | digits as seconds and of 13 as milliseconds since 1970, and a line that  |
|                   | is one number of 16 or 19 digits as microseconds or nanoseconds          |
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from drills.instants import Written, placed, written
from scenarios.timeformats import TimeFormat

UNITS: Mapping[str, int] = {
    "seconds": 1,
    "milliseconds": 10**3,
    "microseconds": 10**6,
    "nanoseconds": 10**9,
}
"""How many make a second."""
NOTHING = frozenset({"null", "none", "nil", "\\n", "(null)", "-"})
"""Words by which programs print that there is no value."""
_EPOCH = re.compile(r"(?<![\w.:-])(\d{10}|\d{13})(\.\d{1,9})?(?![\w:-])(?!\.\d)")
_ALONE = re.compile(r"(?m)^[ \t]*(\d{16}|\d{19})[ \t]*$")
_NUMBER = re.compile(r"(?<![\w.:-])(\d{1,20})(\.\d{1,9})?(?![\w:-])(?!\.\d)")
_BY_DIGITS = {10: 1, 13: 10**3, 16: 10**6, 19: 10**9}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How instants are to be read."""

    form: TimeFormat | None = None
    unit: str = ""
    """A word of UNITS, '' where none is said."""
    zone: tzinfo | None = None
    """Of instants that have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What instants a text holds."""

    newest: datetime | None
    """The newest that is surely not later than the limit, at its earliest, UTC."""
    at_latest: datetime | None
    """Nothing restored is younger than this; later than `newest` where days or zones leave room."""
    too_young: datetime | None
    """Oldest of those that are surely later than the limit."""
    without_zone: bool
    """Whether there are dates with a time but no zone, which cannot be placed."""
    empty: bool
    """Whether the text holds no value at all."""


def sight(text: str, not_after: datetime, reading: Reading | None = None) -> Sighting:
    """Return what `text` says."""
    found = tuple(_found(text, reading or Reading()))
    sure = (one.earliest for one in found if _placed(one) and one.latest <= not_after)
    maybe = (min(one.latest, not_after) for one in found if one.earliest <= not_after)
    younger = (one.earliest for one in found if _placed(one) and one.earliest > not_after)
    return Sighting(
        newest=max(sure, default=None),
        at_latest=max(maybe, default=None),
        too_young=min(younger, default=None),
        without_zone=not all(_placed(one) for one in found),
        empty=not any(_value(line) for line in text.splitlines()),
    )


def _placed(one: Written) -> bool:
    """Return whether it is known when this was; a day may be of any zone, a time may not."""
    return one.zoned or not one.timed


def _value(line: str) -> bool:
    return bool(line.strip()) and line.strip().lower() not in NOTHING


def _found(text: str, reading: Reading) -> Iterator[Written]:
    if reading.form is not None:
        form = reading.form
        told = (placed(one, reading.zone, timed=form.timed) for one in form.read(text))
        yield from (one for one in told if one is not None)
        return
    if reading.unit:
        yield from _numbers(_NUMBER.finditer(text), UNITS[reading.unit])
        return
    dated = tuple(written(text, reading.zone))
    yield from dated
    if not any(one.timed for one in dated):
        yield from _numbers(_EPOCH.finditer(text))
        yield from _numbers(_ALONE.finditer(text))


def _numbers(matches: Iterable[re.Match[str]], in_a_second: int = 0) -> Iterator[Written]:
    for match in matches:
        many = in_a_second or _BY_DIGITS[len(match[1])]
        seconds = Decimal(match[0].strip()) / many
        try:
            instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
                microseconds=int(seconds * 1_000_000)
            )
        except OverflowError:
            continue
        yield Written(earliest=instant, latest=instant)
