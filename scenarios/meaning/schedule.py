"""Schedules: a cron line that can fire, in a time zone that exists."""

from collections.abc import Iterator
from datetime import datetime

from scenarios.document import Document
from scenarios.problems import Complaint, Path, did_you_mean, quoted

_CRON: Path = ("spec", "schedule", "cron")
_ZONE: Path = ("spec", "schedule", "timeZone")
_FIELDS = ("minute", "hour", "day of month", "month", "day of week")
_ANY_YEAR = datetime(2024, 1, 1)  # noqa: DTZ001  cron lines know no zone; 2024 has a 29 February


def check_schedule(document: Document) -> Iterator[Complaint]:
    """Yield what is wrong with `spec.schedule`, and with keeping sandboxes between its drills."""
    cron, zone = document.text(*_CRON), document.text(*_ZONE)
    if cron:
        yield from _check_cron(cron)
    if zone and not is_time_zone(zone):
        from zoneinfo import available_timezones  # noqa: PLC0415  searches the disk

        hint = did_you_mean(zone, available_timezones())
        found = f"expected a time zone such as Europe/Berlin, found {quoted(zone)}"
        yield Complaint(path=_ZONE, message=found, hint=hint)
    if cron and document.text("spec", "cleanup") == "never":
        message = "a scheduled drill that never cleans up finds its own sandbox in its way"
        hint = "use always or onSuccess, or take the schedule out"
        yield Complaint(path=("spec", "cleanup"), message=message, hint=hint)


def _check_cron(cron: str) -> Iterator[Complaint]:
    fields = cron.split()
    if len(fields) != len(_FIELDS):
        message = f"expected five fields ({', '.join(_FIELDS)}), found {len(fields)}"
        yield Complaint(path=_CRON, message=message, hint="for example 0 6 * * 1, Mondays at six")
        return
    for index, (name, field) in enumerate(zip(_FIELDS, fields, strict=True)):
        alone = ["*"] * len(_FIELDS)
        alone[index] = field
        if not _fires(" ".join(alone)):
            message = f"expected a valid {name}, found {quoted(field)}"
            yield Complaint(path=_CRON, message=message)
            return
    if not _fires(cron):
        message = f"{quoted(cron)} never comes: no such day in those months"
        yield Complaint(path=_CRON, message=message)


def _fires(cron: str) -> bool:
    from cronsim import CronSim, CronSimError  # noqa: PLC0415  keeps `import scenarios` cheap

    try:
        return next(CronSim(cron, _ANY_YEAR), None) is not None
    except CronSimError:
        return False


def is_time_zone(zone: str) -> bool:
    """Whether a time zone of that name exists."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415  keeps `import scenarios` cheap

    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        return False
    return True
