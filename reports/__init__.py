"""What is shown of a drill, made from its DrillRecord and from nothing else.

In: a DrillRecord, which `to_document` turns into the JSON object of `report.json`. Out: bytes.
`report.json` is the truth; every other renderer takes the document, never the record, so that what
a page says can always be found in the file that an auditor keeps. Nothing here knows a cluster.

Start with json_report.py; schema/report.schema.json is the contract for readers. Names are looked
up on first use: a command that writes no report does not pay for its renderers.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reports.html_report import render_html
    from reports.json_report import render_json, to_document
    from reports.junit_report import render_junit
    from reports.loading import ReportUnreadable, load_any, load_report
    from reports.reading import Document
    from reports.renderers import FILE_NAMES, RENDERERS, VERIFY_RENDERERS, render
    from reports.text_report import render_text, summary_lines
    from reports.verify_html import render_verify_html
    from reports.verify_json import to_verify_document
    from reports.verify_summary import verify_summary_lines

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

_HOMES = {
    "Document": "reading",
    "ReportUnreadable": "loading",
    "load_any": "loading",
    "load_report": "loading",
    "render_html": "html_report",
    "render_json": "json_report",
    "render_junit": "junit_report",
    "render_text": "text_report",
    "render_verify_html": "verify_html",
    "summary_lines": "text_report",
    "to_document": "json_report",
    "to_verify_document": "verify_json",
    "verify_summary_lines": "verify_summary",
}


def __getattr__(name: str) -> object:
    """Return the public name from the module it lives in."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  here and nowhere else

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'renderers')}"), name)
