"""Findings as this engine writes them: whose trouble it is, in one word."""

from drills.errors import DrillError
from drills.findings import Cause, Finding, Severity, warning


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


def warned(code: str, subject: str, message: str, remedy: str) -> Finding:
    """Return a warning that blames the backup."""
    return warning(code, subject, message, remedy, cause=Cause.BACKUP)


def unasked(code: str, subject: str, message: str, remedy: str) -> Finding:
    """Return a finding that kept a question from being asked, blamed on the environment."""
    return warning(code, subject, message, remedy, cause=Cause.ENVIRONMENT, unanswered=True)


def refused(code: str, subject: str, error: DrillError, what: str) -> Finding:
    """Return the finding for an error that kept us from doing `what`; its cause is kept."""
    message = f"{what}: {error}.".replace("..", ".")
    remedy = error.hint or "Mend what the message names, then drill again."
    return warning(code, subject, message, remedy, cause=error.cause, unanswered=True)


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
