"""Instants in the text that restored data yields: how old is the newest of them?

In: a text and the instant after which nothing can have been restored. Out: the newest instant not
later than that. A restored application may write at once (seen in real runs: the heartbeat file
went on from the second its pod started), so what is younger was written since and says nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_DATE_TIME = re.compile(
    r"(?<!\d)(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?"
    r"(?:\s?(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)(?![\d:]))?"
)
_EPOCH = re.compile(r"(?<![\w.:-])(\d{10}|\d{13})(\.\d{1,9})?(?![\w:-])(?!\.\d)")
_MILLISECONDS = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What instants a text holds."""

    newest: datetime | None
    """Newest not later than the limit, UTC."""
    too_young: datetime | None
    """Oldest of those that are later than the limit."""
    without_zone: bool
    """Whether there are dates with a time but no zone, which cannot be placed."""


def sight(text: str, not_after: datetime) -> Sighting:
    """Return what `text` says, reading RFC 3339 (zone needed), else seconds or ms since 1970."""
    dated = list(_DATE_TIME.finditer(text))
    instants = list(_zoned(dated)) if dated else list(_epochs(text))
    restored = [instant for instant in instants if instant <= not_after]
    younger = [instant for instant in instants if instant > not_after]
    return Sighting(
        newest=max(restored, default=None),
        too_young=min(younger, default=None),
        without_zone=any(match.group(4) is None for match in dated),
    )


def _zoned(matches: list[re.Match[str]]) -> Iterator[datetime]:
    for match in matches:
        day, time, fraction, zone = match.groups()
        if zone is None:
            continue
        offset = "+00:00" if zone.upper() in {"Z", "UTC", "GMT"} else _offset(zone)
        text = f"{day}T{time}.{(fraction or '0')[:6].ljust(6, '0')}{offset}"
        try:
            yield datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            continue


def _offset(zone: str) -> str:
    """Return `+HH:MM` for `+HH` (PostgreSQL), `+HHMM` or `+HH:MM`."""
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return f"{zone[0]}{digits[:2]}:{digits[2:]}"


def _epochs(text: str) -> Iterator[datetime]:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    for match in _EPOCH.finditer(text):
        whole = int(match.group(1))
        if len(match.group(1)) == _MILLISECONDS:
            yield start + timedelta(milliseconds=whole)
        else:
            yield start + timedelta(seconds=whole + float(match.group(2) or 0))
