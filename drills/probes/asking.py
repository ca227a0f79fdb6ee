"""One probe from its first attempt to its record.

In: a ProbeSpec, its Probe, the context and the limits. Out: a ProbeRecord. A wrong answer is asked
again until the retries are used up, and only then is the probe `failed`; whatever kept the
question from being put, or the retries from being used, makes it `inconclusive`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from drills.cluster import PATIENCE_SECONDS
from drills.errors import (
    CannotAsk,
    DrillError,
    Forbidden,
    Interrupted,
    Misconfigured,
    NobodyAnswers,
    NotServed,
    Unreachable,
)
from drills.expectations import Mismatch, show
from drills.findings import Cause, Finding
from drills.ports import Deadline
from drills.probes.comparing import compare, expect_words
from drills.probes.contract import Answer, Probe, ProbeContext
from drills.record import Outcome, ProbeRecord
from scenarios.model import ProbeSpec
from scenarios.secrets import given

HIDDEN_EXPECTATION = "a Secret's value (not shown)"
FINAL = (Forbidden, Misconfigured, NobodyAnswers, NotServed)
"""Errors that asking again cannot mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Until when, and whether the drill was asked to stop."""

    deadline: Deadline
    stop: Callable[[], bool]


class _State(Enum):
    RIGHT = 1
    WRONG = 2
    UNASKED = 3
    FINAL = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    state: _State
    message: str
    observed: str = ""
    cause: Cause | None = None
    simulated: bool = False
    newest: datetime | None = None
    explicable: bool = False
    away: bool = False
    """Whether the cluster itself did not answer."""


@dataclass(slots=True, kw_only=True)
class _Tally:
    """Attempts so far: wrong answers and failures to ask are counted apart."""

    attempts: int = 0
    wrong: int = 0
    unasked: int = 0
    last: _Try | None = None
    began: float = 0.0
    away_until: float | None = None

    def add(self, attempt: _Try, now: float) -> None:
        """Count one attempt that ended at `now`, on the monotonic clock."""
        self.attempts += 1
        if not attempt.away:
            self.away_until = None
        elif self.away_until is None:
            self.away_until = now + PATIENCE_SECONDS
        self.wrong += attempt.state is _State.WRONG
        self.unasked += attempt.state is _State.UNASKED
        self.last = attempt

    def over(self, retries: int, now: float) -> bool:
        """Return whether there is nothing left to ask; an absent cluster is waited for."""
        settled = self.last is not None and self.last.state in {_State.RIGHT, _State.FINAL}
        waits = self.away_until is not None and now < self.away_until
        return settled or self.wrong > retries or (self.unasked > retries and not waits)


def interrogate(
    spec: ProbeSpec, probe: Probe, context: ProbeContext, limits: Limits
) -> ProbeRecord:
    """Ask until the answer is right or the limits are reached; the record shows no secret."""
    record = _interrogate(spec, probe, context, limits)
    return context.veil.also(given(spec.question)).veiled(record)


def _interrogate(
    spec: ProbeSpec, probe: Probe, context: ProbeContext, limits: Limits
) -> ProbeRecord:
    clock = context.clock
    tally = _Tally(began=clock.monotonic())
    cut = ""
    try:
        _wait(spec.initial_delay.total_seconds(), context, limits)
        while not (cut := _cut(limits)):
            tally.add(_attempt(spec, probe, context, limits), clock.monotonic())
            if tally.over(spec.retries, clock.monotonic()):
                break
            _wait(spec.interval.total_seconds(), context, limits)
    except Interrupted:
        cut = "the drill was asked to stop"
    passed_at = clock.monotonic() - context.requested
    return _conclude(spec, context, tally, cut=cut, passed_at=passed_at)


def not_asked(
    spec: ProbeSpec, message: str, cause: Cause, *, attempts: int = 0, seconds: float = 0.0
) -> ProbeRecord:
    """Return the record of a probe that was never asked: inconclusive, so that it stays visible."""
    return ProbeRecord(
        name=spec.name,
        kind=spec.kind,
        required=spec.required,
        proves=spec.proves,
        outcome=Outcome.INCONCLUSIVE,
        attempts=attempts,
        seconds=seconds,
        expected=_expected(spec),
        observed="",
        message=message,
        cause=cause,
        needs=spec.needs,
    )


def _wait(seconds: float, context: ProbeContext, limits: Limits) -> None:
    if seconds > 0:
        context.clock.sleep(max(0.0, min(seconds, limits.deadline.left)))


def _cut(limits: Limits) -> str:
    if limits.stop():
        return "the drill was asked to stop"
    return "the deadline came before an answer" if limits.deadline.passed else ""


def _attempt(spec: ProbeSpec, probe: Probe, context: ProbeContext, limits: Limits) -> _Try:
    timeout = min(spec.timeout.total_seconds(), limits.deadline.left)
    try:
        answer = probe.ask(spec, context, timeout)
        mismatches = answer.mismatches
        if mismatches is None:
            mismatches = compare(spec.expect, answer.observed)
    except Interrupted:
        raise
    except DrillError as error:
        return _refused(error)
    except Exception as error:  # noqa: BLE001 - a faulty probe must not end the drill
        return _Try(
            state=_State.FINAL,
            message=f"the probe itself broke: {type(error).__name__}: {show(str(error))}",
            cause=Cause.RUNNER,
        )
    return _judged(answer, mismatches)


def _refused(error: DrillError) -> _Try:
    final = isinstance(error, FINAL) or (
        isinstance(error, CannotAsk) and error.cause is Cause.CONFIGURATION
    )
    hint = f" ({error.hint})" if error.hint else ""
    return _Try(
        state=_State.FINAL if final else _State.UNASKED,
        message=f"{error}{hint}",
        cause=error.cause,
        away=isinstance(error, Unreachable),
    )


def _judged(answer: Answer, mismatches: tuple[Mismatch, ...]) -> _Try:
    return _Try(
        state=_State.WRONG if mismatches else _State.RIGHT,
        message="; ".join(str(mismatch) for mismatch in mismatches),
        observed="; ".join(f"{word} {show(value)}" for word, value in answer.observed.items()),
        simulated=answer.simulated,
        newest=answer.newest,
        explicable=answer.explicable,
    )


def _conclude(
    spec: ProbeSpec, context: ProbeContext, tally: _Tally, *, cut: str, passed_at: float
) -> ProbeRecord:
    seconds = context.clock.monotonic() - tally.began
    last = tally.last
    if last is None:
        return not_asked(spec, cut, _cut_cause(cut), seconds=seconds)
    outcome, message, cause = _outcome(spec, context, last, cut)
    return ProbeRecord(
        name=spec.name,
        kind=spec.kind,
        required=spec.required,
        proves=spec.proves,
        outcome=outcome,
        attempts=tally.attempts,
        seconds=seconds,
        expected=_expected(spec),
        observed=last.observed,
        message=message,
        cause=cause,
        simulated=last.simulated,
        passed_at=passed_at if outcome is Outcome.PASSED else None,
        newest=last.newest,
        needs=spec.needs,
    )


def _outcome(
    spec: ProbeSpec, context: ProbeContext, last: _Try, cut: str
) -> tuple[Outcome, str, Cause | None]:
    if last.state is _State.RIGHT:
        return Outcome.PASSED, "", None
    if last.state is not _State.WRONG:
        return Outcome.INCONCLUSIVE, last.message, last.cause
    if cut:
        message = f"{cut}, with retries left; last {last.message}"
        return Outcome.INCONCLUSIVE, message, _cut_cause(cut)
    trouble = _trouble(spec, context) if last.explicable else None
    if trouble is None:
        return Outcome.FAILED, last.message, None
    return (
        Outcome.INCONCLUSIVE,
        f"{last.message}; not blamed on the backup, because {trouble.message}",
        trouble.cause,
    )


def _trouble(spec: ProbeSpec, context: ProbeContext) -> Finding | None:
    """Return trouble of the environment in the namespace that the probe looks into."""
    try:
        where = f" {context.sandbox(spec.question)}/"
    except CannotAsk:
        return None
    return next((t for t in context.troubles if t.unanswered and where in t.subject), None)


def _cut_cause(cut: str) -> Cause:
    return Cause.ENVIRONMENT if "deadline" in cut else Cause.RUNNER


def _expected(spec: ProbeSpec) -> str:
    hidden = spec.question.get("kind") == "Secret" and "value" in spec.expect
    expect = {**spec.expect, "value": HIDDEN_EXPECTATION} if hidden else spec.expect
    return expect_words(expect)
