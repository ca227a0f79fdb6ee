"""What the terminal prints of a `verify.json`: few lines, the verdict in the last one.

In: the document and a width. Out: lines without a line feed; with `colour`, the verdict's word
carries an ANSI colour.
"""

import textwrap
from collections.abc import Iterator

from reports import words
from reports.reading import Document, by_severity, count, number, part, rows, word
from reports.verify_html import verify_sentence

NARROWEST = 20
MANY = 12
"""Good backups beyond which only the others are named."""
_COLOURS = {"good": "32", "damaged": "31", "unknown": "35"}
_WORST_FIRST = ("damaged", "unknown", "good")


def verify_summary_lines(document: Document, *, width: int, colour: bool = False) -> list[str]:
    """Return the summary; the last line is the verdict line and is never wrapped."""
    paragraphs = [
        *_backups(document),
        *_findings(document, "the place as a whole"),
        *(f"not looked at: {word(one, 'what')}" for one in rows(document, "notLookedAt")),
        verify_sentence(document),
    ]
    lines = [line for text in paragraphs for line in _wrapped(text, max(width, NARROWEST))]
    return [*lines, "", _verdict_line(document, colour=colour)]


def render_verify_text(document: Document) -> bytes:
    """Return the summary at 80 columns as UTF-8."""
    return ("\n".join(verify_summary_lines(document, width=80)) + "\n").encode()


def _backups(document: Document) -> Iterator[str]:
    found = sorted(
        rows(document, "backups"), key=lambda one: _WORST_FIRST.index(word(one, "verdict"))
    )
    hidden = 0
    for backup in found:
        if word(backup, "verdict") == "good" and len(found) > MANY and not rows(backup, "findings"):
            hidden += 1
            continue
        objects = number(backup, "objects")
        held = "unknown" if objects is None else words.plural(int(objects), "object")
        yield (
            f"{word(backup, 'verdict'):<7}  {word(backup, 'name')}  {word(backup, 'phase') or '-'}"
            f"  {words.size(number(backup, 'bytes'))}  {held}"
        )
        yield from _findings(backup, "")
    if hidden:
        yield f"good     and {words.plural(hidden, 'backup')} more"


def _findings(document: Document, about: str) -> Iterator[str]:
    for finding in by_severity(document):
        severity = word(finding, "severity")
        if severity == "info":
            continue
        subject = about or word(finding, "subject")
        yield f"  {severity}: {subject}: {word(finding, 'message')} {word(finding, 'remedy')}"


def _verdict_line(document: Document, *, colour: bool) -> str:
    verdict, totals = word(document, "verdict"), part(document, "totals")
    shown = f"\x1b[1;{_COLOURS[verdict]}m{verdict}\x1b[0m" if colour else verdict
    return (
        f"{shown}  {word(part(document, 'target'), 'name')}"
        f"  {words.plural(count(totals, 'backups'), 'backup')}"
        f"  {words.size(number(totals, 'bytes'))} in "
        f"{words.duration(number(document, 'durationSeconds'))}  read, not restored"
    )


def _wrapped(text: str, width: int) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    return textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False) or [""]
