"""Findings as this engine writes them: whose trouble it is, in one word."""

from drills.errors import DrillError
from drills.findings import Cause, Finding, Severity


def damage(code: str, subject: str, message: str, remedy: str = "") -> Finding:
    """Return a critical finding that blames the backup."""
    return Finding(
        code=code,
        severity=Severity.CRITICAL,
        cause=Cause.BACKUP,
        subject=subject,
        message=message,
        remedy=remedy or "Take a new backup, drill that one, and look at this one's backup log.",
    )


def unasked(code: str, subject: str, message: str, remedy: str) -> Finding:
    """Return a finding that kept a question from being asked, blamed on the environment."""
    return Finding(
        code=code,
        severity=Severity.WARNING,
        cause=Cause.ENVIRONMENT,
        subject=subject,
        message=message,
        remedy=remedy,
        unanswered=True,
    )


def refused(code: str, subject: str, error: DrillError, what: str) -> Finding:
    """Return the finding for an error that kept us from doing `what`; its cause is kept."""
    return Finding(
        code=code,
        severity=Severity.WARNING,
        cause=error.cause,
        subject=subject,
        message=f"{what}: {error}.".replace("..", "."),
        remedy=error.hint or "Mend what the message names, then drill again.",
        unanswered=True,
    )


def warning(code: str, subject: str, message: str, remedy: str, *, cause: Cause) -> Finding:
    """Return a warning."""
    return Finding(
        code=code,
        severity=Severity.WARNING,
        cause=cause,
        subject=subject,
        message=message,
        remedy=remedy,
    )


def note(code: str, subject: str, message: str, remedy: str = "Nothing to do.") -> Finding:
    """Return something worth knowing that weighs nothing."""
    return Finding(
        code=code,
        severity=Severity.INFO,
        cause=Cause.ENVIRONMENT,
        subject=subject,
        message=message,
        remedy=remedy,
    )
