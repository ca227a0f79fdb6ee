"""What came out badly while something else was amiss is an open question."""

from dataclasses import replace

import pytest

from drills.doubt import doubted_findings, doubted_probes
from drills.findings import Cause, Finding, Severity
from drills.record import Outcome, ProbeRecord
from scenarios.model import ProofLevel

CRASH = Finding(
    code="crash-loop",
    severity=Severity.CRITICAL,
    cause=Cause.BACKUP,
    subject="deployment shop",
    message="It keeps ending.",
    remedy="Read its log.",
)
PROBE = ProbeRecord(
    name="rows",
    kind="sql",
    required=True,
    proves=ProofLevel.DATA,
    outcome=Outcome.FAILED,
    attempts=3,
    seconds=1.0,
    expected="1 row",
    observed="0 rows",
    message="0 rows",
)


def test_what_would_be_critical_is_left_open() -> None:
    (finding,) = doubted_findings([CRASH], "the store was away")
    assert (finding.severity, finding.cause) == (Severity.WARNING, Cause.ENVIRONMENT)
    assert finding.unanswered
    assert finding.message == "It keeps ending (but the store was away)."


def test_other_findings_stay() -> None:
    others = (replace(CRASH, severity=Severity.WARNING), replace(CRASH, unanswered=True))
    assert doubted_findings(others, "why") == others


def test_a_failed_probe_is_left_open() -> None:
    (probe,) = doubted_probes([PROBE], "the store was away", Cause.ENVIRONMENT)
    assert (probe.outcome, probe.cause) == (Outcome.INCONCLUSIVE, Cause.ENVIRONMENT)
    assert probe.message == "0 rows (but the store was away)"


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.FAILED}))
def test_other_probes_stay(outcome: Outcome) -> None:
    probe = replace(PROBE, outcome=outcome)
    assert doubted_probes([probe], "why", None) == (probe,)
