"""What drills leave on disk, through the commands that read it."""

import json
import zipfile
from pathlib import Path

import pytest

from runner.cli import main

ROOT = Path(__file__).resolve().parents[2]
QUICKSTART = str(ROOT / "scenarios" / "quickstart.yaml")


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report folder with one passed and one failed drill."""
    folder = tmp_path_factory.mktemp("records")
    assert main(["run", QUICKSTART, "--report-dir", str(folder)]) == 0
    other = folder / "other.yaml"
    text = Path(QUICKSTART).read_text()
    other.write_text(text.replace("maxAge: 26h", "maxAge: 1s"))
    assert main(["run", str(other), "--report-dir", str(folder)]) == 1
    return folder


def reports(folder: Path) -> dict[str, Path]:
    """Return report.json by verdict."""
    found = {json.loads(p.read_text())["verdict"]: p for p in folder.glob("*/report.json")}
    assert set(found) == {"passed", "failed"}
    return found


def test_list_names_all_and_the_broken(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Newest first, with verdict and place; a file that is no report is named, not hidden."""
    assert main(["report", "list", "--report-dir", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["failed", "passed"]
    broken = folder / "broken"
    broken.mkdir()
    (broken / "report.json").write_text("{")
    try:
        assert main(["report", "list", "--report-dir", str(folder)]) == 1
        assert "broken" in capsys.readouterr().err
    finally:
        (broken / "report.json").unlink()
        broken.rmdir()


def test_show_ends_with_the_verdict(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder or its report.json; the last line is the verdict's."""
    path = reports(folder)["passed"]
    for named in (path, path.parent):
        assert main(["report", "show", str(named)]) == 0
        assert capsys.readouterr().out.splitlines()[-1].startswith("passed  quickstart")


def test_compare_says_what_got_worse(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Worse ends with 1, better with 0."""
    found = reports(folder)
    good, bad = str(found["passed"]), str(found["failed"])
    assert main(["report", "compare", good, bad]) == 1
    assert "worse" in capsys.readouterr().out
    assert main(["report", "compare", good, good]) == 0


@pytest.mark.parametrize(
    ("kind", "begins"), [("html", "<!doctype html>"), ("junit", "<?xml"), ("json", "{")]
)
def test_render_again(folder: Path, tmp_path: Path, kind: str, begins: str) -> None:
    """Every format can be made from report.json alone, and is what the drill wrote."""
    path, output = reports(folder)["passed"], tmp_path / "out"
    assert main(["report", "render", "--to", kind, "-o", str(output), str(path)]) == 0
    assert output.read_text().lower().startswith(begins)
    written = {"html": "report.html", "junit": "junit.xml", "json": "report.json"}[kind]
    assert output.read_bytes() == (path.parent / written).read_bytes()


def test_evidence_of_a_period(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exported, intact; after a change in one byte, broken with exit code 1."""
    archive = tmp_path / "evidence.zip"
    export = ["evidence", "export", "--report-dir", str(folder), "--from", "2020-01-01"]
    scheduled = ["--scenario", str(ROOT / "scenarios" / "production-weekly.yaml")]
    assert main([*export, *scheduled, "-o", str(archive)]) == 0
    assert "2 drills" in capsys.readouterr().out
    assert main(["evidence", "verify", str(archive)]) == 0
    with zipfile.ZipFile(archive) as intact:
        files = {name: intact.read(name) for name in intact.namelist()}
    changed = next(name for name in files if name.endswith("report.json"))
    files[changed] = files[changed].replace(b"failed", b"passed").replace(b"quick", b"quack")
    with zipfile.ZipFile(archive, "w") as forged:
        for name, content in files.items():
            forged.writestr(name, content)
    assert main(["evidence", "verify", str(archive)]) == 1
    shown = capsys.readouterr()
    assert changed in shown.err
    assert shown.out.splitlines()[-1].startswith("broken")


def test_missed_drills_are_gaps(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A schedule without its drills shows as gaps in the evidence."""
    arguments = ["evidence", "export", "--report-dir", str(folder)]
    arguments += ["--from", "2026-01-01", "--to", "2026-02-01", "-o", str(tmp_path / "e.zip")]
    arguments += ["--scenario", str(ROOT / "scenarios" / "production-weekly.yaml")]
    assert main(arguments) == 0
    assert "0 drills, 4 gaps" in capsys.readouterr().out


@pytest.mark.parametrize("which", ["scenario", "report"])
def test_schemas_are_printed(which: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed is the published schema."""
    assert main(["schema", which]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"].endswith("2020-12/schema")


def test_plan(capsys: pytest.CaptureFixture[str]) -> None:
    """A plan says what would be restored, left out and asked, and what Velero would be given."""
    assert main(["plan", QUICKSTART]) == 0
    shown = capsys.readouterr().out
    assert "restore  1 deployments.apps of production" in shown
    assert "leave out  1 ingresses.networking.k8s.io of production" in shown
    assert "probe  shop answers" in shown
    assert shown.splitlines()[-1].startswith("passed  quickstart  embedded")
    assert main(["plan", "--manifests", QUICKSTART]) == 0
    manifests = json.loads(capsys.readouterr().out)
    assert manifests["restore"]["spec"]["namespaceMapping"] == {"production": "backup-test"}
    assert manifests["restore"]["spec"]["existingResourcePolicy"] == "none"


def test_verify_reads_the_backup(capsys: pytest.CaptureFixture[str]) -> None:
    """A backup that reads well passes, and says that it was not restored."""
    assert main(["verify", QUICKSTART]) == 0
    shown = capsys.readouterr().out
    assert "59 objects, 1 volumes" in shown
    assert "not restored" in shown.splitlines()[-1]
