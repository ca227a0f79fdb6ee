"""What becomes of volumes: data that comes back, data that does not and nobody says so."""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.velero.server import VeleroOptions
from tests.embedded.buckets_made import bucket, claim, copied_sample, pod, volume
from tests.embedded.clusters import (
    ask_restore,
    errors_of,
    file_of,
    finished_restore,
    restored,
    wait_until,
    warnings_of,
)

INTO_SANDBOX = {"app": "sandbox"}
SAMPLE_MAPPING = {"production": "backup-test"}
BACKUP = "production-daily-20261121085009"


def _skipped(policy: str) -> dict[str, Any]:
    return {
        "pvcName": "data",
        "pvcNamespace": "app",
        "pvName": "vol",
        "skipped": True,
        "skippedReason": "opted out",
        "pvInfo": {"reclaimPolicy": policy, "labels": None},
    }


@pytest.fixture
def with_volume(tmp_path: Path) -> Callable[..., str]:
    def write(policy: str, *infos: dict[str, Any]) -> str:
        objects = (volume("vol", policy, "data"), claim("data", "vol"), pod("app-0", "data"))
        return str(bucket(tmp_path, objects, volume_infos=infos))

    return write


def test_a_volume_left_out_of_the_backup_comes_back_empty_and_completed(
    with_volume: Callable[..., str],
) -> None:
    """The silent loss: nothing but the backup's own volumeinfo tells."""
    with EmbeddedCluster(store=with_volume("Delete", _skipped("Delete"))) as cluster:
        restore = restored(cluster, backup="made", mapping=INTO_SANDBOX)
        assert restore["status"]["phase"] == "Completed"
        assert file_of(cluster, "RestoreVolumeInfo") == []
        assert warnings_of(cluster) == []
        cluster.settle()
        found = cluster.objects.peek("persistentvolumeclaims", "sandbox", "data")
        assert found is not None
        assert found["status"]["phase"] == "Bound"
        assert found["spec"]["volumeName"].startswith("pvc-")
        assert found["metadata"]["annotations"]["keep"] == "me"


def test_a_retained_volume_comes_back_pointing_at_the_original(
    with_volume: Callable[..., str],
) -> None:
    with EmbeddedCluster(store=with_volume("Retain", _skipped("Retain"))) as cluster:
        restored(cluster, backup="made", mapping=INTO_SANDBOX)
        cluster.settle()
        found = cluster.objects.peek("persistentvolumes", "", "vol")
        assert found is not None
        assert found["spec"]["csi"]["volumeHandle"] == "handle-of-vol"
        assert found["spec"]["claimRef"]["namespace"] == "sandbox"
        assert found["status"]["phase"] == "Bound"


def test_without_cluster_resources_the_claim_keeps_waiting_for_the_old_volume(
    with_volume: Callable[..., str],
) -> None:
    with EmbeddedCluster(store=with_volume("Delete", _skipped("Delete"))) as cluster:
        restored(cluster, backup="made", mapping=INTO_SANDBOX, includeClusterResources=False)
        cluster.settle()
        found = cluster.objects.peek("persistentvolumeclaims", "sandbox", "data")
        assert found is not None
        assert found["spec"]["volumeName"] == "vol"
        assert found["status"]["phase"] == "Pending"


def test_pods_lose_their_node_and_find_another(with_volume: Callable[..., str]) -> None:
    with EmbeddedCluster(store=with_volume("Delete", _skipped("Delete"))) as cluster:
        restored(cluster, backup="made", mapping=INTO_SANDBOX)
        cluster.settle()
        found = cluster.objects.peek("pods", "sandbox", "app-0")
        assert found is not None
        assert found["spec"]["nodeName"] == "drill-node"
        assert found["status"]["phase"] == "Running"


def test_a_native_snapshot_needs_its_location(with_volume: Callable[..., str]) -> None:
    info = {**_skipped("Delete"), "skipped": False, "backupMethod": "NativeSnapshot"}
    store = with_volume("Delete", info)
    snapshots = [{"spec": {"persistentVolumeName": "vol", "location": "aws"}, "status": {}}]
    path = Path(store) / "backups" / "made" / "made-volumesnapshots.json.gz"
    path.write_bytes(gzip.compress(json.dumps(snapshots).encode()))
    with EmbeddedCluster(store=store) as cluster:
        restore = restored(cluster, backup="made", mapping=INTO_SANDBOX)
        assert restore["status"]["phase"] == "PartiallyFailed"
        assert 'VolumeSnapshotLocation.velero.io "aws" not found' in errors_of(cluster)[0]


def test_volume_data_comes_back_through_a_pod_volume_restore() -> None:
    with EmbeddedCluster() as cluster:
        restored(cluster, mapping=SAMPLE_MAPPING)
        orders = cluster.objects.all("podvolumerestores.velero.io", "velero")
        assert [one["status"]["phase"] for one in orders] == ["Completed"]
        assert orders[0]["status"]["progress"] == {"totalBytes": 819, "bytesDone": 819}
        found = cluster.objects.peek("pods", "backup-test", "ledger-0")
        assert found is not None
        assert found["spec"]["initContainers"][0]["name"] == "restore-wait"


def test_the_new_volume_inherits_the_sources_reclaim_policy(tmp_path: Path) -> None:
    """So deleting the sandbox leaves a Released volume: a drill has to see to it first."""
    root = copied_sample(tmp_path)
    path = root / "backups" / BACKUP / f"{BACKUP}-volumeinfo.json.gz"
    infos = json.loads(gzip.decompress(path.read_bytes()))
    infos[0]["pvInfo"] = {"reclaimPolicy": "Retain", "labels": {"disk": "fast"}}
    path.write_bytes(gzip.compress(json.dumps(infos).encode()))
    with EmbeddedCluster(store=str(root)) as cluster:
        restored(cluster, backup=BACKUP, mapping=SAMPLE_MAPPING)
        cluster.settle()
        cluster.objects.delete("namespaces", "", "backup-test")
        cluster.settle()
        assert cluster.objects.peek("namespaces", "", "backup-test") is None
        left = cluster.objects.all("persistentvolumes")
        assert [one["status"]["phase"] for one in left] == ["Released"]
        assert left[0]["metadata"]["labels"] == {"disk": "fast"}


def test_volumes_go_with_the_sandbox_where_the_policy_is_delete() -> None:
    with EmbeddedCluster() as cluster:
        restored(cluster, mapping=SAMPLE_MAPPING)
        cluster.settle()
        before = {one["metadata"]["name"] for one in cluster.objects.all("persistentvolumes")}
        cluster.objects.delete("namespaces", "", "backup-test")
        cluster.settle()
        after = {one["metadata"]["name"] for one in cluster.objects.all("persistentvolumes")}
        assert after == {"local-1"}
        assert len(before) == 2


@pytest.mark.parametrize("gone", ["kopia", "kopia/production/kopia.repository"])
def test_missing_volume_data_fails_the_volume(tmp_path: Path, gone: str) -> None:
    root = copied_sample(tmp_path)
    place = root / gone
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()
    with EmbeddedCluster(store=str(root)) as cluster:
        restore = restored(cluster, backup=BACKUP, mapping=SAMPLE_MAPPING)
        assert restore["status"]["phase"] == "PartiallyFailed"
        assert errors_of(cluster)[0].startswith("pod volume restore failed")
        cluster.settle()
        found = cluster.objects.peek("pods", "backup-test", "ledger-0")
        assert found is not None
        assert found["status"]["phase"] == "Pending"
        repository = cluster.objects.peek(
            "backuprepositories.velero.io", "velero", "production-default-kopia"
        )
        assert repository is not None
        assert repository["status"]["phase"] == "NotReady"


def test_data_that_never_arrives_times_out() -> None:
    """The pod finds no node, so its volume is never filled."""
    options = VeleroOptions(volume_seconds=0.2, resource_seconds=0.2)
    with EmbeddedCluster(velero_options=options) as cluster:
        cluster.pods.add("unschedulable", namespace="backup-test")
        restore = restored(cluster, mapping=SAMPLE_MAPPING)
        assert restore["status"]["phase"] == "PartiallyFailed"
        assert any("timed out waiting" in text for text in errors_of(cluster))


@pytest.mark.parametrize(("said", "waits"), [("200ms", False), ("0.1s50ms", False), ("soon", True)])
def test_a_restore_says_how_long_volume_data_may_take(said: str, waits: bool) -> None:
    """A text that Go would not read is told in the log, and the server's own limit holds."""
    options = VeleroOptions(volume_seconds=0.2 if waits else 3600.0, resource_seconds=0.2)
    with EmbeddedCluster(velero_options=options) as cluster:
        cluster.pods.add("unschedulable", namespace="backup-test")
        annotations = {"velero.io/pod-volume-timeout": said}
        ask_restore(cluster, "hasty", mapping=SAMPLE_MAPPING, annotations=annotations)
        restore = finished_restore(cluster, "hasty")
        assert restore["status"]["phase"] == "PartiallyFailed"
        assert any("timed out waiting" in text for text in errors_of(cluster, "hasty"))


def test_a_restore_waits_for_volume_data_and_others_wait_for_it() -> None:
    with EmbeddedCluster() as cluster:
        cluster.pods.add("unschedulable", namespace="backup-test")
        ask_restore(cluster, "first", mapping=SAMPLE_MAPPING)
        kind = "podvolumerestores.velero.io"
        wait_until(cluster, kind, lambda: cluster.objects.all(kind, "velero"))
        ask_restore(cluster, "second", mapping={"production": "other"})
        second = cluster.objects.peek("restores.velero.io", "velero", "second")
        assert second is not None
        assert "status" not in second
        cluster.pods.clear()
        assert finished_restore(cluster, "first")["status"]["phase"] == "PartiallyFailed"
        assert finished_restore(cluster, "second")["status"]["phase"] == "PartiallyFailed"
