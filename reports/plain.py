"""From the record's values to plain JSON ones, made safe to show anywhere.

In: text from clusters and probes, instants, seconds. Out: strings without control characters,
RFC 3339 in UTC, numbers that JSON knows.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

TEXT_LIMIT = 4000
"""Characters kept of one text: enough for a message, too few for a copied log or a dump."""

_TERMINAL_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]"
)
_UNSHOWABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f"
    "\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)


def text(value: str, *, limit: int = TEXT_LIMIT) -> str:
    r"""Return `value` without terminal colours, other control characters shown as `\u001b`.

    Characters that turn the direction of writing are shown likewise: they could make a report
    read as the opposite of what it says.
    """
    shown = _UNSHOWABLE.sub(_escaped, _TERMINAL_SEQUENCE.sub("", value.replace("\r\n", "\n")))
    if len(shown) <= limit:
        return shown
    return f"{shown[:limit]}… ({len(shown) - limit} more characters)"


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


def tail(value: str, *, limit: int = TEXT_LIMIT) -> str:
    """Return `value` made safe, with its end kept where it is too long: a traceback's cause."""
    return text(value if len(value) <= limit else f"…{value[-limit:]}", limit=limit + 1)


def texts(values: Mapping[str, str]) -> dict[str, object]:
    """Return the mapping with keys in order and both sides made safe."""
    return {text(key): text(values[key]) for key in sorted(values)}


def instant(moment: datetime | None) -> str | None:
    """Return RFC 3339 in UTC with Z, milliseconds where there are any.

    A moment without a time zone is taken as UTC, which the record promises.
    """
    if moment is None:
        return None
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    precision = "milliseconds" if aware.microsecond >= 1000 else "seconds"  # noqa: PLR2004 - below 1 ms
    return aware.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def seconds(value: float | None) -> float | None:
    """Return seconds to the millisecond; None for what is unknown or not a number."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), 3)


def anything(value: object) -> object:
    """Return JSON made of `value`, as an engine's submitted object holds it, with safe texts."""
    if isinstance(value, Mapping):
        return {text(str(key)): anything(found) for key, found in value.items()}
    if isinstance(value, list | tuple):
        return [anything(item) for item in value]
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float) else text(str(value))
