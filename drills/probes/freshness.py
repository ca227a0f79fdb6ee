"""How old restored data is: the newest instant in what a probe read, against what is allowed.

In: a text that restored data yielded, the words of `expect` (`within`, `notAfter`), the drill's
own instants. Out: the newest instant that can have been restored, with a mismatch where it is too
old. What is younger than the restore was written since, and says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from drills import objects
from drills.clocks import SET_THE_CLOCK, in_future
from drills.errors import CannotAsk
from drills.expectations import Mismatch, show
from drills.findings import Cause
from drills.probes.comparing import duration
from drills.probes.contract import ProbeContext
from drills.timestamps import Reading, Sighting, sight
from scenarios.timeformats import TimeFormatError, parse_time_format


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What helps where the instants say nothing; both are hints in a report."""

    zone: str
    """How to get instants with their time zone."""
    more: str
    """How to get instants from before the restore."""


PRINTED = Advice(
    zone="print them with one, as `date -u +%Y-%m-%dT%H:%M:%SZ` does, or say timeZone",
    more="print more of the data, as `tail -n 1000` does, so that restored lines show",
)
WITH_TIME = (
    "select or print the time too, with its zone; or say timeZone, or allow a day more (within)"
)
SAY_HOW = (
    "print instants as `date -u +%Y-%m-%dT%H:%M:%SZ` does, or say how they are written: format, as"
    " '%d.%m.%Y %H:%M:%S', or unit (seconds, milliseconds, microseconds, nanoseconds since 1970)"
)


def freshness(
    expect: Mapping[str, object], text: str, context: ProbeContext, advice: Advice = PRINTED
) -> tuple[datetime | None, Mismatch | None]:
    """Return the newest restored instant in `text`, and what is wrong with its age.

    | the newest that was surely restored | the newest that may have been | outcome         |
    |-------------------------------------|-------------------------------|-----------------|
    | young enough                        | any                           | right           |
    | too old                             | too old                       | wrong           |
    | too old, or none                    | young enough                  | cannot be asked |
    | none                                | none, and the text has values | cannot be asked |
    | none                                | none, and the text is empty   | wrong           |

    Raises CannotAsk where the instants in `text` cannot tell.
    """
    limit = _within(expect, context)
    seen = sight(text, _not_after(expect, context), _reading(expect))
    if seen.newest is not None and _age(context, seen.newest) <= limit:
        return seen.newest, None
    if seen.at_latest is None:
        return None, _nothing_restored(seen, text, advice, context.clock.now())
    if seen.newest is None or _age(context, seen.at_latest) <= limit:
        raise _unplaced(seen, advice)
    return seen.newest, Mismatch(
        f"timestamp within {limit} before {context.reference.isoformat()}",
        f"newest {seen.newest.isoformat()}, {_age(context, seen.newest)} before it",
    )


def _unplaced(seen: Sighting, advice: Advice) -> CannotAsk:
    if seen.without_zone:
        return CannotAsk(
            "the instants in the output have no time zone, so their age is unknown",
            hint=advice.zone,
            cause=Cause.CONFIGURATION,
        )
    return CannotAsk(
        "the output names days without a time, so their age is known to a day only",
        hint=WITH_TIME,
        cause=Cause.CONFIGURATION,
    )


def _age(context: ProbeContext, instant: datetime) -> timedelta:
    return max(context.reference - instant, timedelta(0))


def _reading(expect: Mapping[str, object]) -> Reading:
    """Return how the scenario says that instants are written; raises CannotAsk."""
    form, zone = objects.text(expect, "format"), objects.text(expect, "timeZone")
    try:
        return Reading(
            form=parse_time_format(form) if form else None,
            unit=objects.text(expect, "unit"),
            zone=ZoneInfo(zone) if zone else None,
        )
    except TimeFormatError as error:
        raise CannotAsk(f"format {form!r}: {error}", cause=Cause.CONFIGURATION) from error
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CannotAsk(
            f"timeZone: no time zone is called {zone!r}", cause=Cause.CONFIGURATION
        ) from error


def _nothing_restored(seen: Sighting, text: str, advice: Advice, now: datetime) -> Mismatch:
    if seen.empty:
        return Mismatch("a timestamp", "none in the output, which is empty")
    if seen.without_zone and seen.too_young is None:
        raise _unplaced(seen, advice)
    if seen.too_young is None:
        raise CannotAsk(
            f"no instant could be read in the output, which is {show(text)}",
            hint=SAY_HOW,
            cause=Cause.CONFIGURATION,
        )
    if in_future(seen.too_young, now):
        raise CannotAsk(
            f"every instant in the output is yet to come ({seen.too_young.isoformat()} at the "
            "earliest): the clock that wrote them is ahead of this machine's, or of the restore's",
            hint=SET_THE_CLOCK,
            cause=Cause.ENVIRONMENT,
        )
    raise CannotAsk(
        "every instant in the output is younger than the restore "
        f"({seen.too_young.isoformat()} at the earliest): the application has written since, "
        "or its restored data is gone",
        hint=advice.more,
        cause=Cause.CONFIGURATION,
    )


def _within(expect: Mapping[str, object], context: ProbeContext) -> timedelta:
    within = expect.get("within")
    if within != "rpo":
        return duration(within)
    if context.rpo is None:
        raise CannotAsk(
            "timestamp.within is rpo, but the scenario sets no objectives.rpo",
            cause=Cause.CONFIGURATION,
        )
    return context.rpo


def _not_after(expect: Mapping[str, object], context: ProbeContext) -> datetime:
    """Return the last instant that can have been restored."""
    latest = context.restore_started_at
    if expect.get("notAfter") == "drillStart":
        return min(latest, context.reference)
    if expect.get("notAfter") == "backupEnd" and context.backup_ended_at is not None:
        return min(latest, context.backup_ended_at)
    return latest
