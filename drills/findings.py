"""Findings: what was noticed that is wrong or risky. Values, never exceptions."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs: `critical` fails the drill, `warning` makes it `warned`."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Cause(StrEnum):
    """Whose trouble it is: only `backup` blames the backup."""

    BACKUP = "backup"
    ENVIRONMENT = "environment"
    CAPACITY = "capacity"
    REGISTRY = "registry"
    ISOLATION = "isolation"
    CONFIGURATION = "configuration"
    PROBE = "probe"
    RUNNER = "runner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing noticed, with what to do next.

    `unanswered` marks a finding that kept a required question from being asked: it makes the
    verdict `inconclusive` where nothing worse was found.
    """

    code: str
    """Stable kebab-case id, `volume-not-in-backup`."""
    severity: Severity
    cause: Cause
    subject: str
    """What it is about, `persistentvolumeclaim production/data-ledger-0`."""
    message: str
    remedy: str
    unanswered: bool = False


def warning(
    code: str, subject: str, message: str, remedy: str, *, cause: Cause, unanswered: bool = False
) -> Finding:
    """Return a warning; `unanswered` where it kept a required question from being asked."""
    return Finding(
        code=code,
        severity=Severity.WARNING,
        cause=cause,
        subject=subject,
        message=message,
        remedy=remedy,
        unanswered=unanswered,
    )
