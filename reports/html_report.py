"""`report.html`: one page that needs nothing else, neither network nor script.

In: a report document. Out: HTML bytes. The words are in reports/templates, the numbers of the
waterfall in reports/timeline.py; reports/pages.py is what keeps texts from a cluster harmless.
"""

from reports import headline
from reports.pages import page
from reports.reading import Document, by_severity, flag, number, part, rows, word
from reports.timeline import timeline

_PROBE_ORDER = ("failed", "inconclusive", "skipped", "passed")
WHOLE = 100.0


def render_html(document: Document) -> bytes:
    """Return the page as UTF-8; the same document always gives the same bytes."""
    return page(
        "report.html.j2",
        report=document,
        sentence=headline.sentence(document),
        claim=headline.EMBEDDED_CLAIM,
        timeline=timeline(document),
        probes=_probes(document),
        findings=by_severity(document),
        completeness=_completeness(document),
        objectives=[_objective(document, key) for key in ("rto", "rpo")],
    )


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
