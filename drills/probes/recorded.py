"""Expectations that say `recorded`: filled in from samples, or from the restored data itself.

Wraps the probe of the kind. In: a ProbeSpec with the word `recorded`. Out: the Answer to the same
question, with what does not fit the samples taken around the backup. Where no sample is near
enough, or where the data changed between them, the question cannot be asked: CannotAsk.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Protocol, runtime_checkable

from drills import objects
from drills.alike import number
from drills.errors import CannotAsk
from drills.expectations import Mismatch, show
from drills.findings import Cause
from drills.probes.comparing import compare, duration
from drills.probes.contract import Answer, Probe, ProbeContext
from drills.remembered import Fit, Judgement, Recorded, Tolerance, in_words, judge
from drills.samples import Neighbours, Window, distance, neighbours, question_digest
from scenarios.durations import format_duration
from scenarios.model import ProbeSpec
from scenarios.recorded import IN_THE_DATA, MAX_DISTANCE, recorded_words

SETTINGS = ("recorded", "recordedBy")
HINT = "run `python -m runner record SCENARIO` shortly before and after each backup"


@runtime_checkable
class SelfRecording(Protocol):
    """A probe whose restored data may say itself what was there."""

    def recorded(
        self, spec: ProbeSpec, context: ProbeContext, timeout: float
    ) -> Mapping[str, object] | Mismatch:
        """Return what the data says of itself, by the words of `expect`; raises CannotAsk."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedProbe:
    """Keeps `Probe`, around the probe that asks."""

    inner: Probe

    @property
    def kind(self) -> str:
        """Return the scenario's word for it."""
        return self.inner.kind

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Ask once; raises CannotAsk where no record fits or tells, and what the probe raises."""
        until = context.clock.monotonic() + timeout
        known = self._known(spec, context, timeout)
        if isinstance(known, Mismatch):
            return Answer(observed={"recorded": known.observed}, mismatches=(known,))
        left = max(0.1, until - context.clock.monotonic())
        asked = bare(spec)
        answer = self.inner.ask(asked, context, left)
        others = answer.mismatches
        if others is None:
            others = compare(asked.expect, answer.observed)
        answer = replace(
            answer,
            observed={**answer.observed, **_shown(known)},
            mismatches=others,
            simulated=answer.simulated or any(each.simulated for each in known.values()),
        )
        return answer if others else _judged(spec, known, answer)

    def _known(
        self, spec: ProbeSpec, context: ProbeContext, timeout: float
    ) -> Mapping[str, Recorded] | Mismatch:
        if "recordedBy" not in spec.expect:
            return recalled(spec, context)
        if not isinstance(self.inner, SelfRecording):
            raise CannotAsk(f"{self.kind} knows no recordedBy", cause=Cause.CONFIGURATION)
        said = self.inner.recorded(spec, context, timeout)
        if isinstance(said, Mismatch):
            return said
        words = [word for word in _words(spec) if word in IN_THE_DATA.get(spec.kind, ())]
        return {
            word: Recorded(before=said.get(word), before_label="by the data itself")
            for word in words
        }


def wrapped(spec: ProbeSpec, probe: Probe) -> Probe:
    """Return the probe, in a RecordedProbe where the scenario says `recorded`."""
    return RecordedProbe(inner=probe) if _words(spec) else probe


def bare(spec: ProbeSpec) -> ProbeSpec:
    """Return the probe without its recorded expectations."""
    words = _words(spec)
    dropped = {*SETTINGS, *words} | ({"complete"} if "files" in words else set())
    expect = {word: value for word, value in spec.expect.items() if word not in dropped}
    if "rows" in words:
        expect["rows"] = {"min": 0}
    question = spec.question
    if spec.kind == "canary":
        question = {word: value for word, value in question.items() if word != "id"}
    return replace(spec, question=question, expect=expect)


def nearby(spec: ProbeSpec, context: ProbeContext) -> Neighbours:
    """Return the samples around the backup; raises CannotAsk where none is near enough."""
    began = context.backup_started_at
    if context.samples is None or began is None:
        raise CannotAsk("nothing is known of records, or of the backup's start")
    digest = question_digest(spec, context.source(spec.question))
    kept = context.samples.recall(context.scenario, digest)
    limit = max_distance(spec)
    found = neighbours(kept, Window(began=began, ended=context.backup_ended_at), limit)
    if found.before is None and found.after is None:
        near = f"; the nearest is {brief(found.nearest)} away" if found.nearest else ""
        raise CannotAsk(
            f"no record in {context.samples.place} is within {brief(limit)} of the backup{near}",
            hint=HINT,
            cause=Cause.CONFIGURATION,
        )
    return found


def max_distance(spec: ProbeSpec) -> timedelta:
    """Return how far from the backup a record may be; raises CannotAsk (configuration)."""
    said = objects.mapping(spec.expect, "recorded").get("maxDistance")
    return MAX_DISTANCE if said is None else duration(said)


def recalled(spec: ProbeSpec, context: ProbeContext) -> Mapping[str, Recorded]:
    """Return what the samples around the backup say of each recorded word."""
    found, began = nearby(spec, context), context.backup_started_at or context.reference
    window = Window(began=began, ended=context.backup_ended_at)
    before, after = found.before, found.after
    return {
        word: Recorded(
            before=before.values.get(word) if before else None,
            after=after.values.get(word) if after else None,
            before_label=f"{brief(distance(before, window))} before the backup" if before else "",
            after_label=f"{brief(distance(after, window))} after the backup" if after else "",
            simulated=any(side.simulated for side in (before, after) if side),
        )
        for word in _words(spec)
    }


def _judged(spec: ProbeSpec, known: Mapping[str, Recorded], answer: Answer) -> Answer:
    """Return the answer with what is wrong; raises CannotAsk where something stays unknown."""
    tolerance = _tolerance(spec)
    unknown: list[Judgement] = []
    wrong: list[Mismatch] = []
    for word in _words(spec):
        recorded = known.get(word, Recorded())
        if recorded.before is None and recorded.after is None:
            raise CannotAsk(f"the records hold no {word}", hint=HINT, cause=Cause.CONFIGURATION)
        judgement = judge(word, answer.values.get(word), recorded, tolerance)
        if judgement.fit is Fit.UNKNOWN:
            unknown.append(judgement)
        elif judgement.mismatch is not None:
            wrong.append(_explained(judgement))
    wrong.extend(_new_files(spec, known, answer))
    if unknown and not wrong:
        raise CannotAsk(f"{_explained(unknown[0])}", hint=HINT)
    return replace(answer, mismatches=tuple(wrong))


def _new_files(
    spec: ProbeSpec, known: Mapping[str, Recorded], answer: Answer
) -> Iterator[Mismatch]:
    """Yield that there are files which no record knows, where `complete` forbids it."""
    if not spec.expect.get("complete") or "files" not in known:
        return
    listed = set(objects.mapping(answer.values, "files"))
    for side in (known["files"].before, known["files"].after):
        listed -= objects.mapping(side).keys()
    if listed:
        named = ", ".join(sorted(listed)[:5])
        yield Mismatch("no files that are new", f"{len(listed)} that are new: {show(named)}")


def _explained(judgement: Judgement) -> Mismatch:
    found = judgement.mismatch or Mismatch("", "")
    why = f" ({judgement.why})" if judgement.why else ""
    return Mismatch(found.expected, f"{found.observed}{why}")


def _tolerance(spec: ProbeSpec) -> Tolerance:
    said = objects.mapping(spec.expect, "recorded").get("tolerance", 0)
    text = str(said)
    value = number(text.removesuffix("%"))
    if value is None or value < 0:
        raise CannotAsk(
            f"tolerance: {show(text)} is no number and no percentage", cause=Cause.CONFIGURATION
        )
    return Tolerance(share=value / Decimal(100)) if text.endswith("%") else Tolerance(amount=value)


def _shown(known: Mapping[str, Recorded]) -> Mapping[str, object]:
    words = [in_words(word, recorded) for word, recorded in known.items()]
    return {"recorded": "; ".join(words)}


def _words(spec: ProbeSpec) -> tuple[str, ...]:
    return recorded_words(spec.kind, spec.question, spec.expect)


def brief(span: timedelta) -> str:
    """Return a span in words, whole seconds."""
    return format_duration(timedelta(seconds=int(span.total_seconds())))
