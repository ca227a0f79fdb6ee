"""What comes of `verify` besides its text: reports, metrics, exit codes."""

import json
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from drills.findings import Cause, Finding, Severity
from drills.integrity.result import State
from reports import to_verify_document, verify_summary_lines
from reports.loading import schema_problems
from reports.verify_record import CheckedBackup, Target, VerifyRecord
from runner.cli import main
from runner.exit_codes import ExitCode
from runner.verify_options import FailOn, VerifyOutput
from runner.verify_publish import publish_verify
from tests.fakes.velero import PRODUCTION, SAMPLE


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """A copy of the real bucket that may be damaged."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "bucket"))


def damage(bucket: Path) -> None:
    archive = bucket / "backups" / "bulk-1" / "bulk-1.tar.gz"
    archive.chmod(0o644)
    archive.write_bytes(archive.read_bytes()[:-100])


def verify(*args: object) -> int:
    return main(["verify", "--no-state", *map(str, args)])


def report_in(folder: Path) -> dict:
    (found,) = folder.glob("verify-*/verify.json")
    document = json.loads(found.read_text())
    assert schema_problems(document, "verify") == ()
    assert found.parent.name == document["verifyId"]
    assert b"<!doctype html>" in (found.parent / "verify.html").read_bytes()
    return document


def finding(severity: Severity, *, unanswered: bool = False) -> Finding:
    return Finding(
        code="x",
        severity=severity,
        cause=Cause.BACKUP,
        subject="backup",
        message="m",
        remedy="r",
        unanswered=unanswered,
    )


def test_a_buckets_report(bucket: Path, tmp_path: Path) -> None:
    damage(bucket)
    assert verify("--bucket", bucket, "--report-dir", tmp_path / "new" / "reports") == 1
    document = report_in(tmp_path / "new" / "reports")
    by_name = {one["name"]: one for one in document["backups"]}
    assert document["verdict"] == by_name["bulk-1"]["verdict"] == "damaged"
    assert by_name[PRODUCTION]["verdict"] == "good"
    assert by_name[PRODUCTION]["objects"] > 0
    assert by_name["bulk-1"]["findings"][0]["code"] == "archive-damaged"
    assert document["target"] == {"kind": "bucket", "name": str(bucket)}
    left_open = {one["what"] for one in document["notLookedAt"]}
    assert {"Whether a restore works", "Changes since an earlier run"} <= left_open
    assert sorted(p.name for p in next((tmp_path / "new" / "reports").iterdir()).iterdir()) == [
        "verify.html",
        "verify.json",
    ]


def test_a_scenarios_report(tmp_path: Path) -> None:
    scenario = Path("scenarios/quickstart.yaml").resolve()
    code = verify("--embedded", "--report-dir", tmp_path, scenario)
    document = report_in(tmp_path)
    assert code == {"good": 0, "damaged": 1, "unknown": 3}[document["verdict"]]
    assert document["target"]["kind"] == "scenario"
    assert [one["objects"] > 0 for one in document["backups"]] == [True]


def test_the_text_stays_as_it_is(
    bucket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where reports are goes to stderr."""
    assert verify("--bucket", bucket) == 0
    before = capsys.readouterr()
    assert verify("--bucket", bucket, "--report-dir", tmp_path / "r") == 0
    after = capsys.readouterr()
    assert [line.split()[:2] for line in before.out.splitlines()] == [
        line.split()[:2] for line in after.out.splitlines()
    ]
    assert (before.err, after.err.split("  ")[0]) == ("", "report")


@pytest.mark.parametrize(("fail_on", "code"), [("critical", 1), ("warning", 1), ("never", 0)])
def test_fail_on_a_damaged_backup(bucket: Path, fail_on: str, code: int, tmp_path: Path) -> None:
    """The exit code is the user's choice; the report's verdict is not."""
    damage(bucket)
    given = ("--bucket", bucket, "--backup", "bulk-1", "--report-dir", tmp_path / "r")
    assert verify(*given, "--fail-on", fail_on) == code
    assert report_in(tmp_path / "r")["verdict"] == "damaged"


@pytest.mark.parametrize(
    ("fail_on", "found", "code"),
    [
        (FailOn.CRITICAL, (finding(Severity.WARNING),), 0),
        (FailOn.WARNING, (finding(Severity.WARNING),), 1),
        (FailOn.WARNING, (finding(Severity.INFO),), 0),
        (FailOn.WARNING, (finding(Severity.WARNING, unanswered=True),), 3),
        (FailOn.NEVER, (finding(Severity.CRITICAL),), 0),
        (FailOn.NEVER, (finding(Severity.CRITICAL), finding(Severity.INFO, unanswered=True)), 3),
        (FailOn.CRITICAL, (finding(Severity.CRITICAL), finding(Severity.INFO, unanswered=True)), 1),
    ],
)
def test_what_stayed_open_is_three(fail_on: FailOn, found: tuple[Finding, ...], code: int) -> None:
    assert VerifyOutput(fail_on=fail_on).code(found) == code


def test_what_was_not_asked_is_never_good() -> None:
    assert VerifyOutput(fail_on=FailOn.NEVER).code((), complete=False) == 3


def test_a_backup_under_way_is_three_whatever_fails(bucket: Path) -> None:
    metadata = bucket / "backups" / "bulk-1" / "velero-backup.json"
    metadata.chmod(0o644)
    metadata.write_text(metadata.read_text().replace('"Completed"', '"Deleting"'))
    assert verify("--bucket", bucket, "--backup", "bulk-1", "--fail-on", "never") == 3


def test_metrics_for_a_textfile_collector(bucket: Path, tmp_path: Path) -> None:
    damage(bucket)
    file = tmp_path / "verify.prom"
    file.write_text("old")
    assert verify("--bucket", bucket, "--metrics", file) == 1
    samples = {
        (s.name, *(v for k, v in s.labels.items() if k != "location")): s
        for family in text_string_to_metric_families(file.read_text())
        for s in family.samples
    }
    prefix = "restore_drill_verify_"
    assert samples[f"{prefix}backups", "damaged"].value == 1
    assert samples[f"{prefix}backups", "good"].value == 1
    assert samples[f"{prefix}findings", "critical"].value >= 1
    assert samples[f"{prefix}good",].value == 0
    assert samples[f"{prefix}bytes",].value > 0
    assert samples[f"{prefix}seconds",].value > 0
    assert samples[f"{prefix}last_run_timestamp_seconds",].value > 1.7e9
    assert {s.labels["location"] for s in samples.values()} == {str(bucket)}
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


@pytest.mark.parametrize("option", ["--report-dir", "--metrics"])
def test_what_cannot_be_written_is_told_first(
    option: str, bucket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file stands where a folder is needed: nothing is read for hours in vain."""
    (tmp_path / "file").write_text("")
    assert verify("--bucket", bucket, option, tmp_path / "file" / "sub" / "x") == 2
    said = capsys.readouterr()
    assert (said.out, option in said.err) == ("", True)


@pytest.mark.parametrize(("code", "after"), [(ExitCode.OK, 3), (ExitCode.FAILED, 1)])
def test_a_report_that_cannot_be_written_is_no_success(
    code: ExitCode, after: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder took the file's place while backups were read."""
    record = VerifyRecord(
        verify_id="verify-1",
        target=Target.BUCKET,
        place="b",
        state=State.GOOD,
        started_at=datetime(2026, 11, 21, tzinfo=UTC),
        seconds=1.0,
        version="0",
        backups=(),
    )
    assert publish_verify(record, VerifyOutput(metrics=tmp_path), code) == after
    assert "could not be written" in capsys.readouterr().err


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "verify"]) == 0
    assert json.loads(capsys.readouterr().out)["$id"] == "urn:restore-drill-runner:verify:1.0"


@pytest.fixture(name="reports", scope="module")
def _reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a drill and, later, two checks: one good, one of a damaged bucket."""
    folder = tmp_path_factory.mktemp("reports")
    bucket = Path(shutil.copytree(SAMPLE, folder.parent / "bucket"))
    assert main(["run", "scenarios/quickstart.yaml", "--report-dir", str(folder)]) == 0
    assert verify("--bucket", bucket, "--report-dir", folder) == 0
    damage(bucket)
    assert verify("--bucket", bucket, "--report-dir", folder) == 1
    return folder


def test_the_list_tells_both_kinds_apart(reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "list", "--report-dir", str(reports)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[2]) for line in lines] == [
        ("damaged", "verify"),
        ("good", "verify"),
        ("passed", "drill"),
    ]
    assert all(Path(line[-1]).is_file() for line in lines)


def test_a_verify_report_that_cannot_be_read_is_named(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(reports, tmp_path / "copy"))
    path = next(folder.glob("verify-*/verify.json"))
    path.write_text('{"verifyId": "verify-1"}')
    assert main(["report", "list", "--report-dir", str(folder)]) == 1
    assert str(path) in capsys.readouterr().err


def damaged_report(reports: Path) -> Path:
    found = {json.loads(p.read_text())["verdict"]: p.parent for p in reports.glob("*/verify.json")}
    return found["damaged"]


@pytest.mark.parametrize("inside", ["", "verify.json"])
def test_show_names_what_is_damaged(
    reports: Path, inside: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "show", str(damaged_report(reports) / inside)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("damaged  bulk-1")
    assert any("bulk-1.tar.gz is damaged" in line for line in lines)
    assert lines[-1].startswith("damaged  /")


@pytest.mark.parametrize(("kind", "name"), [("html", "verify.html"), ("json", "verify.json")])
def test_render_again_gives_what_was_written(
    reports: Path, tmp_path: Path, kind: str, name: str
) -> None:
    folder, output = damaged_report(reports), tmp_path / "out"
    assert main(["report", "render", "--to", kind, "-o", str(output), str(folder)]) == 0
    assert output.read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("wish", [["render", "--to", "junit"], ["compare", "."]])
def test_what_a_check_has_not_is_said(
    reports: Path, wish: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(damaged_report(reports))
    if wish == ["compare", "."]:
        wish = ["compare", folder]
    assert main(["report", *wish, folder]) == 2
    assert "verify.json has no junit" in (told := capsys.readouterr().err) or "drills" in told


@pytest.mark.parametrize(("verdict", "first"), [(State.GOOD, "good"), (State.UNKNOWN, "unknown")])
def test_many_good_backups_are_counted_not_listed(verdict: State, first: str) -> None:
    good = [CheckedBackup(name=f"b-{i}", engine="velero", state=State.GOOD) for i in range(40)]
    odd = CheckedBackup(name="odd", engine="velero", state=verdict)
    record = VerifyRecord(
        verify_id="verify-x",
        target=Target.BUCKET,
        place="/b",
        state=verdict,
        started_at=datetime(2026, 11, 21, tzinfo=UTC),
        seconds=1.0,
        version="1",
        backups=(*good, odd),
    )
    lines = verify_summary_lines(to_verify_document(record), width=80)
    assert len(lines) < 8
    assert lines[0].startswith(first)
    assert f"{41 if verdict is State.GOOD else 40} backups more" in " ".join(lines)
