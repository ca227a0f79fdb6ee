"""The waterfall as numbers: which bar begins where and how wide it is, before any HTML.

In: a report document. Out: bars in percent of the whole drill, with the engine's queue, its objects
and its volume data apart, and the marks of the time axis.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from reports import words
from reports.reading import Document, number, part, rows, word

WHOLE = 100.0
NARROWEST = 0.6
"""Percent: a bar of a millisecond must still be seen."""

MOST_MARKS = 5
_STEPS = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400),
)
RESTORE = "restore"
_CLEANUP = "cleanup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row of the waterfall; `left` and `width` in percent, None where the start is unknown."""

    label: str
    kind: str
    """Style of the bar: `stage`, `wait`, `queue`, `objects`, `volumes`, `cleanup` or `clock`."""
    offset: float | None
    seconds: float | None
    left: float | None = None
    width: float | None = None
    nested: bool = False
    outcome: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One line of the time axis, at so many percent."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The whole waterfall."""

    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    total: float


def timeline(document: Document) -> Timeline:
    """Return the waterfall of the document's stages, empty where there were none."""
    bars = [bar for stage in rows(document, "stages") for bar in _of_stage(stage)]
    clock = _clock(document)
    bars = [*([clock] if clock else []), *bars]
    total = max((_end(bar) for bar in bars), default=0.0)
    if total <= 0:
        return Timeline(bars=tuple(bars), marks=(), total=0.0)
    return Timeline(
        bars=tuple(_placed(bar, total) for bar in bars), marks=_marks(total), total=total
    )


def is_cleanup(stage: str) -> bool:
    """Return whether the stage is the one outside the recovery time."""
    return stage.lower().replace(" ", "").replace("-", "") == _CLEANUP


def _of_stage(stage: Document) -> Iterable[Bar]:
    name = word(stage, "name")
    yield Bar(
        label=name,
        kind="cleanup" if is_cleanup(name) else "stage",
        offset=number(stage, "offsetSeconds"),
        seconds=number(stage, "seconds"),
        outcome=word(stage, "outcome"),
        message=word(stage, "message"),
    )
    yield from _inside(stage)


def _inside(stage: Document) -> Iterable[Bar]:
    queue, volumes = number(stage, "queueSeconds"), number(stage, "volumeSeconds")
    start, seconds = number(stage, "offsetSeconds"), number(stage, "seconds")
    if start is None or seconds is None:
        return
    if gave_way := number(stage, "waitSeconds"):
        yield Bar(label="giving way", kind="wait", offset=start, seconds=gave_way, nested=True)
        start, seconds = start + gave_way, seconds - gave_way
    if queue is None and volumes is None:
        return
    waited, copied = queue or 0.0, volumes or 0.0
    if queue is not None:
        yield Bar(label="queue", kind="queue", offset=start, seconds=waited, nested=True)
    objects = seconds - waited - copied
    # Parts measured on two clocks may overlap; then the rest is unknown and gets no bar.
    if queue is not None and objects > 0:
        at = start + waited
        yield Bar(label="objects", kind="objects", offset=at, seconds=objects, nested=True)
    if volumes is not None:
        at = max(start, start + seconds - copied)
        yield Bar(label="volume data", kind="volumes", offset=at, seconds=copied, nested=True)


def _clock(document: Document) -> Bar | None:
    """Return the span that counts as recovery time, from the restore request on."""
    taken = number(part(document, "objectives", "rto"), "achievedSeconds")
    restores = [stage for stage in rows(document, "stages") if word(stage, "name") == RESTORE]
    if taken is None or not restores:
        return None
    start = number(restores[0], "offsetSeconds")
    if start is not None:
        start += number(restores[0], "waitSeconds") or 0.0
    return Bar(label="RTO clock", kind="clock", offset=start, seconds=taken)


def _end(bar: Bar) -> float:
    return (bar.offset or 0.0) + (bar.seconds or 0.0)


def _placed(bar: Bar, total: float) -> Bar:
    if bar.offset is None or bar.seconds is None:
        return bar
    width = max(bar.seconds / total * WHOLE, NARROWEST)
    left = min(max(bar.offset / total * WHOLE, 0.0), WHOLE - min(width, WHOLE))
    return Bar(
        label=bar.label,
        kind=bar.kind,
        offset=bar.offset,
        seconds=bar.seconds,
        left=round(left, 2),
        width=round(min(width, WHOLE), 2),
        nested=bar.nested,
        outcome=bar.outcome,
        message=bar.message,
    )


def _marks(total: float) -> tuple[Mark, ...]:
    step = next((step for step in _STEPS if total / step <= MOST_MARKS), total)
    amount = int(total / step)
    return tuple(
        Mark(at=round(i * step / total * WHOLE, 2), label=words.duration(i * step) if i else "0")
        for i in range(amount + 1)
    )
