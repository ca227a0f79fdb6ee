"""Writes a drill's reports: whole or not at all, never half a file."""

from collections.abc import Mapping
from pathlib import Path

from drills.record import DrillRecord
from reports import FILE_NAMES, render, to_document
from reports.evidence import write_atomically

WRITTEN = ("json", "html", "junit", "text")


def publish(record: DrillRecord, report_dir: Path) -> tuple[Path, Mapping[str, object]]:
    """Write all renderings; return the report's folder and the document.

    Raises OSError where the folder cannot be written.
    """
    document = to_document(record)
    folder = report_dir / record.drill_id
    folder.mkdir(parents=True, exist_ok=True)
    for kind in WRITTEN:
        write_atomically(folder / FILE_NAMES[kind], render(document, kind))
    return folder, document
