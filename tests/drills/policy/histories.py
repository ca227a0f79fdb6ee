"""Made-up histories of backups."""

from datetime import UTC, datetime, timedelta

from drills.backups import Backup
from drills.findings import Finding

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
"""A Saturday."""
DAY = timedelta(days=1)
FOR_EVER = None


def backup(
    at: datetime, *, keep: timedelta | None = 30 * DAY, unusable: str | None = None, **more: object
) -> Backup:
    """Return a backup of schedule `daily` that started at `at`."""
    plain = {
        "name": f"daily-{at:%Y%m%d%H%M%S}",
        "schedule": "daily",
        "included_namespaces": ("production",),
    }
    return Backup(
        engine="velero",
        phase="Failed" if unusable else "Completed",
        recovery_point=at,
        started_at=at,
        expires_at=None if keep is None else at + keep,
        unusable=unusable,
        **{**plain, **more},  # type: ignore[arg-type]
    )


def nightly(days: int, *, without: tuple[int, ...] = (), **more: object) -> list[Backup]:
    """Return a backup at two o'clock for each of the last days, less those so many days ago."""
    night = NOW.replace(hour=2)
    return [
        backup(night - n * DAY, **more)  # type: ignore[arg-type]
        for n in reversed(range(days))
        if n not in without
    ]


def by_code(found: object) -> dict[str, Finding]:
    """Return findings by code; each code once."""
    listed = list(found)  # type: ignore[call-overload]
    assert len({f.code for f in listed}) == len(listed)
    assert all(f.message and f.remedy and f.subject for f in listed)
    return {f.code: f for f in listed}
