"""How a kind is served: asked once, however many threads want to know, and again when unknown."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from drills.adapters.kube import KubeCluster, connect_cluster
from drills.errors import NotServed
from drills.objects import KubeObject
from drills.ports import Kind
from tests.drills.adapters.kube.scripted_api import Reply, ScriptedApi

MANY = 8


def group(*versions: str) -> Reply:
    """Return the document of group `example.org`, the first version preferred."""
    listed = [
        {"groupVersion": f"example.org/{version}", "version": version} for version in versions
    ]
    return Reply(document={"kind": "APIGroup", "versions": listed, "preferredVersion": listed[0]})


def version(name: str, **kinds: str) -> Reply:
    """Return the document of one version: plural to kind."""
    resources: list[KubeObject] = [
        {"name": plural, "kind": kind, "namespaced": True, "verbs": ["list"]}
        for plural, kind in kinds.items()
    ]
    return Reply(document={"groupVersion": f"example.org/{name}", "resources": resources})


@pytest.fixture
def cluster(api: ScriptedApi, tmp_path: Path) -> KubeCluster:
    api.on("GET", "/apis/example.org", group("v1"))
    api.on("GET", "/apis/example.org/v1", version("v1", toys="Toy", games="Game"))
    return connect_cluster(kubeconfig=api.kubeconfig(tmp_path))


def test_many_threads_ask_once(api: ScriptedApi, cluster: KubeCluster) -> None:
    together = threading.Barrier(MANY)

    def ask(number: int) -> str:
        together.wait()
        if number % 2:
            return cluster.served(Kind("example.org/v1", "Toy")).plural
        return cluster.served_resource("games.example.org").plural

    with ThreadPoolExecutor(MANY) as pool:
        assert set(pool.map(ask, range(MANY))) == {"toys", "games"}
    assert len(api.asked("GET", "/apis/example.org")) == 1
    assert len(api.asked("GET", "/apis/example.org/v1")) == 1


def test_a_version_that_came_later_is_found(api: ScriptedApi, cluster: KubeCluster) -> None:
    assert cluster.served_resource("toys.example.org").api_version == "example.org/v1"
    with pytest.raises(NotServed):
        cluster.served_resource("puzzles.example.org")
    api.on("GET", "/apis/example.org", group("v1", "v2"))
    api.on("GET", "/apis/example.org/v2", version("v2", puzzles="Puzzle"))
    assert cluster.served_resource("puzzles.example.org").api_version == "example.org/v2"


def test_a_group_that_is_not_there_is_asked_for_once_each_time(
    api: ScriptedApi, cluster: KubeCluster
) -> None:
    for times in (1, 2):
        with pytest.raises(NotServed):
            cluster.served_resource("toys.absent.org")
        assert len(api.asked("GET", "/apis/absent.org")) == times


def test_the_preferred_version_comes_first(api: ScriptedApi, cluster: KubeCluster) -> None:
    api.on("GET", "/apis/example.org", group("v2", "v1"))
    api.on("GET", "/apis/example.org/v2", version("v2", toys="Toy"))
    assert cluster.served(Kind("example.org/v1", "Toy")).api_version == "example.org/v1"
    assert cluster.served_resource("toys.example.org").api_version == "example.org/v2"
    assert cluster.served_resource("games.example.org").api_version == "example.org/v1"
