"""Formats of instants, in the words of strftime: `%d.%m.%Y %H:%M:%S`.

In: a format. Out: a TimeFormat that finds instants of that form in a text, or TimeFormatError.
Names of months and days are English, as `LC_ALL=C date` writes them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

LONGEST_FORMAT = 100
_SHORT = {"T": "%H:%M:%S", "F": "%Y-%m-%d", "R": "%H:%M", "D": "%m/%d/%y", "e": "%d", "h": "%b"}
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DIRECTIVES = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "m": r"\d{1,2}",
    "d": r" ?\d{1,2}",
    "j": r"\d{1,3}",
    "H": r"\d{1,2}",
    "I": r"\d{1,2}",
    "M": r"\d{1,2}",
    "S": r"\d{1,2}",
    "f": r"\d{1,6}",
    "p": r"[APap][Mm]",
    "b": _MONTHS,
    "B": r"January|February|March|April|May|June|July|August|September|October|November|December",
    "a": r"Mon|Tue|Wed|Thu|Fri|Sat|Sun",
    "A": r"Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
    "z": r"[+-]\d{2}:?\d{2}|Z",
    "Z": r"UTC|GMT",
    "%": "%",
}
_STEP = re.compile(r"%(.)|(\s+)|([^%\s]+)", re.DOTALL)


class TimeFormatError(ValueError):
    """What is wrong with a format."""


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """A format that can be looked for."""

    text: str
    pattern: re.Pattern[str]
    timed: bool
    """False where it names days alone."""
    in_utc: bool
    """True where it ends in a zone's name, of which UTC and GMT alone are sure."""

    def read(self, text: str) -> Iterator[datetime]:
        """Yield every instant of this form; naive where the form has no zone."""
        for match in self.pattern.finditer(text):
            try:
                found = datetime.strptime(  # noqa: DTZ007 - some forms have no zone
                    " ".join(match[0].split()), self.text
                )
            except ValueError:
                continue
            yield found.replace(tzinfo=UTC) if self.in_utc else found


def parse_time_format(text: str) -> TimeFormat:
    """Return the format; raises TimeFormatError where it could never tell an instant."""
    if len(text) > LONGEST_FORMAT:
        raise TimeFormatError(f"longer than {LONGEST_FORMAT} characters")
    full = " ".join(re.sub(r"%([TFRDeh])", lambda match: _SHORT[match[1]], text).split())
    steps = tuple(_STEP.finditer(full))
    if sum(len(step[0]) for step in steps) != len(full):
        raise TimeFormatError("a % at the end says nothing")
    names = [step[1] for step in steps if step[1] and step[1] != "%"]
    _check(names)
    return TimeFormat(
        full,
        re.compile(rf"(?<![\w.]){''.join(map(_part, steps))}(?!\w)"),
        timed=bool({"H", "I"} & set(names)),
        in_utc="Z" in names,
    )


def _check(names: Sequence[str]) -> None:
    known = set(names)
    unknown = sorted(known - _DIRECTIVES.keys())
    if unknown:
        raise TimeFormatError(f"%{unknown[0]} is not known here")
    if len(known) != len(names):
        raise TimeFormatError("something in it is said twice")
    day = "j" in known or ("d" in known and known & {"m", "b", "B"})
    if not known & {"Y", "y"} or not day:
        raise TimeFormatError("a year (%Y), a month (%m or %b) and a day (%d) are needed")
    if {"z", "Z"} <= known:
        raise TimeFormatError("%z and %Z both say the zone")
    if ("I" in known) != ("p" in known):
        raise TimeFormatError("%I and %p go together")


def _part(match: re.Match[str]) -> str:
    name, space, other = match.groups()
    if name:
        return f"(?:{_DIRECTIVES[name]})"
    return r"\s+" if space else re.escape(other)
