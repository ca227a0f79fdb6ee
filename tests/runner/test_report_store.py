"""Reports copied to a bucket, and never beside backups."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from runner.cli import main
from tests.fakes.velero import SAMPLE

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "records"


@pytest.fixture(name="s3")
def _s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}")
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()
    server.stop()


def url(client: Any, prefix: str) -> str:  # noqa: ANN401 - boto3's client
    return f"s3://{BUCKET}/{prefix}?endpoint={client.meta.endpoint_url}"


def run(tmp_path: Path, store: str) -> int:
    scenario = str(ROOT / "scenarios" / "quickstart.yaml")
    return main(["run", scenario, "--report-dir", str(tmp_path), "--report-store", store])


def test_reports_are_kept(s3: Any, tmp_path: Path) -> None:  # noqa: ANN401 - boto3's client
    """Every file of the drill's folder is in the bucket, byte for byte."""
    assert run(tmp_path, url(s3, "drills")) == 0
    (folder,) = tmp_path.glob("quickstart-*")
    for file in folder.iterdir():
        kept = s3.get_object(Bucket=BUCKET, Key=f"drills/{folder.name}/{file.name}")
        assert kept["Body"].read() == file.read_bytes()


@pytest.mark.parametrize("prefix", ["velero", "velero/reports", "velero/a/b"])
def test_never_beside_backups(
    s3: Any,  # noqa: ANN401 - boto3's client
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    prefix: str,
) -> None:
    """A prefix that holds backups, or lies in one that does, is refused before anything is done."""
    s3.put_object(Bucket=BUCKET, Key="velero/backups/daily/velero-backup.json", Body=b"{}")
    assert run(tmp_path, url(s3, prefix)) == 2
    assert "Unavailable" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_reports_of_checks_are_kept(s3: Any, tmp_path: Path) -> None:  # noqa: ANN401 - boto3's client
    """`verify` copies its report too, byte for byte, and never into the bucket that it reads."""
    place = ["--report-dir", str(tmp_path), "--report-store", url(s3, "checks")]
    assert main(["verify", "--no-state", "--bucket", str(SAMPLE), *place]) == 0
    (folder,) = tmp_path.glob("verify-*")
    for name in ("verify.json", "verify.html"):
        kept = s3.get_object(Bucket=BUCKET, Key=f"checks/{folder.name}/{name}")
        assert kept["Body"].read() == (folder / name).read_bytes()


def test_a_check_without_its_store_does_not_begin(
    s3: Any,  # noqa: ANN401 - boto3's client
    capsys: pytest.CaptureFixture[str],
) -> None:
    s3.put_object(Bucket=BUCKET, Key="velero/backups/daily/velero-backup.json", Body=b"{}")
    place = ["--report-store", url(s3, "velero/reports")]
    assert main(["verify", "--no-state", "--bucket", str(SAMPLE), *place]) == 2
    told = capsys.readouterr()
    assert "Unavailable" in told.err
    assert told.out == ""


def test_a_bucket_that_is_not_there(
    s3: Any,  # noqa: ANN401 - boto3's client
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A missing bucket is said before the drill, not after it."""
    assert run(tmp_path, url(s3, "x").replace(BUCKET, "absent")) == 2
    assert "absent" in capsys.readouterr().err
