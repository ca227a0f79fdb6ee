"""Storage: what the backups take, how fast it grows, when a limit is reached. Pure.

In: one pass over a store's listing. Out: usage and findings. Growth is an estimate: what was
written in the window and is still there, less what expires in a window as long.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from drills.backups import Backup
from drills.findings import Finding, Severity
from drills.policy.remarks import remark, sized
from drills.ports import StoredObject

WINDOW = timedelta(days=30)
SOON = timedelta(days=30)
BACKUPS = "backups"


@dataclass(slots=True, kw_only=True)
class Usage:
    """What a store holds; filled while it is listed, so memory grows with backups only."""

    now: datetime
    total: int = 0
    recent: int = 0
    """Bytes written within the window."""
    oldest: datetime | None = None
    by_folder: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    by_backup: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, stored: StoredObject) -> None:
        """Count one file."""
        self.total += stored.bytes
        folder, _, rest = stored.key.partition("/")
        self.by_folder[folder if rest else "(beside)"] += stored.bytes
        if folder == BACKUPS:
            self.by_backup[rest.partition("/")[0]] += stored.bytes
        if stored.modified is not None:
            self.oldest = min(self.oldest or stored.modified, stored.modified)
            if stored.modified > self.now - WINDOW:
                self.recent += stored.bytes

    def growth(self, expiring: int) -> float | None:
        """Return bytes a day, None before there is a day to judge by."""
        if self.oldest is None or self.now - self.oldest < timedelta(days=1):
            return None
        written = self.recent / (min(WINDOW, self.now - self.oldest) / timedelta(days=1))
        return written - expiring / (WINDOW / timedelta(days=1))


def usage_of(listing: Iterable[StoredObject], now: datetime) -> Usage:
    """Return what a listing adds up to."""
    usage = Usage(now=now)
    for stored in listing:
        usage.add(stored)
    return usage


def expiring_bytes(backups: Iterable[Backup], sizes: Mapping[str, int], now: datetime) -> int:
    """Return what goes within the window; volume data shared with later backups stays."""
    return sum(
        sizes.get(backup.name, 0)
        for backup in backups
        if backup.expires_at is not None and backup.expires_at <= now + WINDOW
    )


def check_storage(
    usage: Usage, backups: Iterable[Backup], *, limit: int | None, subject: str
) -> tuple[Finding, ...]:
    """Return how much there is and when the limit is reached."""
    growth = usage.growth(expiring_bytes(backups, usage.by_backup, usage.now))
    parts = ", ".join(f"{name} {sized(size)}" for name, size in sorted(usage.by_folder.items()))
    pace = "its growth is unknown yet" if growth is None else f"about {sized(growth)} more a day"
    used = remark(
        "storage-used",
        subject,
        f"The store holds {sized(usage.total)} ({parts or 'nothing'}); {pace}.",
        "Nothing to do; old versions of files are not counted.",
        severity=Severity.INFO,
    )
    return (used, *_forecast(usage, growth, limit, subject))


def _forecast(
    usage: Usage, growth: float | None, limit: int | None, subject: str
) -> tuple[Finding, ...]:
    if limit is None:
        return ()
    remedy = "Raise the limit (retention.storageLimit) and the store's size, or keep less."
    if usage.total >= limit:
        words = f"The store holds {sized(usage.total)}, beyond its limit of {sized(limit)}."
        return (remark("storage-limit-reached", subject, words, remedy),)
    if growth is None or growth <= 0:
        words = f"At the present pace the limit of {sized(limit)} is never reached."
        calm = Severity.INFO
        return (remark("storage-forecast", subject, words, "Nothing to do.", severity=calm),)
    days = (limit - usage.total) / growth
    soon = days <= SOON / timedelta(days=1)
    words = f"At the present pace the limit of {sized(limit)} is reached in {days:.0f} days."
    severity = Severity.WARNING if soon else Severity.INFO
    code = "storage-limit-near" if soon else "storage-forecast"
    return (remark(code, subject, words, remedy, severity=severity),)
