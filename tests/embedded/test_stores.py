"""Where backups come from: the sample, a copied folder, somebody's own bucket; and the sync."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.buckets import StoreNotUsable
from embedded.cluster import EmbeddedCluster
from embedded.s3_server import S3Server
from embedded.sample_bucket import SAMPLE, last_night, sample_files, sample_tarball
from tests.embedded.buckets_made import bucket, config_map, copied_sample
from tests.embedded.clusters import ask_restore, finished_restore, newest_backup, wait_until

BACKUP = "production-daily-20261121085009"
NOW = datetime(2027, 3, 4, 9, 30, tzinfo=UTC)


def _names(cluster: EmbeddedCluster) -> list[str]:
    found = cluster.objects.all("backups.velero.io", "velero")
    return [one["metadata"]["name"] for one in found]


def _digest(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_sample_is_last_nights() -> None:
    with EmbeddedCluster(now=lambda: NOW) as cluster:
        assert _names(cluster) == [
            "bulk-1",
            "production-daily-20270303020000",
            "production-daily-20270304020000",
        ]
        newest = cluster.objects.peek(
            "backups.velero.io", "velero", "production-daily-20270304020000"
        )
        assert newest is not None
        assert newest["status"]["startTimestamp"] == "2027-03-04T02:00:00Z"
        assert newest["status"]["completionTimestamp"] == "2027-03-04T02:00:06Z"
        assert newest["status"]["expiration"] == "2027-04-03T02:00:00Z"
        location = cluster.objects.peek("backupstoragelocations.velero.io", "velero", "default")
        assert location is not None
        assert location["metadata"]["annotations"] == {"embedded/sample": "re-dated"}


def test_another_night_brings_another_backup() -> None:
    """A cluster that lives for days still has a backup of last night."""
    clock = [NOW]
    with EmbeddedCluster(now=lambda: clock[0]) as cluster:
        clock[0] = NOW + timedelta(hours=10)
        cluster.velero.sync()
        assert len(_names(cluster)) == 3
        clock[0] = NOW + timedelta(days=1)
        cluster.velero.sync()
        assert newest_backup(cluster) == "production-daily-20270305020000"
        assert len(_names(cluster)) == 4


def test_re_dating_leaves_tarballs_and_kopia_as_velero_wrote_them() -> None:
    files = dict(sample_files(NOW))
    name = "production-daily-20270304020000"
    assert files[f"backups/{name}/{name}.tar.gz"] == sample_tarball()
    for path in (SAMPLE / "kopia").rglob("kopia.*"):
        assert files[path.relative_to(SAMPLE).as_posix()] == path.read_bytes()


@given(st.datetimes(datetime(2024, 1, 1), datetime(2034, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis adds the zone
def test_last_night_is_always_over_and_less_than_a_day_ago(now: datetime) -> None:
    start = last_night(now)
    assert start + timedelta(seconds=6) <= now
    assert now - start < timedelta(days=1)


def test_a_copied_folder_is_taken_as_it_is_and_never_written(tmp_path: Path) -> None:
    root = copied_sample(tmp_path)
    before = _digest(root)
    with EmbeddedCluster(store=str(root)) as cluster:
        assert _names(cluster) == ["bulk-1", BACKUP]
        assert cluster.objects.peek("namespaces", "", "production") is None
        ask_restore(cluster, backup=BACKUP, mapping={"production": "backup-test"})
        assert finished_restore(cluster)["status"]["phase"] == "Completed"
        assert cluster.bucket.keys("restores/drill/")
    assert _digest(root) == before


def test_a_store_may_lie_below_the_folder(tmp_path: Path) -> None:
    bucket(tmp_path / "some" / "prefix", (config_map("one"),))
    with EmbeddedCluster(store=str(tmp_path)) as cluster:
        assert _names(cluster) == ["made"]


@pytest.mark.parametrize("store", ["nowhere", "empty", "s3://"])
def test_what_is_no_store_is_said_clearly(tmp_path: Path, store: str) -> None:
    (tmp_path / "empty").mkdir()
    place = store if store.startswith("s3:") else str(tmp_path / store)
    with pytest.raises(StoreNotUsable, match=r"folder|holds no Velero backup|names no bucket"):
        EmbeddedCluster(store=place).start()


@pytest.fixture
def foreign() -> Iterator[tuple[S3Server, str]]:
    """A bucket of somebody else's, in another S3 server."""
    server = S3Server()
    server.start()
    yield server, server.url
    server.stop()


def test_somebodys_bucket_is_only_read(
    foreign: tuple[S3Server, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, url = foreign
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made up")
    root = copied_sample(tmp_path)
    for path in root.rglob("*"):
        if path.is_file():
            server.put(f"clusters/prod/{path.relative_to(root).as_posix()}", path.read_bytes())
    before = server.keys("")
    store = f"s3://{server.bucket}/clusters/prod?endpoint={url}&region=us-east-1"
    with EmbeddedCluster(store=store) as cluster:
        assert _names(cluster) == ["bulk-1", BACKUP]
        ask_restore(cluster, backup=BACKUP, mapping={"production": "backup-test"})
        assert finished_restore(cluster)["status"]["phase"] == "Completed"
        key = f"backups/{BACKUP}/{BACKUP}.tar.gz"
        answer = urllib.request.urlopen(cluster.bucket.presigned(key, 60), timeout=10)  # noqa: S310  # our own server
        assert answer.read() == sample_tarball()
    assert server.keys("") == before


def test_the_location_leads_to_a_bucket_that_any_client_can_read() -> None:
    with EmbeddedCluster() as cluster:
        location = cluster.objects.peek("backupstoragelocations.velero.io", "velero", "default")
        assert location is not None
        spec = location["spec"]
        client = boto3.client(
            "s3",
            endpoint_url=spec["config"]["s3Url"],
            region_name=spec["config"]["region"],
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )
        name = newest_backup(cluster)
        listed = client.list_objects_v2(
            Bucket=spec["objectStorage"]["bucket"], Prefix=f"backups/{name}/"
        )
        client.close()
        assert f"backups/{name}/velero-backup.json" in {one["Key"] for one in listed["Contents"]}


@pytest.mark.parametrize(
    ("phase", "expiration", "synced"),
    [
        ("Completed", None, "Completed"),
        ("PartiallyFailed", None, "PartiallyFailed"),
        ("Failed", None, "Failed"),
        ("Finalizing", "2999-01-01T00:00:00Z", None),
        ("WaitingForPluginOperations", "2020-01-01T00:00:00Z", "PartiallyFailed"),
        ("InProgress", None, None),
        ("New", None, None),
    ],
)
def test_which_phases_are_synced(
    tmp_path: Path, phase: str, expiration: str | None, synced: str | None
) -> None:
    rest: dict[str, Any] = {} if expiration is None else {"expiration": expiration}
    root = bucket(tmp_path, (config_map("one"),), phase=phase, **rest)
    with EmbeddedCluster(store=str(root)) as cluster:
        found = cluster.objects.peek("backups.velero.io", "velero", "made")
        assert (found["status"]["phase"] if found else None) == synced
        if found:
            assert found["spec"]["storageLocation"] == "default"


def test_folders_without_metadata_or_with_damaged_metadata_are_passed_over(tmp_path: Path) -> None:
    root = bucket(tmp_path, (config_map("one"),))
    for name, text in (("bare", None), ("broken", "{"), ("other", json.dumps({"kind": "Pod"}))):
        folder = root / "backups" / name
        folder.mkdir()
        (folder / "x.tar.gz").write_bytes(b"")
        if text is not None:
            (folder / "velero-backup.json").write_text(text)
    with EmbeddedCluster(store=str(root)) as cluster:
        assert _names(cluster) == ["made"]


def test_a_stranger_at_the_top_makes_the_location_unavailable(tmp_path: Path) -> None:
    root = bucket(tmp_path, (config_map("one"),))
    (root / "reports").mkdir()
    (root / "reports" / "one.html").write_text("")
    with EmbeddedCluster(store=str(root)) as cluster:
        location = cluster.objects.peek("backupstoragelocations.velero.io", "velero", "default")
        assert location is not None
        assert location["status"]["phase"] == "Unavailable"
        assert "reports" in location["status"]["message"]
        assert _names(cluster) == []


def test_backups_whose_files_are_gone_go_too() -> None:
    with EmbeddedCluster() as cluster:
        for key in cluster.bucket.keys("backups/bulk-1/"):
            cluster.bucket.delete(key)
        cluster.velero.sync()
        assert "bulk-1" not in _names(cluster)


def _download(cluster: EmbeddedCluster, kind: str, name: str) -> dict[str, str]:
    cluster.objects.create(
        "downloadrequests.velero.io",
        {
            "apiVersion": "velero.io/v1",
            "kind": "DownloadRequest",
            "metadata": {"name": "d", "namespace": "velero"},
            "spec": {"target": {"kind": kind, "name": name}},
        },
    )

    def status() -> dict[str, str]:
        found = cluster.objects.peek("downloadrequests.velero.io", "velero", "d") or {}
        return dict(found.get("status") or {})

    wait_until(cluster, "downloadrequests.velero.io", status)
    return status()


def test_a_download_request_gets_a_url() -> None:
    with EmbeddedCluster() as cluster:
        status = _download(cluster, "BackupContents", newest_backup(cluster))
        assert status["phase"] == "Processed"
        answer = urllib.request.urlopen(status["downloadURL"], timeout=10)  # noqa: S310  # our own server
        assert answer.read() == sample_tarball()


def test_a_url_is_given_for_a_file_that_is_not_there() -> None:
    with EmbeddedCluster() as cluster:
        status = _download(cluster, "CSIBackupVolumeSnapshots", newest_backup(cluster))
        with pytest.raises(HTTPError) as refusal:
            urllib.request.urlopen(status["downloadURL"], timeout=10)  # noqa: S310  # our own server
        assert refusal.value.code == 404
        refusal.value.close()


@pytest.mark.parametrize("kind", ["BackupLog", "RestoreLog"])
def test_a_download_of_something_unknown_is_never_processed(kind: str) -> None:
    with EmbeddedCluster() as cluster:
        assert "phase" not in _download(cluster, kind, "nothing")


def test_a_server_may_leave_requests_unanswered() -> None:
    with EmbeddedCluster() as cluster:
        cluster.velero.answer_requests(answers=False)
        body = {
            "apiVersion": "velero.io/v1",
            "kind": "ServerStatusRequest",
            "metadata": {"generateName": "ask-", "namespace": "velero"},
        }
        kind = "serverstatusrequests.velero.io"
        name = cluster.objects.create(kind, body)["metadata"]["name"]

        def answered() -> object:
            return (cluster.objects.peek(kind, "velero", name) or {}).get("status")

        assert answered() is None
        cluster.velero.answer_requests(answers=True)
        wait_until(cluster, kind, answered)
        found = cluster.objects.peek(kind, "velero", name)
        assert found is not None
        assert found["status"]["serverVersion"] == "v1.18.3"
        assert {"name": "velero.io/aws", "kind": "ObjectStore"} in found["status"]["plugins"]


def test_a_cluster_that_was_never_started_can_be_stopped() -> None:
    cluster = EmbeddedCluster()
    cluster.stop()
    with pytest.raises(RuntimeError, match="not started"):
        assert cluster.velero is None


def test_a_failed_start_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with pytest.raises(StoreNotUsable):
        EmbeddedCluster(store=str(tmp_path)).start()
    left = {one.name for one in set(threading.enumerate()) - before if "embedded" in one.name}
    assert left == set()
