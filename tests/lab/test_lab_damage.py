"""Backups that were damaged in the bucket, as the real Velero brings them into the cluster."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from tests.lab.backups import BUCKET
from tests.lab.conftest import Lab
from tests.lab.control_plane import read_places
from tests.lab.drilling import Desk
from tests.lab.processes import FAKE_NODE, wait_until
from tests.lab.restores import name_of, newest_backup

if TYPE_CHECKING:
    from botocore.client import BaseClient

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("own_lab")]

_SYNC_SECONDS = 90.0  # whatever its period says, the server looks once a minute
_API = "velero.io/v1"

Files = dict[str, bytes]


def _archive(files: Files) -> str:
    return next(name for name in files if name.endswith(".tar.gz"))


def _cut(files: Files) -> None:
    name = _archive(files)
    files[name] = files[name][: len(files[name]) * 2 // 3]


def _flip(files: Files) -> None:
    name = _archive(files)
    spoiled = bytearray(files[name])
    spoiled[len(spoiled) // 2] ^= 0x10
    files[name] = bytes(spoiled)


def _remove(files: Files) -> None:
    del files[_archive(files)]


DAMAGES: Mapping[str, Callable[[Files], None]] = {"cut": _cut, "flip": _flip, "remove": _remove}


@pytest.fixture(scope="module")
def damaged(lab: Lab, own_lab: None) -> Iterator[Mapping[str, str]]:
    """A damaged copy of the lab's backup for each damage: its name in the cluster.

    Velero takes the copies in when it syncs.
    """
    store = _store()
    original = name_of(newest_backup(lab.cluster, lab.velero_namespace))
    names = {damage: f"lab-{damage}-{secrets.token_hex(3)}" for damage in DAMAGES}
    keys: list[str] = []
    try:
        for damage, name in names.items():
            files = _copy(store, original, name)
            DAMAGES[damage](files)
            for key, content in files.items():
                store.put_object(Bucket=BUCKET, Key=key, Body=content)
                keys.append(key)
        _await(lab, "synced backups", lambda found: set(names.values()) <= found)
        yield names
    finally:
        for key in keys:
            store.delete_object(Bucket=BUCKET, Key=key)
        for name in set(names.values()) & _backups(lab):
            lab.cluster.delete(_API, "Backup", name, lab.velero_namespace)


def _store() -> "BaseClient":
    import boto3  # noqa: PLC0415 - slow to import, and only these tests need it

    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{read_places(FAKE_NODE).s3}",
        region_name="us-east-1",
        aws_access_key_id="lab",
        aws_secret_access_key="lab",
    )


def _copy(store: "BaseClient", original: str, name: str) -> Files:
    """Returns the files of a backup as those of another one, which no schedule made."""
    listed = store.list_objects_v2(Bucket=BUCKET, Prefix=f"backups/{original}/")["Contents"]
    files = {}
    for key in (entry["Key"] for entry in listed):
        content = store.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        if key.endswith("/velero-backup.json"):
            document = json.loads(content)
            document["metadata"] |= {"name": name, "labels": {}}
            content = json.dumps(document).encode()
        files[key.replace(original, name)] = content
    return files


def _await(lab: Lab, what: str, ready: Callable[[set[str]], bool]) -> None:
    wait_until(what, lambda: ready(_backups(lab)), seconds=_SYNC_SECONDS)


def _backups(lab: Lab) -> set[str]:
    return {name_of(found) for found in lab.cluster.list(_API, "Backup", lab.velero_namespace)}


@pytest.mark.parametrize("damage", sorted(DAMAGES))
@pytest.mark.usefixtures("damaged", "nothing_left")
def test_a_damaged_backup_fails_before_anything_is_made(
    desk: Desk, sandbox: str, damaged: Mapping[str, str], damage: str
) -> None:
    """Velero calls all of them Completed."""
    query = {"engine": "velero", "namespace": "velero", "name": damaged[damage]}
    with desk.run(desk.scenario(sandbox, backup=query)) as drill:
        ended = drill.end()
    assert ended.code == 1, ended.text
    assert ended.part("backup")["phase"] == "Completed"
    assert {reason["cause"] for reason in ended.rows("reasons")} == {"backup"}
    assert [stage["name"] for stage in ended.rows("stages")][:2] == ["select", "verify"]
    made = {line["resource"].split()[0] for line in ended.lines if line.get("action") == "create"}
    assert made <= {"ServerStatusRequest", "DownloadRequest"}
    assert desk.journals == ()
