"""Corners of the real server's behaviour that a drill may meet all the same."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.controllers.ownership import selects
from embedded.velero.server import VeleroOptions
from embedded.velero.service_action import restored_service
from tests.embedded.buckets_made import bucket, claim, pod, volume
from tests.embedded.clusters import errors_of, file_of, restored, wait_until

INTO_SANDBOX = {"app": "sandbox"}
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def _service(**metadata: Any) -> dict[str, Any]:  # noqa: ANN401  # any metadata
    ports = [
        {"name": "web", "port": 80, "protocol": "TCP", "nodePort": 31001},
        {"name": "admin", "port": 81, "protocol": "TCP", "nodePort": 31002},
    ]
    spec = {"type": "LoadBalancer", "clusterIP": "None", "ports": ports, "healthCheckNodePort": 32}
    return {"metadata": {"name": "s", **metadata}, "spec": spec}


def _kept(service: dict[str, Any]) -> list[str]:
    return [port["name"] for port in service["spec"]["ports"] if "nodePort" in port]


def _managed(fields: dict[str, Any]) -> dict[str, Any]:
    return {"managedFields": [{"fieldsV1": {"f:spec": fields}}, {"manager": "other"}]}


@pytest.mark.parametrize(
    ("metadata", "kept", "health"),
    [
        ({}, [], False),
        (
            _managed({"f:ports": {'k:{"port":81,"protocol":"TCP"}': {"f:nodePort": {}}}}),
            ["admin"],
            False,
        ),
        (_managed({"f:healthCheckNodePort": {}}), [], True),
        (
            {
                "annotations": {
                    _APPLIED: json.dumps(
                        {
                            "spec": {
                                "ports": [{"name": "web", "nodePort": 31001}],
                                "healthCheckNodePort": 32,
                            }
                        }
                    )
                }
            },
            ["web"],
            True,
        ),
    ],
    ids=["nobody asked", "a manager asked", "for the health check", "kubectl apply asked"],
)
def test_which_node_ports_stay(metadata: dict[str, Any], kept: list[str], *, health: bool) -> None:
    service = _service(**metadata)
    restored_service(service, keep_node_ports=False)
    assert _kept(service) == kept
    assert ("healthCheckNodePort" in service["spec"]) is health
    assert service["spec"]["clusterIP"] == "None"


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ({"key": "tier", "operator": "In", "values": ["web", "db"]}, True),
        ({"key": "tier", "operator": "NotIn", "values": ["web"]}, False),
        ({"key": "tier", "operator": "Exists"}, True),
        ({"key": "tier", "operator": "DoesNotExist"}, False),
    ],
)
def test_selector_expressions(expression: dict[str, Any], *, matches: bool) -> None:
    obj = {"metadata": {"labels": {"tier": "web"}}}
    assert selects({"matchExpressions": [expression]}, obj) is matches


def test_a_service_account_that_is_there_is_merged(tmp_path: Path) -> None:
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": "app", "annotations": {"role": "reader"}},
        "imagePullSecrets": [{"name": "registry"}],
        "secrets": [{"name": "default-token-abc"}, {"name": "own"}],
    }
    with EmbeddedCluster(store=str(bucket(tmp_path, (account,)))) as cluster:
        restored(cluster, backup="made", mapping=INTO_SANDBOX)
        found = cluster.objects.peek("serviceaccounts", "sandbox", "default")
        assert found is not None
        assert found["imagePullSecrets"] == [{"name": "registry"}]
        assert found["secrets"] == [{"name": "own"}]
        assert found["metadata"]["annotations"] == {"role": "reader"}
        listed = file_of(cluster, "RestoreResourceList")["v1/ServiceAccount"]
        assert listed == ["sandbox/default(updated)"]


def test_a_claim_that_is_never_bound_fails_the_restore(tmp_path: Path) -> None:
    """An immediate class without a provisioner that works: the finalizer waits, then gives up."""
    info = {
        "pvcName": "data",
        "pvcNamespace": "app",
        "pvName": "vol",
        "backupMethod": "CSISnapshot",
        "pvInfo": {"reclaimPolicy": "Delete"},
    }
    wanted = claim("data", "vol")
    root = bucket(tmp_path, (volume("vol", "Delete", "data"), wanted), volume_infos=(info,))
    options = VeleroOptions(resource_seconds=0.1)
    with EmbeddedCluster(store=str(root), velero_options=options) as cluster:
        cluster.objects.create(
            "storageclasses.storage.k8s.io",
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {"name": "gp3"},
                "provisioner": "broken",
                "volumeBindingMode": "WaitForFirstConsumer",
            },
        )
        restore = restored(cluster, backup="made", mapping=INTO_SANDBOX)
        assert restore["status"]["phase"] == "Completed"
        change = {"volumeBindingMode": "Immediate"}
        cluster.objects.patch("storageclasses.storage.k8s.io", "", "gp3", change)
        lost = {"spec": {"volumeName": "gone"}}
        cluster.objects.patch("persistentvolumeclaims", "sandbox", "data", lost)
        restore = restored(
            cluster, "again", backup="made", mapping=INTO_SANDBOX, existingResourcePolicy="none"
        )
        assert restore["status"]["phase"] == "PartiallyFailed"
        assert any("fail to patch dynamic PV" in text for text in errors_of(cluster, "again"))


def test_a_snapshotted_volume_that_is_there_comes_back_under_another_name(tmp_path: Path) -> None:
    objects = (volume("vol", "Delete", "data"), claim("data", "vol"), pod("app-0", "data"))
    info = {"pvName": "vol", "backupMethod": "NativeSnapshot"}
    root = bucket(tmp_path, objects, volume_infos=(info,))
    snapshots = [{"spec": {"persistentVolumeName": "vol", "location": "aws"}, "status": {}}]
    path = root / "backups" / "made" / "made-volumesnapshots.json.gz"
    path.write_bytes(gzip.compress(json.dumps(snapshots).encode()))
    with EmbeddedCluster(store=str(root)) as cluster:
        location = {
            "apiVersion": "velero.io/v1",
            "kind": "VolumeSnapshotLocation",
            "metadata": {"name": "aws", "namespace": "velero"},
            "spec": {"provider": "aws"},
        }
        cluster.objects.create("volumesnapshotlocations.velero.io", location)
        live = volume("vol", "Delete", "data")
        del live["spec"]["claimRef"]["uid"]
        cluster.objects.create("persistentvolumes", live)
        restored(cluster, backup="made", mapping=INTO_SANDBOX)
        cluster.settle()
        found = cluster.objects.peek("persistentvolumeclaims", "sandbox", "data")
        assert found is not None
        name = found["spec"]["volumeName"]
        assert name.startswith("velero-clone-")
        clone = cluster.objects.peek("persistentvolumes", "", name)
        assert clone is not None
        assert clone["metadata"]["annotations"]["velero.io/original-pv-name"] == "vol"
        assert clone["spec"]["claimRef"]["namespace"] == "sandbox"


def _status(cluster: EmbeddedCluster, group_resource: str) -> object:
    return (cluster.objects.peek(group_resource, "velero", "one") or {}).get("status")


def test_requests_expire() -> None:
    clock = [datetime(2027, 3, 4, 9, 30, tzinfo=UTC)]
    with EmbeddedCluster(now=lambda: clock[0]) as cluster:
        specs = {
            "DownloadRequest": {"target": {"kind": "BackupLog", "name": "bulk-1"}},
            "ServerStatusRequest": {},
        }
        for kind, spec in specs.items():
            body = {
                "apiVersion": "velero.io/v1",
                "kind": kind,
                "metadata": {"name": "one", "namespace": "velero"},
                "spec": spec,
            }
            group_resource = f"{kind.lower()}s.velero.io"
            cluster.objects.create(group_resource, body)
            wait_until(cluster, group_resource, partial(_status, cluster, group_resource))
        clock[0] += timedelta(minutes=2)
        cluster.velero.expire_requests()
        assert cluster.objects.all("serverstatusrequests.velero.io", "velero") == []
        assert len(cluster.objects.all("downloadrequests.velero.io", "velero")) == 1
        clock[0] += timedelta(minutes=10)
        cluster.velero.expire_requests()
        assert cluster.objects.all("downloadrequests.velero.io", "velero") == []
