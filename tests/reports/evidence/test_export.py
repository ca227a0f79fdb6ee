"""What an evidence archive holds."""

import hashlib
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from drills.errors import Misconfigured
from reports.evidence import Period, Scheduled, contents, export, verify
from reports.loading import schema_problems
from reports.writing import write_atomically
from tests.reports import records
from tests.reports.evidence.conftest import NOVEMBER, NOW

Archive = Callable[..., Path]


def _manifest(path: Path) -> dict:
    with zipfile.ZipFile(path) as file:
        return json.loads(file.read("manifest.json"))


def _export(paths: list[Path], **more: object) -> bytes:
    return export(paths, period=NOVEMBER, now=NOW, tool_version="0.1.0", **more)


def test_every_drill_of_the_period_whatever_its_verdict(archive: Archive) -> None:
    manifest = _manifest(archive())
    assert schema_problems(manifest, "evidence") == ()
    assert [drill["verdict"] for drill in manifest["drills"]] == ["passed", "failed", "passed"]
    assert manifest["verdicts"] == {"failed": 1, "passed": 2}
    assert manifest["outsidePeriod"] == 1
    assert manifest["drills"][2]["environment"] == "embedded"


def test_reports_go_in_byte_for_byte(archive: Archive, reports: list[Path]) -> None:
    with zipfile.ZipFile(archive()) as file:
        for path in reports[:3]:
            assert file.read(f"drills/{path.parent.name}/report.json") == path.read_bytes()
            assert f"drills/{path.parent.name}/report.html" in file.namelist()


def test_same_input_same_bytes(reports: list[Path], key_pair: tuple[bytes, bytes]) -> None:
    """Also when the reports are handed in another order."""
    one = _export(reports, private_key=key_pair[0])
    assert one == _export(reports[::-1], private_key=key_pair[0])


def test_gaps(archive: Archive) -> None:
    """A Monday without a drill is a gap; one drill answers for one Monday only."""
    mondays = [records.START.replace(minute=0, second=0, microsecond=0)]
    mondays = [mondays[0] + timedelta(days=7 * week) for week in (-2, -1, 0, 1)]
    due = [Scheduled(scenario="production-weekly", at=at) for at in mondays]
    manifest = _manifest(archive(scheduled=due))
    assert manifest["scheduleKnown"] is True
    assert [gap["scheduledAt"][:10] for gap in manifest["gaps"]] == [
        "2026-11-09",
        "2026-11-16",
        "2026-11-30",
    ]


def test_a_drill_may_still_begin(archive: Archive) -> None:
    """What is due but within its grace is no gap yet."""
    due = [
        Scheduled(scenario="late", at=NOVEMBER.end - timedelta(hours=1), grace=timedelta(days=1))
    ]
    assert _manifest(archive(scheduled=due))["gaps"] == []


def test_without_a_schedule_the_manifest_says_so(archive: Archive) -> None:
    assert _manifest(archive())["scheduleKnown"] is False


def test_unreadable_reports_are_named(reports: list[Path], tmp_path: Path) -> None:
    """A report that cannot be read does not vanish."""
    reports[0].write_bytes(b"{")
    path = tmp_path / "evidence.zip"
    path.write_bytes(_export(reports))
    (broken,) = _manifest(path)["unreadable"]
    assert broken["name"] == f"{reports[0].parent.name}/report.json"
    assert "no valid JSON" in broken["reason"]
    assert verify(path) == ()


def test_two_reports_of_one_drill(reports: list[Path], tmp_path: Path) -> None:
    """The same file twice is one drill; two that differ are refused."""
    twin = tmp_path / "report.json"
    shutil.copy(reports[0], twin)
    assert _export([*reports, twin]) == _export(reports)
    twin.write_text(twin.read_text().replace('"warned"', '"passed"').replace("ledger", "other"))
    with pytest.raises(Misconfigured, match="they differ"):
        _export([*reports, twin])


def test_period_the_wrong_way_round(reports: list[Path]) -> None:
    backwards = Period(start=NOVEMBER.end, end=NOVEMBER.start)
    with pytest.raises(Misconfigured, match="ends before it begins"):
        export(reports, period=backwards, now=NOW, tool_version="0.1.0")


def test_empty_period_is_evidence_too(tmp_path: Path) -> None:
    path = tmp_path / "evidence.zip"
    path.write_bytes(_export([]))
    assert verify(path) == ()
    assert contents(path).drills == ()


def test_no_key_in_the_message(reports: list[Path]) -> None:
    with pytest.raises(Misconfigured) as caught:
        _export(reports, private_key=b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n")
    assert "c2VjcmV0" not in str(caught.value)


def test_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "evidence.zip"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert [found.name for found in tmp_path.iterdir()] == ["evidence.zip"]


def test_sha256sum_agrees(archive: Archive, tmp_path: Path) -> None:
    """The README's first command works with the tool that auditors have."""
    folder = tmp_path / "unzipped"
    with zipfile.ZipFile(archive()) as file:
        file.extractall(folder)
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("sha256sum is not installed here")
    done = subprocess.run(
        [tool, "-c", "SHA256SUMS"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert done.stdout.count(": OK") == len(files) - 1


def test_openssl_agrees(archive: Archive, key_pair: tuple[bytes, bytes], tmp_path: Path) -> None:
    """The commands of the README, run as they stand, verify the signature."""
    folder = tmp_path / "unzipped"
    with zipfile.ZipFile(archive(private_key=key_pair[0])) as file:
        file.extractall(folder)
    bash, openssl = shutil.which("bash"), shutil.which("openssl")
    if bash is None or openssl is None or shutil.which("python3") is None:
        pytest.skip("bash, openssl or python3 is not installed here")
    (folder / "KEY.pub").write_bytes(key_pair[1])
    text = (folder / "README.txt").read_text()
    script = text[text.index("    TYPE=") : text.index("  It must say")]
    script = script.replace("/tmp/", f"{tmp_path}/")  # noqa: S108 - the README's, made ours
    done = subprocess.run(
        [bash, "-euc", script], cwd=folder, capture_output=True, text=True, check=False, timeout=30
    )
    assert "Signature Verified Successfully" in done.stdout, done.stderr


def test_hashes_in_the_manifest(archive: Archive) -> None:
    path = archive()
    with zipfile.ZipFile(path) as file:
        for line in _manifest(path)["files"]:
            data = file.read(line["path"])
            assert (line["bytes"], line["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
