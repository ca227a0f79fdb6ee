"""Reading a genuine backup, whole and damaged, from the store and through Velero."""

import gzip
import json
from collections.abc import Callable

import pytest

from drills.engine import Inspection
from drills.engines import engine_factory
from drills.engines.velero.kinds import (
    BACKUP,
    DOWNLOAD_REQUEST,
    POD_VOLUME_BACKUP,
    REPOSITORY,
)
from drills.errors import Forbidden, Interrupted, Unreachable
from drills.findings import Cause, Severity
from tests.drills.engines.velero.archives import config_map, tarball
from tests.fakes.velero import PRODUCTION, FakeVelero, packed

FOLDER = f"backups/{PRODUCTION}/{PRODUCTION}"
ARCHIVE = f"{FOLDER}.tar.gz"
LIST = f"{FOLDER}-resource-list.json.gz"
INFO = f"{FOLDER}-volumeinfo.json.gz"
SAVED = f"{FOLDER}-podvolumebackups.json.gz"

Damage = Callable[[FakeVelero], None]
BOTH_WAYS = pytest.mark.parametrize("with_store", [True, False], ids=["store", "downloads"])


def inspect(
    velero: FakeVelero, *, with_store: bool = True, source: str = "production"
) -> Inspection:
    engine = engine_factory("velero")(
        velero.ports(with_store=with_store), namespace=None, options={}
    )
    (backup,) = engine.list_backups()
    return engine.inspect(backup, {source: "backup-test"})


def codes(inspection: Inspection) -> set[str]:
    return {f.code for f in inspection.findings if f.severity is not Severity.INFO}


@BOTH_WAYS
def test_a_genuine_backup_is_read_wholly(*, with_store: bool) -> None:
    found = inspect(FakeVelero(), with_store=with_store)
    assert codes(found) == set()
    assert found.inventory is not None
    assert len(found.inventory.objects) == 59
    assert found.inventory.namespaces == {"production"}
    assert found.inventory.cluster_version == "v1.34.4"
    assert str(found.inventory.recovery_point) == "2026-11-21 08:50:09+00:00"
    (volume,) = found.inventory.volumes
    assert (volume.claim, volume.bytes, volume.has_data) == ("data-ledger-0", 819, True)


def test_data_older_than_the_backups_start_moves_the_recovery_point() -> None:
    velero = FakeVelero()
    rows = json.loads(gzip.decompress(velero.store.files[INFO]))
    rows[0]["startTimestamp"] = "2026-11-21T08:00:00Z"
    velero.store.files[INFO] = packed(rows)
    found = inspect(velero)
    assert found.inventory is not None
    assert str(found.inventory.recovery_point) == "2026-11-21 08:00:00+00:00"


def cut(velero: FakeVelero) -> None:
    velero.store.files[ARCHIVE] = velero.store.files[ARCHIVE][:-1000]


def flip(velero: FakeVelero) -> None:
    damaged = bytearray(velero.store.files[ARCHIVE])
    damaged[len(damaged) // 2] ^= 1
    velero.store.files[ARCHIVE] = bytes(damaged)


def empty(velero: FakeVelero) -> None:
    velero.store.files[ARCHIVE] = b""


def no_resources(velero: FakeVelero) -> None:
    velero.store.files[ARCHIVE] = tarball({"metadata/version": b"1.1.0\n"})


@BOTH_WAYS
@pytest.mark.parametrize("damage", [cut, flip, empty, no_resources])
def test_a_damaged_archive_is_the_backups_fault(damage: Damage, *, with_store: bool) -> None:
    velero = FakeVelero()
    damage(velero)
    found = inspect(velero, with_store=with_store)
    assert found.inventory is None
    (finding,) = (f for f in found.findings if f.code in {"archive-damaged", "archive-empty"})
    assert (finding.severity, finding.cause, finding.unanswered) == (
        Severity.CRITICAL,
        Cause.BACKUP,
        False,
    )


@BOTH_WAYS
def test_an_archive_that_is_gone_is_the_backups_fault(*, with_store: bool) -> None:
    velero = FakeVelero()
    del velero.store.files[ARCHIVE]
    found = inspect(velero, with_store=with_store)
    assert found.inventory is None
    assert codes(found) == {"archive-missing"}


def test_objects_lost_from_the_archive_are_named() -> None:
    velero = FakeVelero()
    files = dict([("metadata/version", b"1.1.0\n"), config_map("shop-config")])
    velero.store.files[ARCHIVE] = tarball(files)
    found = inspect(velero)
    (lost,) = (f.message for f in found.findings if f.code == "archive-incomplete")
    assert "1 ConfigMap (production/kube-root-ca.crt)" in lost
    assert "Deployment.apps (production/" in lost


def test_an_archive_with_more_than_its_list_is_damage() -> None:
    velero = FakeVelero()
    listed = json.loads(gzip.decompress(velero.store.files[LIST]))
    del listed["v1/Secret"]
    velero.store.files[LIST] = packed(listed)
    found = inspect(velero)
    assert codes(found) == {"object-unlisted"}
    assert any("secrets/namespaces/production" in f.message for f in found.findings)


def test_a_source_namespace_the_backup_lacks_is_critical() -> None:
    """Velero restores nothing from it and calls that Completed."""
    found = inspect(FakeVelero(), source="billing")
    assert codes(found) == {"namespace-not-in-backup"}
    assert found.inventory is not None


def skipped(velero: FakeVelero) -> None:
    rows = json.loads(gzip.decompress(velero.store.files[INFO]))
    rows[0] |= {"skipped": True, "skippedReason": "opted out", "backupMethod": ""}
    velero.store.files[INFO] = packed(rows)


def failed_upload(velero: FakeVelero) -> None:
    for backup in velero.cluster.list(POD_VOLUME_BACKUP):
        velero.cluster.put({**backup, "status": {"phase": "Failed"}})


def no_upload(velero: FakeVelero) -> None:
    for backup in velero.cluster.list(POD_VOLUME_BACKUP):
        metadata = backup["metadata"]
        assert isinstance(metadata, dict)
        velero.cluster.drop(POD_VOLUME_BACKUP, "velero", metadata["name"])
    velero.store.files[SAVED] = packed(None)


@BOTH_WAYS
@pytest.mark.parametrize("damage", [skipped, failed_upload, no_upload])
def test_a_claim_without_its_data_is_critical(damage: Damage, *, with_store: bool) -> None:
    velero = FakeVelero()
    damage(velero)
    found = inspect(velero, with_store=with_store)
    assert "volume-not-in-backup" in codes(found)


@pytest.mark.parametrize("part", ["", "kopia.repository", "x", "p", "q"])
def test_a_repository_that_lacks_a_part_is_critical(part: str) -> None:
    velero = FakeVelero()
    for key in list(velero.store.files):
        if key.startswith(f"kopia/production/{part}"):
            del velero.store.files[key]
    found = inspect(velero)
    (finding,) = found.findings
    assert (finding.code, finding.severity) == ("volume-data-missing", Severity.CRITICAL)
    assert "production/data-ledger-0" in finding.subject


def test_an_empty_pack_is_a_note_beside_a_drill() -> None:
    """It need not be one that this backup's snapshots use; the restore reads those."""
    velero = FakeVelero()
    pack = next(key for key in velero.store.files if key.startswith("kopia/production/p"))
    velero.store.files[pack] = b""
    (finding,) = inspect(velero).findings
    assert (finding.code, finding.severity) == ("repository-unclear", Severity.INFO)


def test_the_embedded_cluster_opens_no_repository_and_says_so() -> None:
    velero = FakeVelero()
    velero.cluster.embedded = True
    pack = next(key for key in velero.store.files if key.startswith("kopia/production/p"))
    velero.store.files[pack] = b""
    (finding,) = inspect(velero).findings
    assert (finding.code, finding.severity) == ("repository-unclear", Severity.WARNING)
    assert not finding.unanswered
    assert "did not open the repository" in finding.message
    assert "real cluster" in finding.remedy


def test_without_the_store_veleros_word_on_the_repository_counts() -> None:
    velero = FakeVelero()
    velero.cluster.put(
        {
            "apiVersion": REPOSITORY.api_version,
            "kind": REPOSITORY.kind,
            "metadata": {"name": "production-default-kopia", "namespace": "velero"},
            "spec": {
                "volumeNamespace": "production",
                "backupStorageLocation": "default",
                "repositoryType": "kopia",
            },
            "status": {"phase": "NotReady", "message": "wrong password"},
        }
    )
    (finding,) = inspect(velero, with_store=False).findings
    assert finding.code == "repository-not-ready"
    assert finding.unanswered


def test_a_small_file_that_is_damaged_is_the_backups_fault() -> None:
    velero = FakeVelero()
    velero.store.files[LIST] = velero.store.files[LIST][:-10]
    assert codes(inspect(velero)) == {"file-damaged"}


def test_files_that_older_versions_did_not_write_are_no_fault() -> None:
    velero = FakeVelero()
    del velero.store.files[INFO]
    velero.cluster.change(BACKUP, "velero", PRODUCTION, {"status": {"hookStatus": None}})
    found = inspect(velero, with_store=False)
    assert codes(found) == set()
    assert found.inventory is not None
    assert found.inventory.volumes[0].has_data


def test_the_backups_own_errors_are_told() -> None:
    velero = FakeVelero()
    results = {"errors": {"namespaces": {"production": ["timed out on pods/x"]}}}
    velero.store.files[f"{FOLDER}-results.gz"] = packed(results)
    status = {"errors": 1, "phase": "PartiallyFailed"}
    velero.cluster.change(BACKUP, "velero", PRODUCTION, {"status": status})
    found = inspect(velero, with_store=False)
    assert codes(found) == {"backup-had-errors", "backup-partially-failed"}
    assert any("pods/x" in f.message for f in found.findings)


@pytest.mark.parametrize(
    ("status", "more"),
    [
        ({}, set()),
        ({"warnings": 2}, {"BackupResults"}),
        ({"errors": 1, "volumeSnapshotsAttempted": 3}, {"BackupResults", "BackupVolumeSnapshots"}),
    ],
)
def test_only_files_that_can_tell_something_are_asked_of_velero(
    status: dict[str, int], more: set[str]
) -> None:
    """It serves one request after the other, a tenth of a second each."""
    velero = FakeVelero()
    asked: list[str] = []
    velero.cluster.react(
        "create", DOWNLOAD_REQUEST, lambda one: asked.append(one["spec"]["target"]["kind"])
    )
    velero.cluster.change(BACKUP, "velero", PRODUCTION, {"status": status})
    assert inspect(velero, with_store=False).inventory is not None
    assert sorted(asked) == sorted(
        {"BackupContents", "BackupResourceList", "BackupVolumeInfos"} | more
    )


def test_a_store_that_lacks_the_backup_is_passed_by() -> None:
    velero = FakeVelero()
    everything = dict(velero.store.files)
    ports = velero.ports()
    engine = engine_factory("velero")(ports, namespace=None, options={})
    (backup,) = engine.list_backups()
    velero.store.list = lambda prefix: iter(())  # type: ignore[method-assign]
    found = engine.inspect(backup, {"production": "backup-test"})
    assert velero.store.files == everything
    assert "store-without-backup" in {f.code for f in found.findings}
    assert found.inventory is not None


@pytest.mark.parametrize(
    "error", [Unreachable("no answer"), Forbidden("may not read", hint="grant s3:GetObject")]
)
@BOTH_WAYS
def test_trouble_in_reading_is_not_blamed_on_the_backup(
    error: Unreachable | Forbidden, *, with_store: bool
) -> None:
    velero = FakeVelero()
    velero.store.failures[ARCHIVE] = error
    found = inspect(velero, with_store=with_store)
    assert found.inventory is None
    (finding,) = found.findings
    assert finding.unanswered
    assert finding.cause is not Cause.BACKUP


def test_a_download_nobody_hands_out_is_unanswered() -> None:
    velero = FakeVelero()
    velero.unanswered = {"BackupContents"}
    found = inspect(velero, with_store=False)
    (finding,) = found.findings
    assert finding.unanswered
    assert finding.code == "file-not-read"


def test_a_right_that_is_missing_is_unanswered() -> None:
    velero = FakeVelero()
    error = Forbidden("may not create downloadrequests")
    velero.cluster.refuse("create", DOWNLOAD_REQUEST, error)
    (finding,) = inspect(velero, with_store=False).findings
    assert finding.unanswered
    assert finding.cause is Cause.CONFIGURATION


def test_a_backup_that_vanished_meanwhile_is_unanswered() -> None:
    velero = FakeVelero()
    engine = engine_factory("velero")(velero.ports(), namespace=None, options={})
    (backup,) = engine.list_backups()
    velero.cluster.drop(BACKUP, "velero", backup.name)
    (finding,) = engine.inspect(backup, {"production": "x"}).findings
    assert finding.unanswered


@BOTH_WAYS
def test_reading_stops_when_asked(*, with_store: bool) -> None:
    velero = FakeVelero()
    velero.stopped = True
    with pytest.raises(Interrupted):
        inspect(velero, with_store=with_store)


def test_no_request_is_left_behind_and_no_url_is_told() -> None:
    velero = FakeVelero()
    found = inspect(velero, with_store=False)
    assert velero.cluster.list(DOWNLOAD_REQUEST) == ()
    assert "memory:" not in repr((found, velero.listener.actions, velero.journal.lines))
