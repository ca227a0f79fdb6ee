"""The verdict: a pure function over recorded facts. The first rule that applies decides.

| rule | applies when                                                             | verdict      |
|------|--------------------------------------------------------------------------|--------------|
| 1    | a critical finding, a failed required probe, a missed objective          | failed       |
| 2    | anything required could not be asked, measured or proven                 | inconclusive |
| 3    | an optional probe did not pass, or a warning stands                      | warned       |
| 4    | otherwise                                                                | passed       |
"""

from collections.abc import Iterator
from dataclasses import dataclass

from drills.findings import Cause, Finding, Severity
from drills.record import Objective, Objectives, Outcome, ProbeRecord, Reason, Verdict
from scenarios.model import ProofLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the verdict depends on."""

    findings: tuple[Finding, ...]
    probes: tuple[ProbeRecord, ...]
    objectives: Objectives
    proof_level: ProofLevel
    demanded: ProofLevel | None
    finished: bool
    """Whether every stage up to the probes was gone through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFacts:
    """All that the proof level depends on."""

    embedded: bool
    complete: bool
    """The restore ended well and nothing is missing without explanation."""
    probes: tuple[ProbeRecord, ...]


def decide(facts: Facts) -> tuple[Verdict, tuple[Reason, ...]]:
    """Return the verdict and every reason of the rule that gave it (none for passed)."""
    rules = (
        (Verdict.FAILED, _failures),
        (Verdict.INCONCLUSIVE, _unanswered),
        (Verdict.WARNED, _warnings),
    )
    for verdict, rule in rules:
        reasons = tuple(rule(facts))
        if reasons:
            return verdict, reasons
    return Verdict.PASSED, ()


def proven(facts: ProofFacts) -> ProofLevel:
    """Return the highest level that was proven; the embedded cluster never exceeds objects."""
    if not facts.complete:
        return ProofLevel.NONE
    if facts.embedded:
        return ProofLevel.OBJECTS
    levels = [
        probe.proves
        for probe in facts.probes
        if probe.outcome is Outcome.PASSED and not probe.simulated
    ]
    return max((ProofLevel.OBJECTS, *levels), key=lambda level: level.rank)


def _failures(facts: Facts) -> Iterator[Reason]:
    for finding in facts.findings:
        if finding.severity is Severity.CRITICAL and not finding.unanswered:
            yield _because(finding)
    for probe in facts.probes:
        if probe.required and probe.outcome is Outcome.FAILED:
            yield Reason(
                code="probe-failed",
                cause=Cause.BACKUP if probe.cause is None else probe.cause,
                message=f'Required probe "{probe.name}" failed: {probe.message}',
            )
    for word, objective in _named(facts.objectives):
        if objective.met is False:
            yield Reason(
                code=f"{word}-missed",
                cause=Cause.BACKUP if word == "rpo" else Cause.ENVIRONMENT,
                message=(
                    f"{word.upper()} was missed: {objective.achieved_seconds:.1f} s achieved, "
                    f"{objective.target_seconds:.0f} s wanted"
                ),
            )


def _unanswered(facts: Facts) -> Iterator[Reason]:
    for finding in facts.findings:
        if finding.unanswered:
            yield _because(finding)
    for probe in facts.probes:
        if probe.required and probe.outcome in {Outcome.INCONCLUSIVE, Outcome.SKIPPED}:
            yield Reason(
                code="probe-not-asked",
                cause=probe.cause or Cause.PROBE,
                message=f'Required probe "{probe.name}" got no answer: {probe.message}',
            )
    if not facts.finished:
        yield Reason(
            code="not-finished",
            cause=Cause.RUNNER,
            message="The drill ended before every question had been asked.",
        )
        return
    yield from _unproven(facts)


def _unproven(facts: Facts) -> Iterator[Reason]:
    for word, objective in _named(facts.objectives):
        if objective.target_seconds is not None and objective.met is None:
            yield Reason(
                code=f"{word}-unknown",
                cause=Cause.ENVIRONMENT,
                message=f"{word.upper()} has a target but could not be measured.",
            )
    if facts.demanded is not None and facts.proof_level.rank < facts.demanded.rank:
        yield Reason(
            code="proof-too-weak",
            cause=Cause.PROBE,
            message=(
                f"The scenario demands proof of {facts.demanded}; "
                f"this drill proved {facts.proof_level}."
            ),
        )


def _warnings(facts: Facts) -> Iterator[Reason]:
    for finding in facts.findings:
        if finding.severity is Severity.WARNING:
            yield _because(finding)
    for probe in facts.probes:
        if not probe.required and probe.outcome is not Outcome.PASSED:
            yield Reason(
                code="optional-probe-not-passed",
                cause=probe.cause or Cause.PROBE,
                message=f'Optional probe "{probe.name}" did not pass: {probe.message}',
            )


def _because(finding: Finding) -> Reason:
    """Return the finding as a reason, which is read without its subject beside it."""
    message = finding.message
    if message.startswith(("It ", "Its ")):
        message = f"{finding.subject}: {message}"
    return Reason(code=finding.code, cause=finding.cause, message=message)


def _named(objectives: Objectives) -> tuple[tuple[str, Objective], tuple[str, Objective]]:
    return ("rto", objectives.rto), ("rpo", objectives.rpo)
