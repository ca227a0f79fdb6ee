"""Claims and classes: an absent class, an empty one and a named one are three wishes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.controllers.claims import storage_class
from tests.embedded.buckets_made import bucket, claim, pod

CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"
CLASSES = "storageclasses.storage.k8s.io"


def _claim(name: str, **spec: object) -> dict[str, Any]:
    size = {"requests": {"storage": "5Gi"}}
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": size, **spec}
    metadata = {"name": name, "namespace": "default"}
    head = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    return {**head, "metadata": metadata, "spec": wanted}


def _volume(name: str, size: str = "5Gi", **spec: object) -> dict[str, Any]:
    source = {"nfs": {"server": "nfs.example", "path": f"/{name}"}}
    whole = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, **source, **spec}
    metadata = {"name": name}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": whole}


def _user(name: str) -> dict[str, Any]:
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": name}}
    spec = {"containers": [{"name": "c", "image": "i"}], "volumes": [volume]}
    metadata = {"name": f"user-of-{name}", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _used(cluster: EmbeddedCluster, body: dict[str, Any]) -> dict[str, Any]:
    """Create a claim and a pod that uses it; return the claim as it is then."""
    name = body["metadata"]["name"]
    cluster.objects.create(CLAIMS, body)
    cluster.objects.create("pods", _user(name))
    return _settled(cluster, name)


def _settled(cluster: EmbeddedCluster, name: str) -> dict[str, Any]:
    assert cluster.settle()
    found = cluster.objects.peek(CLAIMS, "default", name)
    assert found is not None
    return found


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster() as made:
        yield made


def test_a_claim_without_a_class_gets_the_default_one(cluster: EmbeddedCluster) -> None:
    found = _used(cluster, _claim("plain"))
    assert found["spec"]["storageClassName"]
    assert found["status"]["phase"] == "Bound"


def test_a_claim_with_the_empty_class_is_never_provisioned(cluster: EmbeddedCluster) -> None:
    found = _used(cluster, _claim("static", storageClassName=""))
    assert found["spec"]["storageClassName"] == ""
    assert found["status"]["phase"] == "Pending"
    claims = [one["spec"]["claimRef"]["name"] for one in cluster.objects.all(VOLUMES)]
    assert "static" not in claims
    pod = cluster.objects.peek("pods", "default", "user-of-static")
    assert pod is not None
    assert pod["status"]["phase"] == "Pending"


def test_null_is_no_class_and_not_the_empty_one(cluster: EmbeddedCluster) -> None:
    found = _used(cluster, _claim("null", storageClassName=None))
    assert found["status"]["phase"] == "Bound"


def test_the_empty_class_takes_the_smallest_volume_that_fits(cluster: EmbeddedCluster) -> None:
    for name, size, spec in (
        ("large", "50Gi", {}),
        ("fits", "6Gi", {}),
        ("small", "4Gi", {}),
        ("classed", "5Gi", {"storageClassName": "other"}),
        ("readonly", "5Gi", {"accessModes": ["ReadOnlyMany"]}),
        ("taken", "5Gi", {"claimRef": {"namespace": "default", "name": "somebody"}}),
    ):
        cluster.objects.create(VOLUMES, _volume(name, size, **spec))
    found = _used(cluster, _claim("static", storageClassName=""))
    assert found["spec"]["volumeName"] == "fits"
    assert found["status"]["phase"] == "Bound"


def test_a_claim_without_a_class_waits_where_none_is_the_default(cluster: EmbeddedCluster) -> None:
    for known in cluster.objects.all(CLASSES):
        cluster.objects.delete(CLASSES, "", known["metadata"]["name"])
    cluster.objects.create(CLASSES, storage_class("not-default"))
    marked = storage_class("said-no")
    marked["metadata"]["annotations"] = {"storageclass.kubernetes.io/is-default-class": "false"}
    cluster.objects.create(CLASSES, marked)
    found = _used(cluster, _claim("plain"))
    assert "storageClassName" not in found["spec"]
    assert found["status"]["phase"] == "Pending"


def test_a_default_class_that_comes_later_is_taken(cluster: EmbeddedCluster) -> None:
    for known in cluster.objects.all(CLASSES):
        cluster.objects.delete(CLASSES, "", known["metadata"]["name"])
    _used(cluster, _claim("plain"))
    cluster.objects.create(CLASSES, storage_class("late", default=True))
    found = _settled(cluster, "plain")
    assert found["spec"]["storageClassName"] == "late"
    assert found["status"]["phase"] == "Bound"


def test_a_volume_that_comes_later_is_taken(cluster: EmbeddedCluster) -> None:
    assert _used(cluster, _claim("static", storageClassName=""))["status"]["phase"] == "Pending"
    cluster.objects.create(VOLUMES, _volume("late"))
    assert _settled(cluster, "static")["spec"]["volumeName"] == "late"


def test_classes_are_made_up_for_names_only(tmp_path: Path) -> None:
    """A copied bucket may name classes that this cluster lacks; the empty name is none of them."""
    objects = (claim("data", ""), pod("app-0", "data"))
    with EmbeddedCluster(store=str(bucket(tmp_path, objects))) as made:
        assert _used(made, _claim("named", storageClassName="fast"))["status"]["phase"] == "Bound"
        assert _used(made, _claim("static", storageClassName=""))["status"]["phase"] == "Pending"
        assert made.objects.peek(CLASSES, "", "") is None
