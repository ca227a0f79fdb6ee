"""Folders that Velero does not see, and backups that hold nothing of what they were to cover."""

import gzip
import json

import pytest

from drills.engines.velero.bucket import VeleroBucket
from drills.integrity.contract import BucketPorts, Wish
from drills.integrity.result import BackupCheck, State
from tests.drills.integrity.buckets import (
    ARCHIVE,
    BULK,
    LIST,
    METADATA,
    REAL,
    Edit,
    Files,
    archive,
    check,
    codes,
    key,
    members,
    metadata,
    put,
)
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeStore
from tests.fakes.velero import PRODUCTION


def everything(files: Files, wish: Wish | None = None) -> dict[str, BackupCheck]:
    bucket = VeleroBucket(BucketPorts(store=FakeStore(files), clock=FakeClock()))
    listed = bucket.backups(wish or Wish())
    return {one.name: bucket.check(one, lambda _: None) for one in listed}


def without_metadata(files: Files) -> None:
    del files[METADATA]


def only_a_log(files: Files) -> None:
    """Velero uploads the log first; an upload that fails leaves it behind."""
    for name in [name for name in files if f"backups/{PRODUCTION}/" in name]:
        if not name.endswith("-logs.gz"):
            del files[name]


def a_foreign_folder(files: Files) -> None:
    only_a_log(files)
    del files[key("-logs.gz")]
    files[f"backups/{PRODUCTION}/.DS_Store"] = b"x"


@pytest.mark.parametrize("leave", [without_metadata, only_a_log, a_foreign_folder])
def test_a_folder_that_velero_does_not_see_is_named_once(leave: Edit) -> None:
    files = dict(REAL)
    leave(files)
    found = everything(files)
    assert [f.code for f in found[PRODUCTION].findings] == ["folder-not-a-backup"]
    assert found[PRODUCTION].state is State.GOOD
    assert not found[PRODUCTION].terminal
    assert found[BULK].state is State.GOOD


def test_a_backup_asked_for_by_name_is_no_leftover() -> None:
    files = dict(REAL)
    without_metadata(files)
    found = everything(files, Wish(names=frozenset({PRODUCTION})))
    assert "metadata-missing" in codes(found[PRODUCTION])
    assert found[PRODUCTION].state is State.DAMAGED


def keep(files: Files, *prefixes: str) -> None:
    """Leave only such entries in the archive, and make list and counts agree."""
    entries = {p: b for p, b in members(files).items() if p.startswith(("metadata/", *prefixes))}
    files[ARCHIVE] = archive(list(entries.items()))
    listed: dict[str, list[str]] = {}
    for path, body in entries.items():
        if path.startswith("resources/") and "preferredversion" not in path:
            found = json.loads(body)
            word = f"{found['apiVersion']}/{found['kind']}"
            listed.setdefault(word, []).append(found["metadata"]["name"])
    files[LIST] = gzip.compress(json.dumps(listed).encode())
    total = sum(map(len, listed.values()))
    metadata(lambda m: m["status"].update(progress={"totalItems": total, "itemsBackedUp": total}))(  # type: ignore[attr-defined]
        files
    )
    put(files, key("-podvolumebackups.json.gz"), None)
    put(files, key("-volumeinfo.json.gz"), None)


@pytest.mark.parametrize(
    "included", [["production"], ["prod*"], ["prod?ction"], ["*"], None], ids=str
)
def test_a_backup_that_holds_nothing_of_what_it_covers_is_not_plainly_good(
    included: list[str] | None,
) -> None:
    files = dict(REAL)
    keep(files, "resources/namespaces/")
    metadata(lambda found: found["spec"].update(includedNamespaces=included))(files)  # type: ignore[attr-defined]
    found = check(files)
    assert codes(found) == {"namespace-not-in-backup"}
    assert found.state is State.GOOD


def test_a_backup_of_cluster_scoped_kinds_is_meant_to_hold_no_namespace() -> None:
    files = dict(REAL)
    keep(files, "resources/namespaces/")
    spec = {"includedNamespaces": ["*"], "includedResources": ["namespaces"]}
    metadata(lambda found: found["spec"].update(spec))(files)  # type: ignore[attr-defined]
    assert codes(check(files)) == set()
