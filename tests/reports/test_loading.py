"""What is no report is refused with the reason, before anything is rendered."""

from pathlib import Path

import pytest

from reports import ReportUnreadable, load_report, render_json, to_document
from reports.loading import SIZE_LIMIT
from tests.reports import records


def test_a_report_is_read_back(tmp_path: Path) -> None:
    document = to_document(records.passed())
    path = tmp_path / "report.json"
    path.write_bytes(render_json(document))
    assert load_report(path) == document


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no valid JSON"),
        (b"[]", "no JSON object"),
        (b"\xff{}", "no valid JSON"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"verdict": "failed", "verdict": "passed"}', "'verdict' is given twice"),
        (b"[" * 200_000, "nested too deeply"),
        (b"{}", "'schemaVersion' is a required property"),
    ],
)
def test_broken_reports(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(data)
    with pytest.raises(ReportUnreadable, match=r"report\.json") as caught:
        load_report(path)
    assert said in str(caught.value)
    assert caught.value.hint


def test_too_large(tmp_path: Path) -> None:
    """A sparse file of any size is not read into memory whole."""
    path = tmp_path / "report.json"
    with path.open("wb") as file:
        file.truncate(SIZE_LIMIT * 16)
    with pytest.raises(ReportUnreadable, match="larger than"):
        load_report(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ReportUnreadable, match="No such file"):
        load_report(tmp_path / "report.json")


def test_wrong_value_is_named_with_its_path(tmp_path: Path) -> None:
    document = to_document(records.passed())
    document["probes"][1]["outcome"] = "great"
    path = tmp_path / "report.json"
    path.write_bytes(render_json(document))
    with pytest.raises(ReportUnreadable, match=r"probes\[1\]\.outcome.*great"):
        load_report(path)
