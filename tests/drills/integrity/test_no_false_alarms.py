"""Undamaged backups in the layouts of Velero 1.14 to 1.18 are good, and nothing is said of them."""

import gzip
import json

import pytest

from drills.integrity.result import State
from tests.drills.integrity.buckets import (
    ARCHIVE,
    BULK,
    INFO,
    LIST,
    METADATA,
    PVBS,
    REAL,
    Files,
    archive,
    check,
    codes,
    documents,
    key,
    members,
    put,
)
from tests.drills.integrity.objects import snapshot_objects
from tests.fakes.velero import PRODUCTION

CSI = ("-csi-volumesnapshots", "-csi-volumesnapshotcontents", "-csi-volumesnapshotclasses")
WRITTEN = {"1.14": CSI, "1.15": CSI, "1.16": CSI, "1.17": CSI[2:], "1.18": ()}
"""The CSI files that each version writes."""
NEWER_FIELDS = {"1.14": ("acceptedTimestamp", "incrementalBytes"), "1.17": ("incrementalBytes",)}


def layout(version: str, backup: str) -> Files:
    """Return the real backup as an older Velero would have written it."""
    files = dict(REAL)
    for suffix in WRITTEN[version]:
        put(files, key(f"{suffix}.json.gz", backup), None)
    if version < "1.18" and backup == PRODUCTION:
        rows = documents(files, PVBS)
        assert isinstance(rows, list)
        for word in NEWER_FIELDS["1.14" if version < "1.17" else "1.17"]:
            rows[0]["status"].pop(word, None)
        put(files, PVBS, rows)
    return files


@pytest.mark.parametrize("backup", [PRODUCTION, BULK])
@pytest.mark.parametrize("version", WRITTEN)
def test_an_undamaged_backup_is_good(version: str, backup: str) -> None:
    found = check(layout(version, backup), backup)
    assert codes(found) == set()
    assert found.state is State.GOOD
    assert found.terminal


def test_counts_that_nobody_wrote_are_not_zero() -> None:
    files = dict(REAL)
    backup = json.loads(files[METADATA])
    del backup["status"]["progress"]
    files[METADATA] = json.dumps(backup).encode()
    assert codes(check(files)) == set()


def test_hooks_that_ran_are_no_news() -> None:
    files = dict(REAL)
    backup = json.loads(files[METADATA])
    backup["status"]["hookStatus"] = {"hooksAttempted": 4}
    files[METADATA] = json.dumps(backup).encode()
    assert codes(check(files)) == set()


def test_an_archive_in_several_gzip_members_is_whole() -> None:
    """As tools write it that pack with many threads; Go's reader takes them for one."""
    plain, packed = gzip.decompress(REAL[ARCHIVE]), b""
    for at in range(0, len(plain), 7000):
        packed += gzip.compress(plain[at : at + 7000])
    assert codes(check({**REAL, ARCHIVE: packed})) == set()


def test_what_it_holds_is_counted_once() -> None:
    """The copies below version folders would double every count."""
    facts = check(dict(REAL), BULK).facts
    assert facts.objects == 1503
    assert facts.kinds == {"configmaps": 1501, "namespaces": 1, "serviceaccounts": 1}
    assert facts.namespaces == {"bulk": 1502}


def test_other_versions_of_an_object_are_no_doubles() -> None:
    """A server with API group versions enabled archives each object below every version."""
    files = dict(REAL)
    entries = members(files)
    path = "resources/horizontalpodautoscalers.autoscaling/namespaces/production/shop.json"
    entries[path.replace("autoscaling/", "autoscaling/v1/")] = entries[path]
    files[ARCHIVE] = archive(list(entries.items()))
    assert codes(check(files)) == set()


def test_copies_that_come_late_are_found() -> None:
    """A finalized backup's changed objects stand at the end of the archive, in any order."""
    files = dict(REAL)
    entries = sorted(members(files).items(), key=lambda entry: "preferredversion" in entry[0])
    files[ARCHIVE] = archive(entries)
    assert codes(check(files)) == set()


def test_long_names_are_no_damage() -> None:
    files = dict(REAL)
    entries, name = members(files), "n" * 230
    path = "resources/configmaps/namespaces/production/shop-config.json"
    body = entries[path].replace(b"shop-config", name.encode())
    for old in (path, path.replace("configmaps/", "configmaps/v1-preferredversion/")):
        entries[old.replace("shop-config", name)] = body
    files[ARCHIVE] = archive(list(entries.items()))
    listed = documents(files, LIST)
    assert isinstance(listed, dict)
    listed["v1/ConfigMap"].append(f"production/{name}")
    put(files, LIST, listed)
    found = json.loads(files[METADATA])
    found["status"]["progress"] = {"totalItems": 60, "itemsBackedUp": 60}
    put(files, METADATA, found)
    assert codes(check(files)) == set()


def test_a_volume_left_out_by_policy_is_a_warning() -> None:
    files = dict(REAL)
    row = {"pvcName": "data-ledger-0", "pvcNamespace": "production", "pvName": "local-1"}
    reason = "skipped due to policy in chosen resource policies "
    put(files, INFO, [{**row, "skipped": True, "skippedReason": reason}])
    put(files, PVBS, None)
    found = check(files)
    assert codes(found) == {"volume-skipped"}
    assert found.state is State.GOOD


def test_a_saved_volume_without_a_claim_is_no_damage() -> None:
    """File-system backup saves an emptyDir too; volumeinfo then names neither claim nor volume."""
    files = dict(REAL)
    info, backups = documents(files, INFO), documents(files, PVBS)
    assert isinstance(info, list)
    assert isinstance(backups, list)
    other = json.loads(json.dumps(backups[0]).replace("942374b0", "00000000"))
    other["spec"]["volume"] = "scratch"
    del other["metadata"]["annotations"]
    row = {"backupMethod": "PodVolumeBackup", "result": "succeeded"}
    details = {**info[0]["pvbInfo"], "volumeName": "scratch"}
    details["snapshotHandle"] = other["status"]["snapshotID"]
    put(files, INFO, [*info, {**row, "pvbInfo": details}])
    put(files, PVBS, [*backups, other])
    assert codes(check(files)) == set()


def test_a_snapshot_in_storage_only_is_told_and_no_damage() -> None:
    files = dict(REAL)
    row = {"pvcName": "data-ledger-0", "pvcNamespace": "production", "pvName": "local-1"}
    info = {"snapshotHandle": "s", "vscName": "v", "ReadyToUse": True}
    put(files, INFO, [{**row, "backupMethod": "CSISnapshot", "csiSnapshotInfo": info}])
    put(files, PVBS, None)
    snapshot_objects(files)
    found = check(files)
    assert codes(found) == set()
    assert "volume-in-storage-only" in {finding.code for finding in found.findings}


def test_a_backup_under_way_is_unknown_whatever_is_missing() -> None:
    """Velero writes the metadata before the rest, and rewrites it when plugins are done."""
    files = dict(REAL)
    found = json.loads(files[METADATA])
    found["status"] = {"phase": "WaitingForPluginOperations", "startTimestamp": _now()}
    put(files, METADATA, found)
    del files[key("-results.gz")]
    checked = check(files)
    assert codes(checked) == {"backup-unfinished"}
    assert checked.state is State.UNKNOWN
    assert not checked.terminal


def test_an_empty_backup_that_says_so_is_no_damage() -> None:
    files = {k: v for k, v in REAL.items() if BULK in k}
    entries = [("metadata/version", b"1.1.0\n")]
    files[key(".tar.gz", BULK)] = archive(entries)
    files[key("-resource-list.json.gz", BULK)] = gzip.compress(b"{}")
    where = key("velero-backup.json", BULK)
    found = json.loads(files[where])
    found["status"].pop("progress")
    put(files, where, found)
    checked = check(files, BULK)
    assert codes(checked) == {"archive-empty"}
    assert checked.state is State.GOOD


def _now() -> str:
    from tests.fakes.clock import FakeClock  # noqa: PLC0415 - one test needs it

    return FakeClock().now().isoformat()
