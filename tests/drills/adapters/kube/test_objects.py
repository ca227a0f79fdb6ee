"""Reading and writing objects, against the embedded API server."""

import threading
from pathlib import Path

import pytest

from drills import objects
from drills.adapters.kube import KubeCluster
from drills.cluster import ChangeType, Kind
from drills.errors import (
    AlreadyExists,
    Conflicted,
    Forbidden,
    Missing,
    NotServed,
    OutsideRefused,
)
from drills.findings import Cause
from embedded.apiserver import ApiServer
from embedded.faults import Rule
from tests.drills.adapters.kube.conftest import a_config_map, namespace

CONFIG_MAP = Kind("v1", "ConfigMap")
NAMESPACE = Kind("v1", "Namespace")


def test_what_was_created_is_read_back(cluster: KubeCluster) -> None:
    made = cluster.create(a_config_map("a"))
    found = cluster.get(CONFIG_MAP, "box", "a")
    assert found == made
    assert objects.uid(made)


def test_absent_objects_are_none(cluster: KubeCluster) -> None:
    assert cluster.get(CONFIG_MAP, "box", "nobody") is None
    assert cluster.get(CONFIG_MAP, "no-such-namespace", "nobody") is None


def test_lists_in_pages_and_stamps_the_kind(cluster: KubeCluster) -> None:
    """More objects than a page; list items carry no kind of their own on a real server."""
    for number in range(1203):
        cluster.create(a_config_map(f"n{number:04}", half=str(number % 2)))
    found = cluster.list(CONFIG_MAP, "box", labels="half=1")
    assert len(found) == 601
    assert {(obj["apiVersion"], obj["kind"]) for obj in found} == {("v1", "ConfigMap")}
    assert len(cluster.list(CONFIG_MAP, "box")) >= 1203


def test_metadata_alone_leaves_the_payload_out(cluster: KubeCluster) -> None:
    cluster.create(a_config_map("a"))
    found = cluster.list(CONFIG_MAP, "box", fields="metadata.name=a", metadata_only=True)
    assert [(obj["kind"], "data" in obj) for obj in found] == [("ConfigMap", False)]


def test_dry_run_leaves_nothing(cluster: KubeCluster) -> None:
    cluster.create(a_config_map("a"), dry_run=True)
    assert cluster.get(CONFIG_MAP, "box", "a") is None


def test_merge_patch_with_a_uid_as_precondition(cluster: KubeCluster) -> None:
    cluster.create(a_config_map("a"))
    patched = cluster.patch(CONFIG_MAP, "box", "a", {"data": {"b": "2"}})
    assert patched["data"] == {"a": "1", "b": "2"}
    with pytest.raises(Conflicted):
        cluster.patch(CONFIG_MAP, "box", "a", {"metadata": {"uid": "another"}})


def test_deletes_only_the_uid_it_means(cluster: KubeCluster) -> None:
    made = cluster.create(a_config_map("a"))
    with pytest.raises(Conflicted):
        cluster.delete(CONFIG_MAP, "box", "a", uid="another")
    with pytest.raises(Conflicted, match="no uid"):
        cluster.delete(CONFIG_MAP, "box", "a", uid="")
    cluster.delete(CONFIG_MAP, "box", "a", uid=objects.uid(made))
    cluster.delete(CONFIG_MAP, "box", "a", uid=objects.uid(made))
    assert cluster.get(CONFIG_MAP, "box", "a") is None


def test_refusals_have_names(cluster: KubeCluster, server: ApiServer) -> None:
    cluster.create(a_config_map("a"))
    with pytest.raises(AlreadyExists, match="create configmaps box/a"):
        cluster.create(a_config_map("a"))
    with pytest.raises(Missing):
        cluster.patch(CONFIG_MAP, "box", "b", {})
    with pytest.raises(Missing, match="absent"):
        cluster.create({**a_config_map("a"), "metadata": {"name": "a", "namespace": "absent"}})
    with pytest.raises(NotServed, match=r"example\.org/v1 Toy"):
        cluster.served(Kind("example.org/v1", "Toy"))
    with pytest.raises(OutsideRefused, match="422"):
        cluster.create(a_config_map("Not A Name"))
    server.faults.deny(Rule(verb="create", resource="configmaps"))
    with pytest.raises(Forbidden, match='cannot create resource "configmaps"'):
        cluster.create(a_config_map("c"))


def test_a_full_quota_is_want_of_capacity(cluster: KubeCluster) -> None:
    quota = {
        "metadata": {"name": "q", "namespace": "box"},
        "spec": {"hard": {"services.nodeports": "0"}},
    }
    cluster.create({"apiVersion": "v1", "kind": "ResourceQuota", **quota})
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s", "namespace": "box"},
        "spec": {"type": "NodePort", "ports": [{"port": 80}]},
    }
    with pytest.raises(OutsideRefused, match="exceeded quota") as caught:
        cluster.create(service)
    assert caught.value.cause is Cause.CAPACITY


def test_discovery_knows_kinds_and_resources(cluster: KubeCluster) -> None:
    deployment = cluster.served(Kind("apps/v1", "Deployment"))
    assert (deployment.resource, deployment.namespaced) == ("deployments.apps", True)
    assert "watch" in deployment.verbs
    assert cluster.served_resource("deployments.apps") == deployment
    assert cluster.served_resource("namespaces").kind == "Namespace"
    with pytest.raises(NotServed):
        cluster.served_resource("toys.example.org")


def test_a_kind_installed_later_is_found(cluster: KubeCluster) -> None:
    toy = Kind("example.org/v1", "Toy")
    with pytest.raises(NotServed):
        cluster.served(toy)
    cluster.create(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "toys.example.org"},
            "spec": {
                "group": "example.org",
                "scope": "Namespaced",
                "names": {"plural": "toys", "singular": "toy", "kind": "Toy"},
                "versions": [{"name": "v1", "served": True, "storage": True}],
            },
        }
    )
    assert cluster.served(toy).plural == "toys"


def test_knows_whom_it_talks_to(cluster: KubeCluster) -> None:
    kube_system = cluster.get(NAMESPACE, "", "kube-system")
    assert cluster.embedded
    assert "+embedded" in cluster.version()
    assert cluster.identity() == objects.uid(kube_system)


def test_asks_for_rights(cluster: KubeCluster, server: ApiServer) -> None:
    server.faults.deny(Rule(verb="delete", resource="pods"))
    assert cluster.may("create", "deployments.apps", "box")
    assert cluster.may("create", "pods/portforward", "box")
    assert not cluster.may("delete", "pods", "box")


def test_watches_through_faults(cluster: KubeCluster, server: ApiServer) -> None:
    """Changes made while watches are dropped and the server is away come through, once each."""
    seen: list[str] = []
    synced, done = threading.Event(), threading.Event()

    def follow() -> None:
        for change in cluster.watch(CONFIG_MAP, "box", labels="w", stop=done.is_set, idle=0.05):
            if change is not None and change.type is ChangeType.SYNCED:
                synced.set()
            elif change is not None:
                seen.append(objects.name(change.object))
                if len(seen) == 3:
                    done.set()

    thread = threading.Thread(target=follow)
    thread.start()
    assert synced.wait(10)
    cluster.create(a_config_map("one", w="1"))
    server.faults.drop_watches()
    cluster.create(a_config_map("two", w="1"))
    server.faults.go_away(0.3)
    cluster.create(a_config_map("three", w="1"))
    assert done.wait(10)
    thread.join(10)
    assert seen == ["one", "two", "three"]


def test_watches_one_name(cluster: KubeCluster) -> None:
    for name in ("a", "b"):
        cluster.create(a_config_map(name))
    seen: list[tuple[ChangeType, str]] = []
    for change in cluster.watch(CONFIG_MAP, "box", name="b", stop=lambda: len(seen) >= 2):
        assert change is not None
        seen.append((change.type, objects.name(change.object)))
    assert seen == [(ChangeType.ADDED, "b"), (ChangeType.SYNCED, "")]


def test_cluster_scoped_objects_need_no_namespace(cluster: KubeCluster) -> None:
    made = cluster.create(namespace("other"))
    assert cluster.get(NAMESPACE, "", "other") is not None
    cluster.delete(NAMESPACE, "", "other", uid=objects.uid(made))


def test_the_kubeconfig_is_all_it_needs(tmp_path: Path, cluster: KubeCluster) -> None:
    assert [path.name for path in tmp_path.iterdir()] == ["config"]
    assert cluster.list(NAMESPACE)
