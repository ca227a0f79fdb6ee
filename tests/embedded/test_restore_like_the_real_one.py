"""A mapped restore of the sample says what a real Velero 1.18.3 said of the same backup."""

import gzip
import json
from typing import Any

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.sample_bucket import SAMPLE
from tests.embedded.clusters import file_of, restored

MAPPING = {"production": "backup-test"}
_REAL = SAMPLE / "restores" / "drill-shop"


def _real(file: str) -> Any:  # noqa: ANN401  # whatever the file holds
    return json.loads(gzip.decompress((_REAL / file).read_bytes()))


@pytest.fixture(scope="module")
def cluster() -> Any:  # noqa: ANN401  # a fixture that yields
    with EmbeddedCluster() as one:
        restored(one, "drill-shop", mapping=MAPPING, includeClusterResources=None)
        yield one


def test_phase_and_counts(cluster: EmbeddedCluster) -> None:
    restore = cluster.objects.get("restores.velero.io", "velero", "drill-shop")
    assert restore is not None
    status = restore["status"]
    assert status["phase"] == "PartiallyFailed"
    assert (status["errors"], status["warnings"]) == (1, 1)
    assert status["progress"] == {"totalItems": 31, "itemsRestored": 31}


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("RestoreResourceList", "restore-drill-shop-resource-list.json.gz"),
        ("RestoreResults", "restore-drill-shop-results.gz"),
        ("RestoreItemOperations", "restore-drill-shop-itemoperations.json.gz"),
    ],
)
def test_files_are_equal(cluster: EmbeddedCluster, kind: str, file: str) -> None:
    assert file_of(cluster, kind, "drill-shop") == _real(file)


def test_volumeinfo_differs_only_in_the_new_volumes_name(cluster: EmbeddedCluster) -> None:
    mine = file_of(cluster, "RestoreVolumeInfo", "drill-shop")
    real = _real("drill-shop-volumeinfo.json.gz")
    assert [one.pop("pvName") for one in real] == ["local-5"]
    assert all(one.pop("pvName").startswith("pvc-") for one in mine)
    assert mine == real


def test_log_ends_as_the_real_one(cluster: EmbeddedCluster) -> None:
    content = cluster.bucket.read("restores/drill-shop/restore-drill-shop-logs.gz")
    assert content is not None
    lines = gzip.decompress(content).decode().splitlines()
    assert 'msg="restore completed"' in lines[-1]
    assert any("level=error" in line and "30080" in line for line in lines)


def test_the_clone_is_as_dangerous_as_the_real_one(cluster: EmbeddedCluster) -> None:
    """Nothing in Velero stops a live load balancer, Ingress, CronJob or open NetworkPolicy."""
    cluster.settle()
    service = cluster.objects.peek("services", "backup-test", "shop")
    job = cluster.objects.peek("cronjobs.batch", "backup-test", "billing")
    assert service is not None
    assert job is not None
    assert service["status"]["loadBalancer"]["ingress"]
    assert job["spec"]["suspend"] is False
    assert job["status"]["lastScheduleTime"]
    for kind, name in (
        ("ingresses.networking.k8s.io", "shop"),
        ("networkpolicies.networking.k8s.io", "allow-all-egress"),
        ("horizontalpodautoscalers.autoscaling", "shop"),
    ):
        assert cluster.objects.peek(kind, "backup-test", name)


def test_restored_pods_are_adopted_and_ready(cluster: EmbeddedCluster) -> None:
    cluster.settle()
    deployment = cluster.objects.peek("deployments.apps", "backup-test", "shop")
    stateful = cluster.objects.peek("statefulsets.apps", "backup-test", "ledger")
    assert deployment is not None
    assert stateful is not None
    assert deployment["status"]["availableReplicas"] == 2
    assert stateful["status"]["readyReplicas"] == 1
    names = {pod["metadata"]["name"] for pod in cluster.objects.all("pods", "backup-test")}
    assert names == {"ledger-0", "shop-654c845dd7-5pqq7", "shop-654c845dd7-7mm2n"}
    for pod in cluster.objects.all("pods", "backup-test"):
        assert pod["metadata"]["ownerReferences"][0]["controller"] is True


def test_metadata_of_a_former_life_is_gone_and_finalizers_stay(cluster: EmbeddedCluster) -> None:
    claim = cluster.objects.peek("persistentvolumeclaims", "backup-test", "data-ledger-0")
    assert claim is not None
    labels = claim["metadata"]["labels"]
    assert labels["velero.io/restore-name"] == "drill-shop"
    assert labels["velero.io/backup-name"].startswith("production-daily-")
    assert claim["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    assert claim["metadata"]["uid"] != "42ba1c8e-c5bb-458f-bf6e-c6aaf65466a0"
    assert claim["spec"]["volumeName"] != "local-1"


def test_role_binding_follows_the_mapping(cluster: EmbeddedCluster) -> None:
    binding = cluster.objects.peek(
        "rolebindings.rbac.authorization.k8s.io", "backup-test", "shop-reader"
    )
    assert binding is not None
    assert binding["subjects"][0]["namespace"] == "backup-test"


def test_created_namespace_inherits_labels(cluster: EmbeddedCluster) -> None:
    namespace = cluster.objects.peek("namespaces", "", "backup-test")
    assert namespace is not None
    labels = namespace["metadata"]["labels"]
    assert labels["team"] == "shop"
    assert labels["kubernetes.io/metadata.name"] == "backup-test"
    assert "velero.io/restore-name" not in labels


def test_spec_is_completed_as_the_server_does(cluster: EmbeddedCluster) -> None:
    restore = cluster.objects.get("restores.velero.io", "velero", "drill-shop")
    assert restore is not None
    assert restore["spec"]["scheduleName"] == "production-daily"
    assert restore["spec"]["itemOperationTimeout"] == "4h0m0s"
    assert "nodes" in restore["spec"]["excludedResources"]


def test_production_is_untouched(cluster: EmbeddedCluster) -> None:
    """The live namespace is still what it was: its own address, its own node port, ready."""
    port = cluster.objects.peek("services", "production", "shop-nodeport")
    assert port is not None
    assert port["spec"]["ports"][0]["nodePort"] == 30080
    for pod in cluster.objects.all("pods", "production"):
        assert "velero.io/restore-name" not in pod["metadata"]["labels"]
