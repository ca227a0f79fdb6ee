"""The forms in which instants and days are written. Pure.

In: a text. Out: each Written instant in it, with the span of time that it may mean:

| form                          | example                                             |
|-------------------------------|-----------------------------------------------------|
| RFC 3339, ISO 8601, SQL       | 2026-11-30T05:29:35.5Z, 2026-11-30 05:29:35+00      |
| basic ISO                     | 20261130T052935Z                                    |
| slashes (nginx errors, Go)    | 2026/11/30 05:29:35                                 |
| access logs                   | 30/Nov/2026:05:29:35 +0000                          |
| RFC 1123, RFC 2822            | Mon, 30 Nov 2026 05:29:35 GMT                       |
| `date`, ctime                 | Mon Nov 30 05:29:35 UTC 2026                        |
| `date`, day first, 12 hours   | Mon 30 Nov 2026 05:29:35 AM UTC                     |
| JavaScript, American          | Mon Nov 30 2026 05:29:35 GMT+0000; Nov 30, 2026 ... |
| a day alone                   | 2026-11-30, 30 Nov 2026                             |

A zone is an offset, Z, UTC or GMT, or the name that the said time zone has at that instant; other
names (EST, IST) mean several zones and count as none. Dates in digits alone (03/04/2026) are not
read, since nobody can say which is the month: a scenario's `format` can.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

EAST, WEST = timedelta(hours=14), timedelta(hours=12)
"""How far clocks on earth are ahead of UTC and behind it."""
DAY = timedelta(days=1)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_NUMBERS = r"(?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{2})(?P=mark)(?P<day>\d{2})"
_DAY, _YEAR = r"(?<!\d)(?P<day>\d{1,2})", r"(?P<year>\d{4})(?!\d)"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:[.,](?P<fraction>\d{1,9}))?"
_HALF = r"(?:\s?(?P<half>[AaPp][Mm])\b)?"
_OFFSET = r"[+-]\d{2}(?::?\d{2})?"
_ZONE = rf"(?:\s?(?P<zone>Z|z|(?:UTC|GMT)?{_OFFSET}|UTC|GMT)(?![\d:]))?"
_NAMED = rf"(?:\s(?P<zone>Z|(?:UTC|GMT)?{_OFFSET}|[A-Z]{{2,5}})(?![\w:]))?"
_BASIC = (
    r"(?<!\w)(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})T(?P<hour>\d{2})(?P<minute>\d{2})"
    r"(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?"
)
_GAP = r"\s{1,4}"
_NO_TIME = rf"(?!,?{_GAP}\d{{1,2}}:)"
_BY_NUMBERS = (
    rf"(?<!\d){_NUMBERS}[Tt ]{_TIME}{_ZONE}",
    rf"(?<![\w/-]){_NUMBERS}(?![\w/-]|[Tt ]\d{{1,2}}:)",
)
_DAY_FIRST = (
    rf"{_DAY}/{_MONTH}/(?P<year>\d{{4}}):{_TIME}{_ZONE}",
    rf"{_DAY}[ -]{_MONTH}[ -](?P<year>\d{{4}}),?{_GAP}{_TIME}{_HALF}{_NAMED}",
    rf"{_DAY}{_GAP}{_MONTH}{_GAP}{_TIME}{_HALF}{_NAMED}\s{_YEAR}",
    rf"{_DAY}[ -]{_MONTH}[ -]{_YEAR}{_NO_TIME}",
)
_MONTH_FIRST = (
    rf"\b{_MONTH}{_GAP}{_DAY}{_GAP}{_TIME}{_HALF}{_NAMED}\s{_YEAR}",
    rf"\b{_MONTH}{_GAP}{_DAY},?{_GAP}(?P<year>\d{{4}}),?{_GAP}{_TIME}{_HALF}{_NAMED}",
    rf"\b{_MONTH}{_GAP}{_DAY},?{_GAP}{_YEAR}{_NO_TIME}",
)
_NAMES = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_FORMS = tuple(
    (re.compile(begin), tuple(re.compile(form) for form in forms))
    for begin, forms in (
        (r"(?<!\d)\d{4}[-/]\d{2}[-/]", _BY_NUMBERS),
        (r"(?<!\w)\d{8}T\d{6}", (f"{_BASIC}{_ZONE}",)),
        (rf"(?<!\d)\d{{1,2}}[\s/-]{{1,4}}{_NAMES}", _DAY_FIRST),
        (rf"\b{_NAMES}", _MONTH_FIRST),
    )
)
"""By what they begin with, so that a long text is gone through four times and no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One instant or day as written: it is not before `earliest` and not after `latest`, UTC."""

    earliest: datetime
    latest: datetime
    zoned: bool = True
    timed: bool = True


def written(text: str, zone: tzinfo | None = None) -> Iterator[Written]:
    """Yield every instant and day in `text`; `zone` is that of those that have none."""
    known: set[str] = set()
    for begin, forms in _FORMS:
        for place in begin.finditer(text):
            matches = (form.match(text, place.start()) for form in forms)
            match = next((match for match in matches if match), None)
            if match is None or match[0] in known:
                continue
            known.add(match[0])
            found = _read(match.groupdict(), zone)
            if found is not None:
                yield found


def placed(found: datetime, zone: tzinfo | None, *, timed: bool) -> Written | None:
    """Return when an instant or a day was; None where no calendar has it."""
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    try:
        if found.tzinfo is not None:
            instant = found.astimezone(UTC)
            until = instant if timed else instant + DAY
            return Written(earliest=instant, latest=until, timed=timed)
        instant = found.replace(tzinfo=UTC)
        until = instant if timed else instant + DAY
        return Written(earliest=instant - EAST, latest=until + WEST, zoned=False, timed=timed)
    except (ValueError, OverflowError):
        return None


def _read(said: Mapping[str, str | None], zone: tzinfo | None) -> Written | None:
    month = (said.get("month") or "")[:3].lower()
    try:
        found = datetime(  # noqa: DTZ001 - its zone is said beside it, or nobody knows it
            int(said.get("year") or 0),
            _MONTHS.index(month) + 1 if month in _MONTHS else int(month),
            int(said.get("day") or 0),
            _hour(said),
            int(said.get("minute") or 0),
            int(said.get("second") or 0),
            int((said.get("fraction") or "0")[:6].ljust(6, "0")),
        )
    except ValueError:
        return None
    named = said.get("zone")
    return placed(
        found, _zone(named, found, zone) if named else zone, timed=said.get("hour") is not None
    )


def _hour(said: Mapping[str, str | None]) -> int:
    hour, half = int(said.get("hour") or 0), said.get("half")
    if half is None:
        return hour
    if not 1 <= hour <= 12:  # noqa: PLR2004 - a clock's face
        raise ValueError(hour)
    return hour % 12 + (12 if half.lower() == "pm" else 0)


def _zone(name: str, at: datetime, said: tzinfo | None) -> tzinfo | None:
    """Return the zone of an offset or a name, None where the name does not tell."""
    offset = name.upper().removeprefix("UTC").removeprefix("GMT")
    if offset in {"", "Z"}:
        return UTC
    if offset[0] in "+-":
        digits = offset[1:].replace(":", "").ljust(4, "0")
        span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        if span > EAST:
            return None
        return timezone(span if offset[0] == "+" else -span)
    return said if said is not None and at.replace(tzinfo=said).tzname() == name else None
