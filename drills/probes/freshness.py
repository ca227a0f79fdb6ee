"""How old restored data is: the newest instant in what a probe read, against what is allowed.

In: a text that restored data yielded, the words of `expect` (`within`, `notAfter`), the drill's
own instants. Out: the newest instant that can have been restored, with a mismatch where it is too
old. What is younger than the restore was written since, and says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from drills.clocks import SET_THE_CLOCK, in_future
from drills.errors import CannotAsk
from drills.expectations import Mismatch
from drills.findings import Cause
from drills.probes.comparing import duration
from drills.probes.contract import ProbeContext
from drills.timestamps import Sighting, sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What helps where the instants say nothing; both are hints in a report."""

    zone: str
    """How to get instants with their time zone."""
    more: str
    """How to get instants from before the restore."""


PRINTED = Advice(
    zone="print them with one, as `date -u +%Y-%m-%dT%H:%M:%SZ` does",
    more="print more of the data, as `tail -n 1000` does, so that restored lines show",
)


def freshness(
    expect: Mapping[str, object], text: str, context: ProbeContext, advice: Advice = PRINTED
) -> tuple[datetime | None, Mismatch | None]:
    """Return the newest restored instant in `text`, and what is wrong with its age.

    Raises CannotAsk (configuration) where the instants in `text` cannot tell.
    """
    limit = _within(expect, context)
    seen = sight(text, _not_after(expect, context))
    if seen.newest is None:
        return None, _nothing_restored(seen, advice, context.clock.now())
    age = max(context.reference - seen.newest, timedelta(0))
    if age <= limit:
        return seen.newest, None
    return seen.newest, Mismatch(
        f"timestamp within {limit} before {context.reference.isoformat()}",
        f"newest {seen.newest.isoformat()}, {age} before it",
    )


def _nothing_restored(seen: Sighting, advice: Advice, now: datetime) -> Mismatch:
    if seen.without_zone:
        raise CannotAsk(
            "the instants in the output have no time zone, so their age is unknown",
            hint=advice.zone,
            cause=Cause.CONFIGURATION,
        )
    if seen.too_young is not None and in_future(seen.too_young, now):
        raise CannotAsk(
            f"every instant in the output is yet to come ({seen.too_young.isoformat()} at the "
            "earliest): the clock that wrote them is ahead of this machine's, or of the restore's",
            hint=SET_THE_CLOCK,
            cause=Cause.ENVIRONMENT,
        )
    if seen.too_young is not None:
        raise CannotAsk(
            "every instant in the output is younger than the restore "
            f"({seen.too_young.isoformat()} at the earliest): the application has written since, "
            "or its restored data is gone",
            hint=advice.more,
            cause=Cause.CONFIGURATION,
        )
    return Mismatch("a timestamp", "none in the output")


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
