"""The storage without HTTP: isolation of copies, history, watchers that lag, speed, threads."""

import threading
import time
from datetime import UTC, datetime

import pytest

from embedded.json_objects import JsonObject
from embedded.resource_types import BUILTIN, VELERO_TYPES, ResourceType, TypeRegistry
from embedded.storage import ApiError, Storage


def _type(storage: Storage, name: str) -> ResourceType:
    found = storage.types.by_group_resource(name)
    assert found is not None
    return found


def _map(name: str, **metadata: object) -> JsonObject:
    return {"metadata": {"name": name, **metadata}, "data": {"k": "v"}}


@pytest.fixture
def storage() -> Storage:
    """Return an empty cluster at a fixed time."""
    return Storage(now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


@pytest.fixture
def maps(storage: Storage) -> ResourceType:
    """Return the type of ConfigMaps."""
    return _type(storage, "configmaps")


def test_what_comes_out_can_be_changed_without_harm(storage: Storage, maps: ResourceType) -> None:
    watching = storage.watch(maps)
    given = _map("a")
    for copy in (
        storage.create(maps, given, namespace="default"),
        storage.get(maps, "default", "a"),
        storage.list(maps, "default")[0],
    ):
        copy["data"] = {"k": "changed"}
    given["data"]["k"] = "changed too"
    event = watching.get(1)
    assert event is not None
    event.object["data"]["k"] = "changed again"
    assert storage.get(maps, "default", "a")["data"] == {"k": "v"}


def test_the_clock_is_the_one_handed_in(storage: Storage, maps: ResourceType) -> None:
    made = storage.create(maps, _map("a"), namespace="default")
    assert made["metadata"]["creationTimestamp"] == "2026-01-02T03:04:05Z"


def test_a_deleted_namespace_leaves_the_cluster_as_it_was(storage: Storage) -> None:
    before = storage.snapshot()
    namespaces, services = _type(storage, "namespaces"), _type(storage, "services")
    storage.create(namespaces, {"metadata": {"name": "a"}})
    spec = {"type": "NodePort", "ports": [{"port": 80}]}
    storage.create(services, {"metadata": {"name": "s"}, "spec": spec}, namespace="a")
    assert storage.snapshot() != before
    storage.delete(namespaces, None, "a")
    assert storage.snapshot() == before


def test_a_namespace_of_5000_objects_is_deleted_quickly(
    storage: Storage, maps: ResourceType
) -> None:
    namespaces = _type(storage, "namespaces")
    storage.create(namespaces, {"metadata": {"name": "big"}})
    for number in range(5000):
        storage.create(maps, _map(f"c{number}"), namespace="big")
    started = time.monotonic()
    storage.delete(namespaces, None, "big")
    assert time.monotonic() - started < 30.0
    assert storage.find(namespaces, None, "big") is None


def test_an_owner_of_3000_objects_takes_them_along_quickly(
    storage: Storage, maps: ResourceType
) -> None:
    owner = storage.create(maps, _map("owner"), namespace="default")
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": owner["metadata"]["uid"],
    }
    for number in range(3000):
        storage.create(maps, _map(f"c{number}", ownerReferences=[reference]), namespace="default")
    started = time.monotonic()
    storage.delete(maps, "default", "owner")
    assert time.monotonic() - started < 30.0
    assert len(storage.list(maps, "default")) == 1


def test_a_watch_from_forgotten_history_is_410(storage: Storage, maps: ResourceType) -> None:
    since = storage.version
    storage.create(maps, _map("a"), namespace="default")
    storage.forget_history()
    with pytest.raises(ApiError) as refused:
        storage.watch(maps, since=since)
    assert (refused.value.code, refused.value.reason) == (410, "Expired")


def test_history_is_bounded_for_each_type() -> None:
    storage = Storage(history=3)
    maps = _type(storage, "configmaps")
    since = storage.version
    for number in range(4):
        storage.create(maps, _map(f"c{number}"), namespace="default")
    with pytest.raises(ApiError, match="too old resource version"):
        storage.watch(maps, since=since)
    late = storage.watch(maps, since=since + 1)
    assert [late.get(0).object["metadata"]["name"] for _ in range(3)] == ["c1", "c2", "c3"]  # type: ignore[union-attr]


def test_a_watcher_that_lags_too_far_gets_410_and_no_silent_gap() -> None:
    storage = Storage(backlog=2)
    maps = _type(storage, "configmaps")
    slow = storage.watch(maps)
    for number in range(3):
        storage.create(maps, _map(f"c{number}"), namespace="default")
    with pytest.raises(ApiError) as refused:
        slow.get(0)
    assert refused.value.code == 410


def test_a_closed_subscription_ends_its_iteration(storage: Storage, maps: ResourceType) -> None:
    watching = storage.watch(maps)
    seen: list[str] = []
    reader = threading.Thread(target=lambda: seen.extend(one.type for one in watching))
    reader.start()
    storage.create(maps, _map("a"), namespace="default")
    watching.close()
    reader.join(10)
    assert not reader.is_alive()
    assert seen in (["ADDED"], [])


def test_no_update_is_lost_between_threads(storage: Storage, maps: ResourceType) -> None:
    """Eight writers count to a hundred each by the version check alone."""
    storage.create(maps, {"metadata": {"name": "n"}, "data": {"n": "0"}}, namespace="default")

    refusals: set[int] = set()

    def count() -> None:
        done = 0
        while done < 100:
            current = storage.get(maps, "default", "n")
            current["data"]["n"] = str(int(current["data"]["n"]) + 1)
            try:
                storage.update(maps, current)
            except ApiError as error:
                refusals.add(error.code)
                continue
            done += 1

    writers = [threading.Thread(target=count) for _ in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(60)
    assert storage.get(maps, "default", "n")["data"]["n"] == "800"
    assert refusals <= {409}


def test_velero_types_are_thirteen_and_have_no_status_door() -> None:
    assert len(VELERO_TYPES) == 13
    assert not any(one.has_status for one in VELERO_TYPES)
    assert {one.version for one in VELERO_TYPES} == {"v1", "v2alpha1"}


def test_a_registry_finds_types_by_every_name() -> None:
    registry = TypeRegistry(BUILTIN)
    found = registry.by_group_resource("deployments.apps")
    assert found is not None
    assert found is registry.by_kind("apps/v1", "Deployment")
    assert found is registry.by_plural("apps", "v1", "deployments")
    assert (found.api_version, found.group_resource) == ("apps/v1", "deployments.apps")
    registry.remove(found)
    assert registry.by_kind("apps/v1", "Deployment") is None


def test_a_dying_definition_waits_for_its_objects(storage: Storage) -> None:
    """A custom type stays served while one of its objects has a finalizer."""
    definitions = _type(storage, "customresourcedefinitions.apiextensions.k8s.io")
    version = {"name": "v1", "served": True, "storage": True}
    names = {"plural": "toys", "kind": "Toy", "singular": "toy"}
    spec = {"group": "x.io", "scope": "Namespaced", "names": names, "versions": [version]}
    storage.create(definitions, {"metadata": {"name": "toys.x.io"}, "spec": spec})
    toys = _type(storage, "toys.x.io")
    toy = {"apiVersion": "x.io/v1", "kind": "Toy", "metadata": {"name": "t"}}
    toy["metadata"]["finalizers"] = ["x.io/hold"]  # type: ignore[index]
    storage.create(toys, toy, namespace="default")
    storage.delete(definitions, None, "toys.x.io")
    assert storage.find(definitions, None, "toys.x.io") is not None
    storage.patch(toys, "default", "t", {"metadata": {"finalizers": None}})
    assert storage.find(definitions, None, "toys.x.io") is None
    assert storage.types.by_group_resource("toys.x.io") is None
