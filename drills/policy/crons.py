"""When a schedule's cron line fires: five fields, and the shorthands that schedulers in Go know.

In: a cron line. Out: instants in UTC. Source of the shorthands: robfig/cron v3, which Velero uses.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from scenarios.durations import parse_duration

SHORTHANDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
EVERY = "@every "
MOST = 100_000
"""Fires that are looked at; every minute for two months."""


class UnknownCron(ValueError):
    """The line is none that we can read."""


def fires(line: str, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield when `line` fires from `begin` up to `end`; raises UnknownCron.

    `@every` counts from `begin`: from when the server counts, nobody knows.
    """
    text, zone = _zoned(line.strip())
    if text.startswith(EVERY):
        yield from _every(text.removeprefix(EVERY).strip(), begin, end)
        return
    from cronsim import CronSim, CronSimError  # noqa: PLC0415 - few ask for it

    try:
        line_up = CronSim(SHORTHANDS.get(text, text), begin.astimezone(zone))
        for number, moment in enumerate(line_up):
            if moment > end or number >= MOST:
                return
            yield moment.astimezone(UTC)
    except CronSimError as error:
        raise UnknownCron(f"{line!r}: {error}") from error


def _zoned(line: str) -> tuple[str, tzinfo]:
    """Take `CRON_TZ=Asia/Tokyo` off the line; servers run in UTC unless told otherwise."""
    word, _, rest = line.partition(" ")
    key, equals, name = word.partition("=")
    if not equals or key not in {"CRON_TZ", "TZ"}:
        return line, UTC
    try:
        return rest.strip(), ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise UnknownCron(f"{line!r}: no such time zone") from error


def _every(text: str, begin: datetime, end: datetime) -> Iterator[datetime]:
    try:
        step = parse_duration(text)
    except ValueError as error:
        raise UnknownCron(str(error)) from error
    if step < timedelta(seconds=1):
        raise UnknownCron(f"{text!r} is no interval")
    moment = begin + step
    while moment <= end:
        yield moment
        moment += step
