"""A cron trigger for APScheduler that reads cron lines as cron does.

APScheduler's own `CronTrigger.from_crontab` counts Monday as 0, so `0 6 * * 1` would fire on
Tuesday, and a job at 02:30 runs twice on the night the clocks go back. cronsim follows Debian's
cron in both.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from cronsim import CronSim


class CronLine(BaseTrigger):  # type: ignore[misc]  # APScheduler is untyped
    """Fires when the cron line says, in its time zone. Pickles, for the persistent job store."""

    def __init__(self, cron: str, time_zone: str) -> None:
        self.cron = cron
        self.time_zone = time_zone

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """Return the first moment after the previous one, or after `now` for a new job."""
        base = (previous_fire_time or now).astimezone(ZoneInfo(self.time_zone))
        return next_time(self.cron, self.time_zone, base)

    def __getstate__(self) -> dict[str, str]:
        """Return what the job store keeps."""
        return {"cron": self.cron, "time_zone": self.time_zone}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take back what the job store kept."""
        self.cron = state["cron"]
        self.time_zone = state["time_zone"]

    def __eq__(self, other: object) -> bool:
        """Return whether both fire at the same moments."""
        return isinstance(other, CronLine) and self.__getstate__() == other.__getstate__()

    def __hash__(self) -> int:
        """Return a hash that agrees with equality."""
        return hash((self.cron, self.time_zone))

    def __str__(self) -> str:
        """Return `0 6 * * 1 Asia/Tokyo`."""
        return f"{self.cron} {self.time_zone}"


def next_time(cron: str, time_zone: str, after: datetime) -> datetime | None:
    """Return the next moment strictly after `after`; None where the line never fires again."""
    zone = ZoneInfo(time_zone)
    moment = next(iter(CronSim(cron, after.astimezone(zone))), None)
    # A moment that the spring change skips is written in the gap; going through UTC and back
    # names the real instant.
    return None if moment is None else moment.astimezone(UTC).astimezone(zone)


def moments(cron: str, time_zone: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield every moment of the line after `start` and before `end`, in UTC."""
    moment = next_time(cron, time_zone, start)
    while moment is not None and moment < end:
        yield moment.astimezone(UTC)
        moment = next_time(cron, time_zone, moment)
