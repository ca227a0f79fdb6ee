"""Findings as policy writes them: promises that are not kept are the configuration's trouble."""

from collections.abc import Sequence
from dataclasses import replace

from drills.findings import Cause, Finding, Severity, warning

SHOWN = 4


def remark(
    code: str, subject: str, message: str, remedy: str, *, severity: Severity = Severity.WARNING
) -> Finding:
    """Return a finding about a promise."""
    found = warning(code, subject, message, remedy, cause=Cause.CONFIGURATION)
    return replace(found, severity=severity)


def unasked(code: str, subject: str, message: str, remedy: str) -> Finding:
    """Return a finding for what could not be asked."""
    return warning(code, subject, message, remedy, cause=Cause.CONFIGURATION, unanswered=True)


def some(names: Sequence[str]) -> str:
    """Return the first few names, and that there are more."""
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")


def sized(size: float) -> str:
    """Return bytes in words, `1.5 GiB`; negative sizes keep their sign."""
    amount = float(size)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if abs(amount) < 1024:  # noqa: PLR2004 - a binary unit
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"
