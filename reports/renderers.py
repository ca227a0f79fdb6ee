"""Which kinds of report there are, what renders each, and what their files are called."""

from collections.abc import Callable, Mapping

from reports.html_report import render_html
from reports.json_report import render_json
from reports.junit_report import render_junit
from reports.reading import Document
from reports.text_report import render_text
from reports.verify_html import render_verify_html
from reports.verify_summary import render_verify_text

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
