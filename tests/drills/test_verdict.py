"""The truth table of the verdict, row by row."""

from dataclasses import replace

import pytest

from drills.findings import Cause, Finding, Severity
from drills.record import Objective, Objectives, Outcome, ProbeRecord, Verdict
from drills.verdict import Facts, ProofFacts, decide, proven
from scenarios.model import ProofLevel


def finding(severity: Severity, *, unanswered: bool = False) -> Finding:
    return Finding(
        code="code",
        severity=severity,
        cause=Cause.BACKUP,
        subject="it",
        message="it is so",
        remedy="mend it",
        unanswered=unanswered,
    )


def probe(outcome: Outcome, *, required: bool = True, simulated: bool = False) -> ProbeRecord:
    return ProbeRecord(
        name="p",
        kind="http",
        required=required,
        proves=ProofLevel.DATA,
        outcome=outcome,
        attempts=1,
        seconds=0.1,
        expected="200",
        observed="200",
        message="said so",
        simulated=simulated,
        passed_at=1.0 if outcome is Outcome.PASSED else None,
    )


def objective(met: bool | None, target: float | None = 10.0) -> Objective:
    achieved = {True: 5.0, False: 15.0, None: None}[met]
    return Objective(target_seconds=target, achieved_seconds=achieved, met=met)


NO_TARGET = Objective(target_seconds=None, achieved_seconds=None, met=None)
GOOD = Facts(
    findings=(),
    probes=(probe(Outcome.PASSED),),
    objectives=Objectives(rto=objective(met=True), rpo=objective(met=True)),
    proof_level=ProofLevel.DATA,
    demanded=ProofLevel.DATA,
    finished=True,
)


def objectives(**which: Objective) -> Objectives:
    return replace(GOOD.objectives, **which)


ROWS = {
    "all good": (GOOD, Verdict.PASSED, ()),
    "info changes nothing": (
        replace(GOOD, findings=(finding(Severity.INFO),)),
        Verdict.PASSED,
        (),
    ),
    "critical finding": (
        replace(GOOD, findings=(finding(Severity.CRITICAL),)),
        Verdict.FAILED,
        ("code",),
    ),
    "critical that could not be asked": (
        replace(GOOD, findings=(finding(Severity.CRITICAL, unanswered=True),)),
        Verdict.INCONCLUSIVE,
        ("code",),
    ),
    "required probe failed": (
        replace(GOOD, probes=(probe(Outcome.FAILED),)),
        Verdict.FAILED,
        ("probe-failed",),
    ),
    "required probe not asked": (
        replace(GOOD, probes=(probe(Outcome.INCONCLUSIVE),)),
        Verdict.INCONCLUSIVE,
        ("probe-not-asked",),
    ),
    "required probe skipped is never green": (
        replace(GOOD, probes=(probe(Outcome.SKIPPED),)),
        Verdict.INCONCLUSIVE,
        ("probe-not-asked",),
    ),
    "optional probe failed": (
        replace(GOOD, probes=(probe(Outcome.FAILED, required=False),)),
        Verdict.WARNED,
        ("optional-probe-not-passed",),
    ),
    "optional probe not asked": (
        replace(GOOD, probes=(probe(Outcome.INCONCLUSIVE, required=False),)),
        Verdict.WARNED,
        ("optional-probe-not-passed",),
    ),
    "rto missed": (
        replace(GOOD, objectives=objectives(rto=objective(met=False))),
        Verdict.FAILED,
        ("rto-missed",),
    ),
    "rpo missed": (
        replace(GOOD, objectives=objectives(rpo=objective(met=False))),
        Verdict.FAILED,
        ("rpo-missed",),
    ),
    "rto wanted but unknown": (
        replace(GOOD, objectives=objectives(rto=objective(met=None))),
        Verdict.INCONCLUSIVE,
        ("rto-unknown",),
    ),
    "no target, nothing to miss": (
        replace(GOOD, objectives=objectives(rto=NO_TARGET, rpo=NO_TARGET)),
        Verdict.PASSED,
        (),
    ),
    "less proof than demanded": (
        replace(GOOD, proof_level=ProofLevel.SERVICE),
        Verdict.INCONCLUSIVE,
        ("proof-too-weak",),
    ),
    "no proof demanded": (
        replace(GOOD, proof_level=ProofLevel.NONE, demanded=None),
        Verdict.PASSED,
        (),
    ),
    "not finished": (replace(GOOD, finished=False), Verdict.INCONCLUSIVE, ("not-finished",)),
    "a warning stands": (
        replace(GOOD, findings=(finding(Severity.WARNING),)),
        Verdict.WARNED,
        ("code",),
    ),
    "failed outweighs inconclusive": (
        replace(
            GOOD,
            findings=(finding(Severity.CRITICAL), finding(Severity.WARNING, unanswered=True)),
            finished=False,
        ),
        Verdict.FAILED,
        ("code",),
    ),
    "inconclusive outweighs warned": (
        replace(
            GOOD, findings=(finding(Severity.WARNING), finding(Severity.INFO, unanswered=True))
        ),
        Verdict.INCONCLUSIVE,
        ("code",),
    ),
}


@pytest.mark.parametrize(("facts", "verdict", "codes"), ROWS.values(), ids=ROWS)
def test_row(facts: Facts, verdict: Verdict, codes: tuple[str, ...]) -> None:
    """Each row of the table gives its verdict, with its reasons."""
    decided, reasons = decide(facts)
    assert decided is verdict
    assert tuple(reason.code for reason in reasons) == codes


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        (ProofFacts(embedded=False, complete=False, probes=(probe(Outcome.PASSED),)), "none"),
        (ProofFacts(embedded=False, complete=True, probes=()), "objects"),
        (ProofFacts(embedded=False, complete=True, probes=(probe(Outcome.PASSED),)), "data"),
        (ProofFacts(embedded=False, complete=True, probes=(probe(Outcome.FAILED),)), "objects"),
        (
            ProofFacts(
                embedded=False, complete=True, probes=(probe(Outcome.PASSED, simulated=True),)
            ),
            "objects",
        ),
        (ProofFacts(embedded=True, complete=True, probes=(probe(Outcome.PASSED),)), "objects"),
    ],
)
def test_proof_level(facts: ProofFacts, level: str) -> None:
    """Only real answers of passed probes raise the proof level, and never on the embedded one."""
    assert proven(facts) == level


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Its data is gone.", "claim a/b: Its data is gone."),
        ("It was restored live.", "claim a/b: It was restored live."),
        ("Item 3 of claim a/b is gone.", "Item 3 of claim a/b is gone."),
    ],
)
def test_a_reason_says_what_it_is_about(message: str, reason: str) -> None:
    found = replace(finding(Severity.CRITICAL), subject="claim a/b", message=message)
    _, reasons = decide(replace(GOOD, findings=(found,)))
    assert [each.message for each in reasons] == [reason]
