"""Kept backups with data in CSI snapshots, or moved out of them: good, and what damages them.

Velero 1.18.3 wrote them in the lab, whose node has a CSI driver; see `tests/lab/csi_corpus.py`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.cli import main
from tests.lab import stored

FOLDER = Path(__file__).parent / "velero-1.18.3"
SNAPSHOT, MOVED = "csi-snapshot", "csi-data-mover"
UPLOADS = "datauploads.velero.io"
SNAPSHOTS = "volumesnapshots.snapshot.storage.k8s.io"
CONTENTS = "volumesnapshotcontents.snapshot.storage.k8s.io"
ONE = "archive"
"""Of what belongs to one of the two claims."""


def copied(backup: str, folder: Path, edit: stored.Edit) -> Path:
    """A copy of a kept bucket whose archive is another one."""
    bucket = folder / "bucket"
    for file in (path for path in (FOLDER / backup).rglob("*") if path.is_file()):
        target = bucket / file.relative_to(FOLDER / backup)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    archive = bucket / "backups" / backup / f"{backup}.tar.gz"
    archive.write_bytes(stored.edited(archive.read_bytes(), edit))
    return bucket


@pytest.mark.parametrize("backup", [SNAPSHOT, MOVED])
def test_verify_calls_them_good(backup: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["verify", "--bucket", str(FOLDER / backup), "--no-state"])
    said = capsys.readouterr().out
    assert code == 0, said
    assert said.startswith(f"good     {backup}"), said


def _failed(document: dict[str, Any]) -> None:
    document["status"]["phase"] = "Failed"


def _no_handle(document: dict[str, Any]) -> None:
    document.get("status", {}).pop("snapshotHandle", None)


DAMAGES: Mapping[str, tuple[str, stored.Edit]] = {
    "no VolumeSnapshot": (SNAPSHOT, stored.without(SNAPSHOTS, ONE)),
    "no VolumeSnapshotContent": (SNAPSHOT, stored.without(CONTENTS, ONE)),
    "a content that names no snapshot": (SNAPSHOT, stored.changed(CONTENTS, _no_handle, ONE)),
    "no DataUpload": (MOVED, stored.without(UPLOADS, ONE)),
    "two DataUploads": (MOVED, stored.twice(UPLOADS, ONE)),
    "a DataUpload that failed": (MOVED, stored.changed(UPLOADS, _failed, ONE)),
}


@pytest.mark.parametrize(("backup", "edit"), DAMAGES.values(), ids=DAMAGES)
def test_what_a_restore_would_not_find_is_damage(
    backup: str, edit: stored.Edit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = copied(backup, tmp_path, edit)
    code = main(["verify", "--bucket", str(bucket), "--no-state"])
    said = capsys.readouterr().out
    assert code == 1, said
    assert f"persistentvolumeclaim files/{ONE}" in said, said
    critical = [line for line in said.splitlines() if line.strip().startswith("critical")]
    assert not any("files/data:" in line for line in critical), said


@pytest.mark.parametrize("backup", [SNAPSHOT, MOVED])
def test_the_embedded_cluster_says_that_it_cannot_restore_them(
    backup: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRILL_STATE_DIR", str(tmp_path / "state"))
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(yaml.safe_dump(_scenario(backup)), encoding="utf-8")
    reports = tmp_path / "reports"
    words = ["--embedded", "--store", str(FOLDER / backup), "--report-dir", str(reports)]
    code = main(["run", *words, str(scenario)])
    (file,) = reports.glob("*/report.json")
    report = json.loads(file.read_bytes())
    assert (code, report["verdict"]) == (3, "inconclusive"), report["reasons"]
    assert {reason["cause"] for reason in report["reasons"]} == {"environment"}
    assert any("embedded cluster" in reason["message"] for reason in report["reasons"])


def _scenario(backup: str) -> dict[str, Any]:
    return {
        "apiVersion": "drills/v1",
        "kind": "RestoreDrill",
        "metadata": {"name": f"kept-{backup}", "owner": "developers"},
        "spec": {
            "cluster": {"embedded": True},
            "backup": {"engine": "velero", "namespace": "velero", "name": backup},
            "restore": {"namespaces": {"files": "drill-files"}, "deadline": "2m"},
            "objectives": {"rto": "2m", "rpo": "876000h"},
        },
    }
