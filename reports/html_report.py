"""`report.html`: one page that needs nothing else, neither network nor script.

In: a report document. Out: HTML bytes. The words are in reports/templates, the numbers of the
waterfall in reports/timeline.py. The content security policy names the one style sheet by its hash
and refuses everything else, so that no text from a cluster can ever act in the reader's browser.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reports import headline, words
from reports.reading import Document, by_severity, flag, number, part, rows, word
from reports.timeline import timeline

if TYPE_CHECKING:
    from jinja2 import Environment

_PROBE_ORDER = ("failed", "inconclusive", "skipped", "passed")
WHOLE = 100.0
_TEMPLATES = Path(__file__).parent / "templates"


def render_html(document: Document) -> bytes:
    """Return the page as UTF-8; the same document always gives the same bytes."""
    css = _style_sheet()
    page = _environment().get_template("report.html.j2")
    return page.render(
        report=document,
        css=css,
        css_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        sentence=headline.sentence(document),
        claim=headline.EMBEDDED_CLAIM,
        timeline=timeline(document),
        probes=_probes(document),
        findings=by_severity(document),
        completeness=_completeness(document),
        objectives=[_objective(document, key) for key in ("rto", "rpo")],
    ).encode()


@cache
def _style_sheet() -> str:
    return (_TEMPLATES / "report.css").read_text(encoding="utf-8")


@cache
def _environment() -> "Environment":
    from jinja2 import (  # noqa: PLC0415 - slow to import, needed by this renderer alone
        Environment,
        FileSystemLoader,
        StrictUndefined,
    )

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        duration=words.duration, instant=words.instant, size=words.size, offset=_offset
    )
    environment.globals.update(plural=words.plural)
    return environment


def _offset(seconds: float | None) -> str:
    if seconds is None:
        return words.UNKNOWN
    return "0" if seconds == 0 else f"+{words.duration(seconds)}"


def _probes(document: Document) -> list[Document]:
    return sorted(
        rows(document, "probes"), key=lambda probe: _PROBE_ORDER.index(word(probe, "outcome"))
    )


def _completeness(document: Document) -> list[Document]:
    """Return the rows, those with something missing first."""
    return sorted(rows(part(document, "completeness"), "rows"), key=lambda row: not row["missing"])


def _objective(document: Document, key: str) -> dict[str, object]:
    found = part(document, "objectives", key)
    achieved, target = number(found, "achievedSeconds"), number(found, "targetSeconds")
    met = flag(found, "met")
    used = achieved / target * WHOLE if achieved is not None and target else None
    unknown = "none" if target is None else "unknown"
    return {
        "key": key,
        "achieved": achieved,
        "target": target,
        "state": {True: "met", False: "missed", None: unknown}[met],
        "used": None if used is None else round(min(max(used, 0.0), WHOLE), 2),
        "dataSeconds": number(found, "dataSeconds"),
        "worstCaseSeconds": number(found, "worstCaseSeconds"),
    }
