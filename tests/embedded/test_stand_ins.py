"""Stand-ins: built-in ones, a test's own, and nobody."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.containers import ExecAnswer, HttpAnswer
from embedded.stand_in import HttpQuestion
from embedded.stand_ins import UnknownStandIn
from tests.embedded.clusters import newest_backup, restored

LAST = ("tail", "-n1", "/data/heartbeat.log")
MAPPING = {"production": "backup-test"}


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster(stand_ins=("shop", "ledger")) as one:
        yield one


def _ask(cluster: EmbeddedCluster, path: str, target: str = "service/shop") -> HttpAnswer | None:
    return cluster.stand_ins.http("production", target, "80", "GET", path, {}, b"")


def test_the_shop_answers(cluster: EmbeddedCluster) -> None:
    answer = _ask(cluster, "/healthz?deep=1")
    assert answer is not None
    assert (answer.status, answer.body, answer.stand_in) == (200, b"ok\n", "shop")
    missing = _ask(cluster, "/nothing")
    assert missing is not None
    assert missing.status == 404
    assert _ask(cluster, "/healthz", "service/other") is None


def test_the_ledger_ends_with_the_instant_its_backup_is_from(cluster: EmbeddedCluster) -> None:
    restored(cluster, mapping=MAPPING)
    cluster.settle()
    answer = cluster.stand_ins.exec("backup-test", "ledger-0", "ledger", LAST)
    assert answer is not None
    backup = newest_backup(cluster)
    label = f"velero.io/backup-name={backup}"
    volume = cluster.objects.all("podvolumebackups.velero.io", "velero", labels=label)[0]
    assert answer.stdout.decode() == volume["status"]["startTimestamp"] + "\n"
    assert answer.exit_code == 0


def test_the_ledger_has_no_file_where_no_data_came_back(tmp_path: Path) -> None:
    """A restore without the pod's volume data leaves nothing to read."""
    with EmbeddedCluster(stand_ins=("ledger",)) as cluster:
        name = newest_backup(cluster)
        for volume in cluster.objects.all("podvolumebackups.velero.io", "velero"):
            cluster.objects.delete(
                "podvolumebackups.velero.io", "velero", volume["metadata"]["name"]
            )
        restored(cluster, backup=name, mapping=MAPPING)
        cluster.settle()
        answer = cluster.stand_ins.exec("backup-test", "ledger-0", "ledger", LAST)
        assert answer is not None
        assert answer.exit_code == 1
        assert b"No such file" in answer.stderr


def test_logs(cluster: EmbeddedCluster) -> None:
    assert cluster.stand_ins.logs("production", "ledger-0", "ledger") == "ledger started\n"
    assert cluster.stand_ins.logs("velero", "velero-x", "velero") is None


def test_a_tests_own_functions_come_first(cluster: EmbeddedCluster) -> None:
    def http(question: HttpQuestion) -> HttpAnswer | None:
        return HttpAnswer(stand_in="", status=503) if question.target == "service/shop" else None

    def run(namespace: str, pod: str, container: str, command: tuple[str, ...]) -> ExecAnswer:
        return ExecAnswer(stand_in="", stdout=" ".join(command).encode())

    cluster.stand_ins.register("mine", http=http, exec=run, connect=lambda *_: b"pong")
    answer = _ask(cluster, "/healthz")
    assert answer is not None
    assert (answer.status, answer.stand_in) == (503, "mine")
    echoed = cluster.stand_ins.exec("any", "pod", "main", ("a", "b"))
    assert echoed is not None
    assert (echoed.stdout, echoed.stand_in) == (b"a b", "mine")
    assert cluster.stand_ins.connect("any", "pod", 1, b"ping") == b"pong"
    cluster.stand_ins.remove("mine")
    again = _ask(cluster, "/healthz")
    assert again is not None
    assert again.status == 200


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownStandIn, match=r"known are .*ledger, .*shop"):
        EmbeddedCluster(stand_ins=("shopp",))
