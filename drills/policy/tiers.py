"""Retention tiers: calendar periods (UTC) that each keep a backup for some time. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scenarios.model import RetentionSpec

Begin = Callable[[datetime], datetime]
"""The first instant of the period that an instant lies in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One day, week, month or year."""

    begin: datetime
    end: datetime
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One backup of each period is kept for `keep`."""

    name: str
    keep: timedelta


def tiers_of(spec: RetentionSpec) -> tuple[Tier, ...]:
    """Return the tiers that are wanted, the shortest period first."""
    wanted = (
        ("daily", spec.daily),
        ("weekly", spec.weekly),
        ("monthly", spec.monthly),
        ("yearly", spec.yearly),
    )
    return tuple(Tier(name=name, keep=keep) for name, keep in wanted if keep is not None)


def period_of(tier: Tier, moment: datetime) -> Period:
    """Return the tier's period around `moment`."""
    begin = _BEGINS[tier.name](moment.astimezone(UTC))
    end = _BEGINS[tier.name](begin + _LONGER[tier.name])
    return Period(begin=begin, end=end, name=begin.strftime(_NAMES[tier.name]))


def periods(tier: Tier, begin: datetime, end: datetime) -> Iterator[Period]:
    """Yield the periods that lie wholly between two instants, the oldest first."""
    period = period_of(tier, begin)
    if period.begin < begin:
        period = period_of(tier, period.end)
    while period.end <= end:
        yield period
        period = period_of(tier, period.end)


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _week(moment: datetime) -> datetime:
    return _day(moment) - timedelta(days=moment.weekday())


def _month(moment: datetime) -> datetime:
    return _day(moment).replace(day=1)


def _year(moment: datetime) -> datetime:
    return _month(moment).replace(month=1)


_BEGINS: Mapping[str, Begin] = {"daily": _day, "weekly": _week, "monthly": _month, "yearly": _year}
_LONGER: Mapping[str, timedelta] = {
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=31),
    "yearly": timedelta(days=366),
}
"""From a period's begin this leads into the next one, never beyond it."""
_NAMES: Mapping[str, str] = {
    "daily": "%Y-%m-%d",
    "weekly": "%G-W%V",
    "monthly": "%Y-%m",
    "yearly": "%Y",
}
