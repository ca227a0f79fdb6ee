"""Findings of drills in which nothing was asked, or nothing came back."""

from drills.findings import Cause, Finding, Severity


def nothing_asked() -> Finding:
    """Return what stands against a drill without probes."""
    return Finding(
        code="nothing-asked",
        severity=Severity.WARNING,
        cause=Cause.PROBE,
        subject="probes",
        message="The scenario asks the restored application nothing.",
        remedy="Add probes; without one the drill shows only that objects came back.",
    )


def nothing_restored() -> Finding:
    """Return what keeps a drill from an answer where only empty namespaces came back."""
    return Finding(
        code="nothing-restored",
        severity=Severity.WARNING,
        cause=Cause.CONFIGURATION,
        subject="sandbox",
        message="Nothing came back into the sandbox, so there is nothing to ask.",
        remedy="Look at what the backup holds (`plan`) and at what the scenario leaves out.",
        unanswered=True,
    )
