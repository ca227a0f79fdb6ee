"""The drills in a folder."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from drills.errors import Missing
from reports import render_json, to_document
from reports.history import history
from tests.reports import records


def _write(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).mkdir()
    path = folder / name / "report.json"
    path.write_bytes(data)
    return path


def test_newest_first(tmp_path: Path) -> None:
    for day in (2, 0, 1):
        moved = records.START + timedelta(days=day)
        record = replace(records.embedded(), drill_id=f"day-{day}", started_at=moved)
        _write(tmp_path, record.drill_id, render_json(to_document(record)))
    found = history(tmp_path)
    assert [drill.drill_id for drill in found.drills] == ["day-2", "day-1", "day-0"]
    assert (found.drills[0].verdict, found.drills[0].environment) == ("passed", "embedded")
    assert (found.drills[0].rto_seconds, found.broken) == (2.1, ())


def test_broken_reports_are_named(tmp_path: Path) -> None:
    """One broken file hides no other, and is not hidden itself."""
    _write(tmp_path, "good", render_json(to_document(records.passed())))
    broken = _write(tmp_path, "half", b'{"schemaVersion": "1.0"')
    found = history(tmp_path)
    assert len(found.drills) == 1
    assert [entry.path for entry in found.broken] == [broken]
    assert "no valid JSON" in found.broken[0].reason


def test_empty_folder(tmp_path: Path) -> None:
    assert history(tmp_path).drills == ()


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="no report folder"):
        history(tmp_path / "nowhere")
