"""Whole drills whose restore leaves something outside the sandbox."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.cluster import EmbeddedCluster
from tests.e2e.conftest import Drilled
from tests.e2e.living import LATEST, SHORT_CLUSTER

On = Callable[..., Drilled]
CONTENTS = "volumesnapshotcontents.snapshot.storage.k8s.io"
DEFINITION = {
    "metadata": {"name": CONTENTS},
    "spec": {
        "group": "snapshot.storage.k8s.io",
        "scope": "Cluster",
        "names": {
            "plural": "volumesnapshotcontents",
            "singular": "volumesnapshotcontent",
            "kind": "VolumeSnapshotContent",
        },
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "x-kubernetes-preserve-unknown-fields": True,
                    }
                },
            }
        ],
    },
}


@pytest.fixture(name="cluster")
def _cluster() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster(stand_ins=["shop"]) as cluster:
        cluster.objects.create("customresourcedefinitions.apiextensions.k8s.io", DEFINITION)
        yield cluster


@pytest.fixture(name="on")
def _on(cluster: EmbeddedCluster, drill: On, write: Callable[..., Path], tmp_path: Path) -> On:
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig")
    return lambda: drill(write(cluster=SHORT_CLUSTER, backup=LATEST), "--kubeconfig", kubeconfig)


def content(name: str, restore: str, policy: str) -> dict[str, Any]:
    """Return what Velero's CSI actions make of a backed-up content."""
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshotContent",
        "metadata": {"name": name, "labels": {"velero.io/restore-name": restore}},
        "spec": {
            "deletionPolicy": policy,
            "driver": "disk.csi.example.com",
            "source": {"snapshotHandle": "snap-1"},
            "volumeSnapshotRef": {"name": name, "namespace": "backup-test"},
        },
    }


@pytest.fixture(name="restores_leave")
def _restores_leave(cluster: EmbeddedCluster) -> Iterator[Callable[[str], None]]:
    """Return what lets each drill's restore leave a content of that policy."""
    policies: list[str] = []
    made = cluster.storage.watch(cluster.objects.type("restores.velero.io"))

    def work() -> None:
        for event in made:
            for policy in policies if event.type == "ADDED" else ():
                body = content("sha256-of-ours", event.object["metadata"]["name"], policy)
                cluster.objects.create(CONTENTS, body)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    yield policies.append
    made.close()
    worker.join(10)


def test_a_retained_content_goes_and_the_backups_own_stays(
    cluster: EmbeddedCluster, on: On, restores_leave: Callable[[str], None]
) -> None:
    cluster.objects.create(CONTENTS, content("the-backups-own", "somebodys-restore", "Delete"))
    restores_leave("Retain")
    done = on()
    assert (done.code, done.verdict) == (0, "passed")
    assert done.document["cleanup"]["outcome"] == "clean"
    assert [one["metadata"]["name"] for one in cluster.objects.all(CONTENTS)] == ["the-backups-own"]


def test_one_that_would_take_the_snapshot_along_is_said(
    cluster: EmbeddedCluster, on: On, restores_leave: Callable[[str], None]
) -> None:
    restores_leave("Delete")
    done = on()
    assert (done.code, done.verdict) == (4, "passed")
    (said,) = done.document["cleanup"]["leftovers"]
    assert "sha256-of-ours" in said
    assert "the backup's snapshot would go too" in said
    assert len(cluster.objects.all(CONTENTS)) == 1
