"""`verify --policy` and `--restorability` as a user meets them."""

import os
import shutil
from pathlib import Path

import pytest

from runner.cli import main
from tests.e2e.buckets import Bucket
from tests.fakes.velero import SAMPLE

SCENARIO = """\
apiVersion: drills/v1
kind: RestoreDrill
metadata: {name: shop}
spec:
  cluster: {embedded: true}
  backup: {engine: velero, schedule: production-daily}
  restore: {namespaces: {production: backup-test}}
  objectives: {rpo: 1d}
  retention: {daily: 30d{more}}
"""


@pytest.fixture(name="scenario")
def _scenario(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO.replace("{more}", ""))
    return path


def test_a_scenario_with_everything_asked(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Backups are the cluster's, the store is the one named beside it."""
    arguments = ["verify", "--policy", "--restorability", "--bucket", str(SAMPLE)]
    code = main([*arguments, "--storage-limit", "1Ti", str(scenario)])
    said = capsys.readouterr().out
    assert code == 0
    for words in ("The worst gap", "The store holds", "The workloads name", "limit of 1.0 TiB"):
        assert words in said


def test_a_promised_copy_that_nobody_can_see_is_an_open_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO.replace("{more}", ", replica: s3://elsewhere"))
    code = main(["verify", "--policy", str(path)])
    assert code == 3
    assert "--bucket" in capsys.readouterr().out


def test_a_bucket_and_its_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A volume's data that was not copied makes the copy worthless."""
    bucket = Bucket(tmp_path)
    bucket.change_status(expiration="2999-01-01T00:00:00Z")
    copy = tmp_path / "copy"
    shutil.copytree(bucket.folder, copy)
    arguments = ["verify", "--policy", "--no-state", "--namespace", "production"]
    arguments += ["--bucket", str(bucket.folder), "--replica", str(copy)]
    assert main(arguments) == 0
    shutil.rmtree(copy / "kopia")
    for path in bucket.folder.rglob("*"):
        os.utime(path, (0, 0))
    capsys.readouterr()
    assert main(arguments) == 1
    assert "kopia/production" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--replica", "x", "{scenario}"], "belong to --policy"),
        (["--storage-limit", "5Gi", "{scenario}"], "belong to --policy"),
        (["--restorability", "--bucket", "{bucket}"], "needs a SCENARIO"),
        (["--bucket", "{bucket}", "{scenario}"], "both only with --policy"),
        (["--policy", "--bucket", "{bucket}", "--storage-limit", "5G"], "a size such as 500Gi"),
        (["--policy", "--no-state", "--bucket", "{bucket}", "--replica", "/nowhere"], "no folder"),
    ],
)
def test_misuse(
    scenario: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    filled = [one.format(scenario=scenario, bucket=SAMPLE) for one in arguments]
    assert main(["verify", *filled]) == 2
    assert words in capsys.readouterr().err
