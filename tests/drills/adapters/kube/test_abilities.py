"""What the embedded cluster says it can do, and what it says where nobody stands in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.adapters.kube import KubeCluster, connect_cluster
from drills.cluster import Abilities, Kind, VolumeMeans, Way
from drills.errors import NobodyAnswers
from drills.objects import labels, name
from embedded.cluster import EmbeddedCluster

Both = tuple[EmbeddedCluster, KubeCluster]


@pytest.fixture(name="both", scope="module")
def _both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    path: Path = tmp_path_factory.mktemp("abilities") / "kubeconfig"
    with EmbeddedCluster(stand_ins=["shop"]) as embedded:
        cluster = connect_cluster(context="embedded", kubeconfig=str(embedded.kubeconfig(path)))
        yield embedded, cluster
        cluster.close()


def test_it_fills_by_files_and_answers_where_somebody_stands_in(both: Both) -> None:
    embedded, cluster = both
    found = cluster.abilities()
    assert found.volumes == {VolumeMeans.FILES}
    assert found.ways == {Way.HTTP, Way.LOGS}
    assert found.name == "the embedded cluster"
    embedded.stand_ins.register("one", exec=lambda *_: None)
    assert Way.EXEC in (cluster.abilities().ways or ())
    embedded.stand_ins.remove("one")


def test_a_real_cluster_sets_no_limits() -> None:
    assert all(Abilities().fills(means) for means in VolumeMeans)
    assert Abilities().answers_probe(frozenset({Way.EXEC}))


def pod_of(cluster: KubeCluster, app: str) -> str:
    pods = cluster.list(Kind("v1", "Pod"), "production")
    return next(name(pod) for pod in pods if labels(pod).get("app") == app)


def test_who_only_connects_hears_that_nobody_stands_in(both: Both) -> None:
    """Else a probe that only wants to connect would take the silence for a listener."""
    _, cluster = both
    there, away = pod_of(cluster, "shop"), pod_of(cluster, "ledger")
    with cluster.connect("production", f"pod/{there}", "8080", timeout=10) as connection:
        assert connection.exchange(b"", timeout=1.0).data == b""
    with (
        cluster.connect("production", f"pod/{away}", "9", timeout=10) as connection,
        pytest.raises(NobodyAnswers, match="no stand-in is registered for port 9"),
    ):
        connection.exchange(b"", timeout=10)


def test_a_command_that_nobody_answers_is_final(both: Both) -> None:
    _, cluster = both
    with pytest.raises(NobodyAnswers) as refused:
        cluster.exec("production", pod_of(cluster, "ledger"), "", ["date"], timeout=10)
    assert "grant" not in refused.value.hint
    assert "stand-in" in refused.value.hint
