"""A claim of class `""` is never provisioned: said before a restore would wait for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embedded.cluster import EmbeddedCluster
from tests.e2e.buckets import Bucket
from tests.e2e.conftest import Drilled

CLAIM = "persistentvolumeclaims/namespaces/production/data-ledger-0.json"


@pytest.fixture(name="without_class")
def _without_class(bucket: Bucket) -> Bucket:
    def change(claim: dict[str, Any]) -> None:
        claim["spec"]["storageClassName"] = ""

    bucket.change_archive({CLAIM: change}, {})
    return bucket


def test_it_is_told_before_the_restore(
    without_class: Bucket, drill: Callable[..., Drilled], write: Callable[..., Path]
) -> None:
    done = drill(write(), "--embedded", "--store", without_class.folder)
    assert (done.code, done.verdict) == (3, "inconclusive")
    assert done.document["restore"] is None
    found = done.findings("warning")["claim-never-binds-here"]
    assert found["cause"] == "environment"
    assert "asks for no StorageClass" in found["message"]


def test_a_free_volume_without_a_class_takes_it(
    without_class: Bucket, drill: Callable[..., Drilled], write: Callable[..., Path], tmp_path: Path
) -> None:
    volume: dict[str, Any] = {
        "metadata": {"name": "spare"},
        "spec": {
            "capacity": {"storage": "2Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/spare"},
        },
    }
    with EmbeddedCluster(store=str(without_class.folder), stand_ins=["shop"]) as cluster:
        cluster.objects.create("persistentvolumes", volume)
        kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig")
        done = drill(write(cluster="{context: embedded}"), "--kubeconfig", kubeconfig)
    assert "claim-never-binds-here" not in done.findings("warning")
    assert done.document["restore"] is not None
