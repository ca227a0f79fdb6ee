"""Writes a drill's reports: whole or not at all, never half a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reports.writing import write_atomically

if TYPE_CHECKING:
    from drills.record import DrillRecord


class ReportStore(Protocol):
    """Where reports go besides the folder."""

    def keep(self, drill_id: str, files: Mapping[str, bytes]) -> None:
        """Keep a drill's files by name."""
        ...


def open_report_store(url: str | None) -> ReportStore | None:
    """Return the store behind `s3://bucket/prefix`, None without one; raises DrillError."""
    if url is None:
        return None
    from drills.adapters.report_store import ReportStore as S3Reports

    return S3Reports(url)


WRITTEN = ("html", "junit", "text", "json")
"""The truth last: a folder that has it has all, wherever a killed runner stopped."""


def publish(
    record: "DrillRecord", report_dir: Path, store: ReportStore | None = None
) -> tuple[Path, Mapping[str, object]]:
    """Write all renderings, into `store` too; return the report's folder and the document.

    Raises OSError where the folder cannot be written, DrillError where the store refuses.
    """
    from reports import FILE_NAMES, render, to_document

    document = to_document(record)
    folder = report_dir / record.drill_id
    folder.mkdir(parents=True, exist_ok=True)
    files = {FILE_NAMES[kind]: render(document, kind) for kind in WRITTEN}
    for name, content in files.items():
        write_atomically(folder / name, content)
    if store is not None:
        store.keep(record.drill_id, files)
    return folder, document
