"""What is shown of a drill, made from its DrillRecord and from nothing else.

In: a DrillRecord, which `to_document` turns into the JSON object of `report.json`. Out: bytes.
`report.json` is the truth; every other renderer takes the document, never the record, so that what
a page says can always be found in the file that an auditor keeps. Nothing here knows a cluster.

Start with json_report.py; schema/report.schema.json is the contract for readers.
"""

from collections.abc import Callable, Mapping

from reports.html_report import render_html
from reports.json_report import render_json, to_document
from reports.junit_report import render_junit
from reports.loading import ReportUnreadable, load_any, load_report
from reports.reading import Document
from reports.text_report import render_text, summary_lines
from reports.verify_html import render_verify_html
from reports.verify_json import to_verify_document
from reports.verify_summary import render_verify_text, verify_summary_lines

RENDERERS: Mapping[str, Callable[[Document], bytes]] = {
    "json": render_json,
    "html": render_html,
    "junit": render_junit,
    "text": render_text,
}
"""Kind of report to what renders it."""

VERIFY_RENDERERS: Mapping[str, Callable[[Document], bytes]] = {
    "json": render_json,
    "html": render_verify_html,
    "text": render_verify_text,
}
"""The same for a `verify.json`; JUnit has no words for it."""

FILE_NAMES: Mapping[str, str] = {
    "json": "report.json",
    "html": "report.html",
    "junit": "junit.xml",
    "text": "summary.txt",
}
"""Kind of report to the name of its file in a drill's folder."""


def render(document: Document, kind: str) -> bytes:
    """Return the document as `json`, `html`, `junit` or `text`.

    Raises:
        KeyError: there is no such kind; RENDERERS has them all.
    """
    return RENDERERS[kind](document)


__all__ = [
    "FILE_NAMES",
    "RENDERERS",
    "VERIFY_RENDERERS",
    "Document",
    "ReportUnreadable",
    "load_any",
    "load_report",
    "render",
    "render_html",
    "render_json",
    "render_junit",
    "render_text",
    "render_verify_html",
    "summary_lines",
    "to_document",
    "to_verify_document",
    "verify_summary_lines",
]
