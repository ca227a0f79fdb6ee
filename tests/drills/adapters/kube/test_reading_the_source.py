"""Reading the live source over HTTP, with parts of it away."""

from pathlib import Path

import pytest

from drills.adapters.kube import KubeCluster, connect_cluster
from drills.coverage.reading import read_source
from drills.coverage.scope import BackupScope
from drills.coverage.unread import partly_compared
from drills.findings import Severity
from drills.objects import KubeObject
from scenarios.model import SourceComparison
from tests.drills.adapters.kube.scripted_api import Reply, ScriptedApi
from tests.fakes.clock import FakeClock

VERBS = ["list", "get", "create", "delete"]
SCOPE = BackupScope(verbs=frozenset(VERBS))
AWAY = Reply(status=503, document={"kind": "Status", "message": "service unavailable"})


def kinds(version: str, *entries: tuple[str, str, list[str]]) -> Reply:
    resources: list[KubeObject] = [
        {"name": plural, "kind": kind, "namespaced": True, "verbs": verbs}
        for plural, kind, verbs in entries
    ]
    return Reply(document={"groupVersion": version, "resources": resources})


def listed(*found: KubeObject) -> Reply:
    return Reply(document={"kind": "List", "metadata": {}, "items": list(found)})


def named(name: str, **more: object) -> KubeObject:
    created = "2026-01-01T00:00:00Z"
    where = {"name": name, "namespace": "production", "creationTimestamp": created}
    return {"metadata": {**where, **more}}


@pytest.fixture
def cluster(api: ScriptedApi, tmp_path: Path) -> KubeCluster:
    groups = ["example.org", "metrics.k8s.io"]
    preferred = [{"name": g, "preferredVersion": {"groupVersion": f"{g}/v1"}} for g in groups]
    api.on("GET", "/apis", Reply(document={"kind": "APIGroupList", "groups": preferred}))
    namespace = {"name": "namespaces", "kind": "Namespace", "namespaced": False, "verbs": VERBS}
    maps = {"name": "configmaps", "kind": "ConfigMap", "namespaced": True, "verbs": VERBS}
    api.on("GET", "/api/v1", Reply(document={"resources": [namespace, maps]}))
    api.on("GET", "/api/v1/namespaces/production", Reply(document=named("production")))
    api.on("GET", "/api/v1/namespaces/production/configmaps", listed(named("settings")))
    known = connect_cluster(kubeconfig=api.kubeconfig(tmp_path))
    return known.with_clock(FakeClock())


def test_a_group_whose_server_is_away_is_told_and_the_others_are_read(
    api: ScriptedApi, cluster: KubeCluster
) -> None:
    """That of the metrics stores nothing, so nobody asks for it."""
    api.on("GET", "/apis/example.org/v1", AWAY)
    read = read_source(cluster, ["production"], SCOPE)
    assert [one.name for one in read.live] == ["settings"]
    (untold,) = read.unread
    assert untold.subject == "example.org/v1"
    (asked,) = partly_compared(SourceComparison(required=True), read.unread)
    (noted,) = partly_compared(SourceComparison(), read.unread)
    assert (asked.unanswered, noted.unanswered) == (True, False)
    assert asked.severity is noted.severity is Severity.WARNING
    assert api.asked("GET", "/apis/metrics.k8s.io/v1") == []


def test_only_what_stands_for_itself_and_can_be_backed_up_counts(
    api: ScriptedApi, cluster: KubeCluster
) -> None:
    toys = ("toys", "Toy", VERBS)
    api.on("GET", "/apis/example.org/v1", kinds("example.org/v1", toys, ("views", "View", ["get"])))
    owned = {"ownerReferences": [{"kind": "Box", "name": "box", "controller": True}]}
    leaving = {"deletionTimestamp": "2026-01-02T00:00:00Z"}
    found = listed(named("teddy"), named("doll", **owned), named("ball", **leaving))
    api.on("GET", "/apis/example.org/v1/namespaces/production/toys", found)
    read = read_source(cluster, ["production"], SCOPE)
    assert sorted(one.name for one in read.live) == ["settings", "teddy"]
    assert api.asked("GET", "/apis/example.org/v1/namespaces/production/views") == []
