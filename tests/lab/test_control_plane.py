"""The lab itself: a real control plane, a real Velero, and what a careless restore does."""

import secrets
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest

from tests.lab.cluster import status_of
from tests.lab.conftest import Lab
from tests.lab.restores import NaiveRestore, name_of, newest_backup

pytestmark = pytest.mark.lab

_API = "velero.io/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A finished naive restore: the Restore, its files, and the cluster before it."""

    restore: dict[str, object]
    results: dict[str, dict[str, object]]
    resources: dict[str, list[str]]
    naive: NaiveRestore


@pytest.fixture(scope="module")
def naive(lab: Lab) -> Iterator[Drill]:
    """One naive restore that the tests of this file look at; removed at the end."""
    naive = NaiveRestore(lab.cluster, lab.velero_namespace, f"lab-naive-{secrets.token_hex(4)}")
    try:
        restore = naive.run()
        yield Drill(
            restore=restore,
            results=cast("dict[str, dict[str, object]]", naive.read("RestoreResults")),
            resources=cast("dict[str, list[str]]", naive.read("RestoreResourceList")),
            naive=naive,
        )
    finally:
        naive.remove()


def test_control_plane_has_a_ready_node(lab: Lab) -> None:
    nodes = lab.cluster.list("v1", "Node")
    conditions = cast("list[dict[str, str]]", status_of(nodes[0])["conditions"])
    assert ("Ready", "True") in {(found["type"], found["status"]) for found in conditions}


def test_velero_is_available_and_its_schedule_enabled(lab: Lab) -> None:
    location = lab.cluster.find(_API, "BackupStorageLocation", "default", lab.velero_namespace)
    schedule = lab.cluster.find(_API, "Schedule", "production-daily", lab.velero_namespace)
    assert status_of(location)["phase"] == "Available"
    assert status_of(schedule)["phase"] == "Enabled"


def test_backup_carries_its_schedules_name(lab: Lab) -> None:
    backup = newest_backup(lab.cluster, lab.velero_namespace)
    labels = cast("dict[str, dict[str, str]]", backup["metadata"])["labels"]
    assert labels["velero.io/schedule-name"] == "production-daily"
    assert name_of(backup).startswith("production-daily-20")


def test_fake_pods_answer_through_the_api_server(lab: Lab) -> None:
    path = "/api/v1/namespaces/production/services/http:shop:80/proxy/healthz"
    assert lab.cluster.get_text(path).strip() == "ok"


def test_naive_restore_loses_the_service_with_a_fixed_port(naive: Drill) -> None:
    """The counters agree although an object is missing: they prove nothing."""
    status = status_of(naive.restore)
    progress = cast("dict[str, int]", status["progress"])
    errors = cast("dict[str, list[str]]", naive.results["errors"]["namespaces"])
    assert status["phase"] == "PartiallyFailed"
    assert status["errors"] == 1
    assert progress["itemsRestored"] == progress["totalItems"]
    assert "provided port is already allocated" in errors[naive.naive.target][0]
    assert f"{naive.naive.target}/shop-nodeport(failed)" in naive.resources["v1/Service"]


def test_naive_restore_brings_dangerous_objects_to_life(lab: Lab, naive: Drill) -> None:
    """A load balancer, the production host and a CronJob that fires, all in the copy."""
    target = naive.naive.target
    public = lab.cluster.find("v1", "Service", "shop-public", target)
    ingress = lab.cluster.find("networking.k8s.io/v1", "Ingress", "shop", target)
    billing = lab.cluster.find("batch/v1", "CronJob", "billing", target)
    assert public is not None
    assert cast("dict[str, object]", public["spec"])["type"] == "LoadBalancer"
    assert "shop.example.com" in str(ingress)
    assert billing is not None
    assert cast("dict[str, object]", billing["spec"])["suspend"] is False


def test_naive_restore_leaves_productions_addresses_in_the_copy(lab: Lab, naive: Drill) -> None:
    """No controller corrects the endpoints of the Service that was refused."""
    slices = lab.cluster.list("discovery.k8s.io/v1", "EndpointSlice", naive.naive.target)
    orphan = next(found for found in slices if name_of(found).startswith("shop-nodeport-"))
    targets = [
        cast("dict[str, str]", endpoint["targetRef"])["namespace"]
        for endpoint in cast("list[dict[str, object]]", orphan["endpoints"])
    ]
    assert targets == ["production", "production"]


def test_restored_objects_carry_veleros_labels_but_the_namespace_does_not(
    lab: Lab, naive: Drill
) -> None:
    target = naive.naive.target
    shop = lab.cluster.find("apps/v1", "Deployment", "shop", target)
    namespace = lab.cluster.find("v1", "Namespace", target)
    assert f"'velero.io/restore-name': '{target}'" in str(shop)
    assert namespace is not None
    assert "velero.io/restore-name" not in str(namespace["metadata"])


def test_restore_goes_with_its_files_and_the_cluster_is_as_before(lab: Lab) -> None:
    """Production is untouched, nothing of the copy stays, the bucket holds no file of it."""
    before = _own(lab.cluster.snapshot())
    target = f"lab-gone-{secrets.token_hex(4)}"
    naive = NaiveRestore(lab.cluster, lab.velero_namespace, target)
    try:
        naive.run()
        assert target in _bucket_listing(lab, target)
    finally:
        naive.remove()
    after = lab.cluster.snapshot()
    assert _own(after) == before
    assert [key for key in after if target in key] == []
    assert target not in _bucket_listing(lab, target)


def _own(snapshot: dict[str, str]) -> dict[str, str]:
    # Other tests may use the same cluster: what they make is not this restore's doing.
    return {key: mark for key, mark in snapshot.items() if " production/" in key}


def _bucket_listing(lab: Lab, restore: str) -> str:
    location = lab.cluster.find(_API, "BackupStorageLocation", "default", lab.velero_namespace)
    if location is None:
        raise AssertionError("no storage location named default")
    spec = cast("dict[str, dict[str, str]]", location["spec"])
    url = f"{spec['config']['s3Url']}/{spec['objectStorage']['bucket']}"
    query = f"{url}?list-type=2&prefix=restores/{restore}/restore-"
    with urllib.request.urlopen(query, timeout=5) as answer:  # noqa: S310 - the lab's own store
        text: str = answer.read().decode()
    # The answer repeats the prefix that was asked for.
    return text.partition("<Contents>")[2]
