"""The real kopia opens the repository that a real Velero wrote, whole and damaged.

Needs the `kopia` binary on PATH: `go install github.com/kopia/kopia@latest`, or a release.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from drills.adapters.folder_store import FolderStore
from drills.adapters.kopia import KopiaReader, kopia_at_hand
from drills.adapters.shell import LocalShell
from drills.adapters.store import open_store
from drills.engines.velero.bucket import VeleroBucket
from drills.integrity.contract import BucketPorts, Wish
from drills.integrity.result import BackupCheck, State
from drills.ports import ObjectStore
from runner.cli import main
from tests.drills.integrity.buckets import INFO, PVBS, documents, put
from tests.fakes.clock import FakeClock
from tests.fakes.velero import PRODUCTION, SAMPLE

pytestmark = pytest.mark.skipif(kopia_at_hand() is None, reason="kopia is not on PATH")

HANDLE = "942374b025d9ef35f4e06556f669e26c"
SESSION = "sf5ac20b8db1c028a147"
"""The session that wrote the snapshot's file and its manifest."""


@pytest.fixture(name="bucket")
def _bucket(tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(SAMPLE, tmp_path / "bucket"))
    for file in copy.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    return copy


@pytest.fixture(name="s3_url")
def _s3_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The bucket in moto, below a prefix."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="velero")
    for path in SAMPLE.rglob("*"):
        if path.is_file():
            key = f"cluster/{path.relative_to(SAMPLE).as_posix()}"
            client.put_object(Bucket="velero", Key=key, Body=path.read_bytes())
    yield f"s3://velero/cluster?endpoint={endpoint}"
    client.close()
    server.stop()


def check(bucket: Path, percent: int = 0, password: str | None = None) -> BackupCheck:
    return check_store(FolderStore(bucket), percent, password)


def check_store(store: ObjectStore, percent: int, password: str | None = None) -> BackupCheck:
    binary = kopia_at_hand()
    assert binary is not None
    read = KopiaReader(LocalShell(), binary, store, password, read_percent=percent)
    velero = VeleroBucket(BucketPorts(store=store, clock=FakeClock(), snapshots=read))
    (listed,) = velero.backups(Wish(names=frozenset({PRODUCTION})))
    return velero.check(listed, lambda _: None)


def told(found: BackupCheck) -> dict[str, str]:
    return {finding.code: finding.message for finding in found.findings}


def blob(bucket: Path, begins: str, session: str = SESSION) -> Path:
    (path,) = (bucket / "kopia" / "production").glob(f"{begins}*{session}*")
    return path


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def spoil(path: Path) -> None:
    """Change the first half: kopia fills packs up with random bytes that mean nothing."""
    body = bytearray(path.read_bytes())
    body[: len(body) // 2] = bytes(byte ^ 4 for byte in body[: len(body) // 2])
    path.write_bytes(body)


def sums(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(("percent", "words"), [(0, "no file was read"), (100, "every file")])
def test_a_sound_repository_is_opened_and_left_as_it_was(
    bucket: Path, percent: int, words: str
) -> None:
    before = sums(bucket)
    found = check(bucket, percent)
    assert found.state is State.GOOD
    assert words in told(found)["snapshots-opened"]
    assert sums(bucket) == before


DAMAGES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "data pack gone": ("p", Path.unlink, "snapshot-damaged"),
    "data pack cut off": ("p", cut, "snapshot-damaged"),
    "metadata pack gone": ("q", Path.unlink, "repository-damaged"),
    "metadata pack cut off": ("q", cut, "repository-damaged"),
    "metadata pack spoiled": ("q", spoil, "repository-damaged"),
    "index cut off": ("xn", cut, "repository-damaged"),
    "index spoiled": ("xn", spoil, "repository-damaged"),
    "index gone": ("xn", Path.unlink, "snapshot-missing"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named(bucket: Path, damage: str) -> None:
    begins, act, code = DAMAGES[damage]
    act(blob(bucket, begins))
    found = check(bucket)
    assert code in told(found)
    assert found.state is State.DAMAGED


def test_a_spoiled_data_pack_shows_when_it_is_read(bucket: Path) -> None:
    """Without reading nobody can know, and the report says that no file was read."""
    spoil(blob(bucket, "p"))
    assert "no file was read" in told(check(bucket))["snapshots-opened"]
    found = check(bucket, 100)
    assert "snapshot-damaged" in told(found)
    assert found.state is State.DAMAGED


def test_what_other_backups_lose_is_a_warning(bucket: Path) -> None:
    """A pack that only another pod's snapshot needs: this backup is read, and is whole."""
    blob(bucket, "p", "sb5a0bd78f098fd02147").unlink()
    found = check(bucket)
    assert "read and are whole" in told(found)["repository-loses-data"]
    assert "every file was read" in told(found)["snapshots-opened"]


def test_another_password_is_unknown_and_not_damage(bucket: Path) -> None:
    found = check(bucket, password="another")
    assert found.state is State.UNKNOWN
    assert "invalid repository password" in told(found)["repository-not-opened"]


def test_a_snapshot_that_is_not_there_is_missing(bucket: Path) -> None:
    files = {key: (bucket / key).read_bytes() for key in (INFO, PVBS)}
    other = HANDLE[::-1]
    for key in (INFO, PVBS):
        put(files, key, json.loads(json.dumps(documents(files, key)).replace(HANDLE, other)))
        (bucket / key).write_bytes(files[key])
    found = check(bucket)
    assert other in told(found)["snapshot-missing"]


def test_a_bucket_over_s3_is_opened_the_same_way(s3_url: str) -> None:
    found = check_store(open_store(s3_url), 100)
    assert found.state is State.GOOD
    assert "every file was read" in told(found)["snapshots-opened"]


def test_the_command_reads_volume_data(bucket: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = ["verify", "--no-state", "--bucket", str(bucket), "--volume-data", "100"]
    assert main(order) == 0
    assert "every file was read" in capsys.readouterr().out
    spoil(blob(bucket, "p"))
    assert main(order) == 1
    assert "snapshot-damaged" in capsys.readouterr().out
