"""Answers that blame the wrong one: what was found while something else was amiss. Pure.

In: probe records and findings that came out badly, and why they are in doubt. Out: the same, as
questions left open. What came out well stays as it is.
"""

from collections.abc import Iterable
from dataclasses import replace

from drills.findings import Cause, Finding, Severity
from drills.record import Outcome, ProbeRecord

HINDERED = "not everything came back, for reasons outside the backup"


def doubted_probes(
    probes: Iterable[ProbeRecord], why: str, cause: Cause | None
) -> tuple[ProbeRecord, ...]:
    """Return the probes with every failure an open question."""
    return tuple(
        replace(
            probe,
            outcome=Outcome.INCONCLUSIVE,
            cause=cause,
            message=f"{probe.message} (but {why})",
        )
        if probe.outcome is Outcome.FAILED
        else probe
        for probe in probes
    )


def doubted_findings(findings: Iterable[Finding], why: str) -> tuple[Finding, ...]:
    """Return the findings with every critical one an open question."""
    return tuple(
        replace(
            finding,
            severity=Severity.WARNING,
            cause=Cause.ENVIRONMENT,
            message=f"{finding.message.removesuffix('.')} (but {why}).",
            unanswered=True,
        )
        if finding.severity is Severity.CRITICAL and not finding.unanswered
        else finding
        for finding in findings
    )
