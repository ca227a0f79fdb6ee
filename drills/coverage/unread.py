"""What it means that the source could not be read. Pure: refusals in, findings out.

| what kept us from reading | `true`, `{except: ...}` | `auto` |
|---|---|---|
| the whole source is away, or its namespace is gone or another one | open question | note |
| a right to list is missing | open question | note, one for all kinds |
| an API did not answer | open question | warning |
"""

from collections.abc import Iterable, Iterator

from drills.coverage.reading import Unread
from drills.errors import DrillError, Forbidden
from drills.findings import Cause, Finding, Severity
from scenarios.model import SourceComparison

NOT_COMPARED = "not compared with the source"
SUBJECT = "backup.compareWithSource"
SHOWN = 8


def not_compared(wanted: SourceComparison, error: DrillError) -> Finding:
    """Return what to say where nothing could be compared."""
    if wanted.required:
        message = f"The backup could not be compared with what lives in the source: {error}."
        remedy = error.hint or "Set backup.compareWithSource to false for this scenario."
        return _open_question(SUBJECT, message, remedy, error.cause)
    return Finding(
        code="source-not-compared",
        severity=Severity.INFO,
        cause=Cause.CONFIGURATION,
        subject=SUBJECT,
        message=f"Not compared with the source: {error}. What the backup lacks of it is unknown.",
        remedy=error.hint or "Let `cluster:` name the cluster that the backup was taken of.",
    )


def partly_compared(wanted: SourceComparison, unread: Iterable[Unread]) -> Iterator[Finding]:
    """Yield what to say of kinds that could not be read."""
    missed = tuple(unread)
    if wanted.required:
        yield from (_unread(one, unanswered=True) for one in missed)
        return
    refused = sorted(one.subject for one in missed if isinstance(one.error, Forbidden))
    if refused:
        yield _without_rights(refused)
    for one in missed:
        if not isinstance(one.error, Forbidden):
            yield _unread(one, unanswered=False)


def _without_rights(refused: list[str]) -> Finding:
    more = f" and {len(refused) - SHOWN} more" if len(refused) > SHOWN else ""
    return Finding(
        code="source-not-compared",
        severity=Severity.INFO,
        cause=Cause.CONFIGURATION,
        subject=SUBJECT,
        message=(
            "Not compared with the source, for want of the right to list them: "
            f"{', '.join(refused[:SHOWN])}{more}. What the backup lacks of them is unknown."
        ),
        remedy=(
            "Grant list on these kinds in the source namespace (deploy/comparing/), or name them "
            "in backup.compareWithSource.except."
        ),
    )


def _unread(one: Unread, *, unanswered: bool) -> Finding:
    message = f"What lives of it in the source could not be listed: {one.error}.".replace("..", ".")
    remedy = one.error.hint or "Mend what the message names, then drill again."
    return _open_question(one.subject, message, remedy, one.error.cause, unanswered=unanswered)


def _open_question(
    subject: str, message: str, remedy: str, cause: Cause, *, unanswered: bool = True
) -> Finding:
    return Finding(
        code="source-not-read",
        severity=Severity.WARNING,
        cause=cause,
        subject=subject,
        message=message,
        remedy=remedy,
        unanswered=unanswered,
    )
