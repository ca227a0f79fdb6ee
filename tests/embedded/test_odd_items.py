"""Objects of shapes that nobody foresaw: a restore ends with an error, never without an end."""

import json
from pathlib import Path

import pytest

from embedded.cluster import EmbeddedCluster
from tests.embedded.buckets_made import bucket, config_map, tarball
from tests.embedded.clusters import restored

MAPPING = {"app": "sandbox"}
_META = {"name": "odd", "namespace": "app"}
_PLACES = {
    "Service": "services",
    "Pod": "pods",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "ConfigMap": "configmaps",
}
_ODD = (
    {"kind": "ConfigMap"},
    {"kind": "ConfigMap", "metadata": None},
    {"kind": "ConfigMap", "metadata": {"name": "odd", "namespace": "app", "labels": "none"}},
    {"kind": "Service", "metadata": _META},
    {"kind": "Service", "metadata": _META, "spec": None},
    {"kind": "Service", "metadata": _META, "spec": {"ports": None}},
    {"kind": "Service", "metadata": _META, "spec": {"ports": ["80"]}},
    {"kind": "Service", "metadata": {**_META, "annotations": {"a": None}}, "spec": {"ports": []}},
    {"kind": "Pod", "metadata": _META, "spec": {"containers": None, "volumes": None}},
    {"kind": "Pod", "metadata": _META, "spec": {"volumes": [{"persistentVolumeClaim": {}}]}},
    {"kind": "PersistentVolumeClaim", "metadata": _META, "spec": [], "status": "Bound"},
)


@pytest.mark.parametrize("odd", _ODD, ids=lambda odd: json.dumps(odd)[:60])
def test_odd_items(tmp_path: Path, odd: dict[str, object]) -> None:
    path = f"resources/{_PLACES[str(odd['kind'])]}/namespaces/app/odd.json"
    body = json.dumps({"apiVersion": "v1", **odd}).encode()
    content = tarball((config_map("good"),), **{path: body})
    root = bucket(tmp_path, (), content=content)
    with EmbeddedCluster(store=str(root)) as cluster:
        restore = restored(cluster, backup="made", mapping=MAPPING)
        assert restore["status"]["phase"] in {"Completed", "PartiallyFailed"}
        assert cluster.settle()
        again = restored(cluster, "again", backup="made", mapping={"app": "other"})
        assert again["status"]["completionTimestamp"]
