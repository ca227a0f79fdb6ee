"""Which files a backup must have depends on the Velero that wrote it."""

import json
from collections.abc import Iterable

import pytest

from drills.engines.velero.reader.layout import PASSING, Part
from drills.engines.velero.reader.versions import WRITTEN, Writers, Wrote, writers_of
from drills.integrity.result import State
from tests.drills.integrity.buckets import (
    INFO,
    METADATA,
    OPERATIONS,
    PVBS,
    REAL,
    RESULTS,
    Files,
    check,
    codes,
    documents,
    key,
    metadata,
    put,
)
from tests.drills.integrity.test_layouts import restic_repository
from tests.drills.integrity.test_one_judge import drilled, restorable

ALWAYS = (Part.METADATA, Part.ARCHIVE, Part.POD_VOLUME_BACKUPS, Part.RESOURCE_LIST)


def as_written_by(minor: int) -> Files:
    """Return the real backup with the files and the status that Velero 1.`minor` wrote."""
    files = dict(REAL)
    for part, writers in WRITTEN.items():
        if writers.first <= minor <= writers.last:
            if part in PASSING:
                put(files, key(part), [])
        else:
            files.pop(key(part), None)
    if minor < 13:
        metadata(lambda found: found["status"].pop("hookStatus"))(files)  # type: ignore[attr-defined]
    if minor < 10:
        rows = documents(files, PVBS)
        assert isinstance(rows, list)
        for row in rows:
            del row["spec"]["uploaderType"]
            row["status"]["snapshotID"] = restic_repository(files)
        put(files, PVBS, rows)
    return files


@pytest.mark.parametrize("minor", range(8, 19))
def test_what_its_version_never_wrote_is_not_missed(minor: int) -> None:
    files = as_written_by(minor)
    found = check(files)
    assert codes(found) == ({"saved-by-restic"} if minor < 10 else set())
    assert found.state is State.GOOD
    assert restorable(drilled(files))


@pytest.mark.parametrize("minor", range(8, 19))
@pytest.mark.parametrize("lost", ["-resource-list.json.gz", "-podvolumebackups.json.gz"])
def test_what_every_version_wrote_is_missed(minor: int, lost: str) -> None:
    files = as_written_by(minor)
    del files[key(lost)]
    assert "file-missing" in codes(check(files))


@pytest.mark.parametrize(
    ("minor", "lost"),
    [(11, RESULTS), (12, RESULTS), (13, INFO), (13, OPERATIONS), (18, RESULTS), (18, INFO)],
)
def test_what_its_version_wrote_for_certain_is_missed(minor: int, lost: str) -> None:
    files = as_written_by(minor)
    del files[lost]
    found = check(files)
    assert "file-missing" in codes(found)
    assert found.state is State.DAMAGED
    assert not restorable(drilled(files))


def test_what_cannot_be_known_is_said_and_no_damage() -> None:
    """Velero 1.10 wrote results, 1.9 did not, and nothing else tells them apart."""
    files = as_written_by(10)
    del files[RESULTS]
    del files[key("-itemsnapshots.json.gz")]
    found = check(files)
    assert found.state is State.GOOD
    (message,) = [f.message for f in found.findings if f.code == "file-perhaps-missing"]
    assert "results" in message
    assert "cannot be known" in message


@pytest.mark.parametrize("minor", [9, 10, 12])
def test_without_volumeinfo_pod_volume_backups_tell_of_the_data(minor: int) -> None:
    files = as_written_by(minor)
    rows = documents(files, PVBS)
    assert isinstance(rows, list)
    rows[0]["status"]["phase"] = "Failed"
    put(files, PVBS, rows)
    assert "volume-not-in-backup" in codes(check(files))


def test_a_restic_snapshot_of_an_old_backup_is_looked_for() -> None:
    files = as_written_by(9)
    for name in [name for name in files if name.startswith("restic/production/snapshots/")]:
        del files[name]
    assert "volume-data-missing" in codes(check(files))


def writers(present: Iterable[Part], *, hooks: bool) -> str:
    status = {"hookStatus": {}} if hooks else {}
    return str(writers_of((*ALWAYS, *present), {"status": status}))


@pytest.mark.parametrize(
    ("present", "hooks", "said"),
    [
        ((), False, "up to 1.12"),
        ((Part.RESULTS,), False, "1.10 to 1.12"),
        ((Part.RESULTS, Part.ITEM_SNAPSHOTS), False, "1.10"),
        ((Part.ITEM_OPERATIONS,), False, "1.11 to 1.12"),
        ((Part.VOLUME_INFO,), True, "1.13 or later"),
        ((Part.VOLUME_INFO, Part.CSI_SNAPSHOTS), True, "1.13 to 1.16"),
        ((Part.VOLUME_INFO,), False, "1.13 or later"),
        ((Part.ITEM_SNAPSHOTS, Part.VOLUME_INFO), True, "any version"),
    ],
)
def test_what_is_there_tells_the_writer(
    present: tuple[Part, ...],
    hooks: bool,
    said: str,
) -> None:
    assert writers(present, hooks=hooks) == said


def test_a_version_unknown_leaves_what_not_all_wrote_open() -> None:
    assert Writers().wrote(Part.VOLUME_INFO) is Wrote.PERHAPS
    assert Writers().wrote(Part.ARCHIVE) is Wrote.YES
    assert Writers(last=12).wrote(Part.VOLUME_INFO) is Wrote.NO
    assert json.loads(REAL[METADATA])["status"]["hookStatus"] == {}
