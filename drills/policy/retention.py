"""Retention: holes in the tiers, and backups that expire before their tier lets them go. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from drills.backups import Backup
from drills.findings import Finding, Severity
from drills.policy.remarks import remark, some
from drills.policy.tiers import Tier, period_of, periods
from scenarios import format_duration

SLACK = timedelta(hours=1)
"""By which an expiry may fall short: engines count it from moments a little apart."""

Held = Mapping[datetime, list[Backup]]
"""Usable backups by the begin of their period."""


def check_retention(
    backups: Iterable[Backup], tiers: Iterable[Tier], *, now: datetime, subject: str
) -> Iterator[Finding]:
    """Yield what the tiers lack; `backups` are those that cover `subject`."""
    usable = [b for b in backups if b.recovery_point and not b.unusable and b.recovery_point <= now]
    if not usable:
        return
    oldest = min(b.recovery_point for b in usable if b.recovery_point)
    young = []
    for tier in tiers:
        held = _by_period(tier, usable)
        yield from _holes(tier, held, oldest, now, subject)
        yield from _early(tier, held, now, subject)
        if oldest > now - tier.keep + period_length(tier, now):
            young.append(f"{tier.name} ({format_duration(tier.keep)})")
    if young:
        yield _short(young, oldest, subject)


def period_length(tier: Tier, moment: datetime) -> timedelta:
    """Return how long the tier's period around `moment` is."""
    period = period_of(tier, moment)
    return period.end - period.begin


def _by_period(tier: Tier, usable: Iterable[Backup]) -> Held:
    held: dict[datetime, list[Backup]] = defaultdict(list)
    for backup in usable:
        if backup.recovery_point:
            held[period_of(tier, backup.recovery_point).begin].append(backup)
    return held


def _holes(
    tier: Tier, held: Held, oldest: datetime, now: datetime, subject: str
) -> Iterator[Finding]:
    """Yield the periods without a backup, of those since the oldest backup that is left."""
    begin = max(now - tier.keep, period_of(tier, oldest).begin)
    empty = [period.name for period in periods(tier, begin, now) if period.begin not in held]
    if empty:
        yield remark(
            "retention-hole",
            subject,
            f"The {tier.name} tier ({format_duration(tier.keep)}) has no usable backup for "
            f"{len(empty)} periods: {some(empty)}.",
            "Find out why none was taken or why it was deleted; a hole cannot be filled later.",
        )


def _early(tier: Tier, held: Held, now: datetime, subject: str) -> Iterator[Finding]:
    """Yield where no backup of a period is kept as long as the tier promises.

    The present period is looked at only where there is no whole one: its keeper may be yet to come.
    """
    whole = [p for p in periods(tier, now - tier.keep, now) if p.begin in held]
    present = period_of(tier, now)
    looked_at = whole or ([present] if present.begin in held else [])
    early = [period for period in looked_at if not _kept(held[period.begin], tier)]
    if early:
        longest = _longest(held[early[-1].begin])
        yield remark(
            "retention-early-expiry",
            subject,
            f"The {tier.name} tier wants {format_duration(tier.keep)}, but no backup of "
            f"{some([p.name for p in early])} is kept that long; of {early[-1].name} the last "
            f"one goes after {format_duration(longest)}.",
            f"Give the schedule that feeds the {tier.name} tier a lifetime of "
            f"{format_duration(tier.keep)}, or add a schedule of its own for it.",
        )


def _kept(backups: Iterable[Backup], tier: Tier) -> bool:
    return any(_lifetime(backup) >= tier.keep - SLACK for backup in backups)


def _longest(backups: Iterable[Backup]) -> timedelta:
    return max(_lifetime(backup) for backup in backups)


def _lifetime(backup: Backup) -> timedelta:
    """Return how long the backup is kept; for ever where nothing says when it ends."""
    if backup.expires_at is None or backup.recovery_point is None:
        return timedelta.max
    return backup.expires_at - backup.recovery_point


def _short(young: Sequence[str], oldest: datetime, subject: str) -> Finding:
    return remark(
        "retention-history-short",
        subject,
        f"The oldest usable backup is of {oldest:%Y-%m-%d}, so these tiers are not full: "
        f"{', '.join(young)}; whether older backups ever existed is unknown.",
        "Nothing to do where backups began then.",
        severity=Severity.INFO,
    )
