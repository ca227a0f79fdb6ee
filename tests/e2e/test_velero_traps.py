"""Two traps of Velero that cleaning up could fall into, and does not, however a drill ends.

A sandbox deleted under a running restore is made anew, unmarked and open; a Restore deleted while
it is at work keeps every other restore on that server from ending. The embedded server has both.
"""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embedded.cluster import EmbeddedCluster
from runner.cli import main
from tests.e2e.living import LATEST, SHORT, SHORT_CLUSTER, things
from tests.e2e.test_interrupted import Runner
from tests.embedded.clusters import ask_restore, finished_restore, wait_until

RESTORES = "restores.velero.io"
Start = Callable[..., Runner]


@pytest.fixture(name="cluster")
def _cluster() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster(stand_ins=["shop"]) as cluster:
        yield cluster


@pytest.fixture(name="start")
def _start(cluster: EmbeddedCluster, write: Callable[..., Path], tmp_path: Path) -> Iterator[Start]:
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig")
    started: list[Runner] = []

    def start(**scenario: str) -> Runner:
        path = write(cluster=SHORT_CLUSTER, backup=LATEST, **scenario)
        started.append(Runner(path, kubeconfig, tmp_path / "drill-reports"))
        return started[-1]

    yield start
    for runner in started:
        runner.dismiss()


def phase_of_ours(cluster: EmbeddedCluster) -> str:
    found = [
        one
        for one in cluster.objects.all(RESTORES, "velero")
        if one["metadata"]["name"].startswith("drill-shop")
    ]
    return str(found[0].get("status", {}).get("phase", "")) if found else "none"


def until(cluster: EmbeddedCluster, phase: str) -> None:
    wait_until(cluster, RESTORES, lambda: phase_of_ours(cluster).startswith(phase), 60)


def a_real_restore_still_ends(cluster: EmbeddedCluster) -> None:
    """And the namespace it made goes again, so that only the drill's own traces would be left."""
    ask_restore(cluster, "emergency", mapping={"production": "emergency-copy"})
    finished_restore(cluster, "emergency")
    cluster.objects.delete(RESTORES, "velero", "emergency")
    wait_until(cluster, RESTORES, lambda: not cluster.objects.peek(RESTORES, "velero", "emergency"))
    cluster.objects.delete("namespaces", "", "emergency-copy")


def copy_of(state: dict[tuple[str, str, str], object]) -> set[tuple[str, str, str]]:
    """Return what is there but for volumes, which the real restore may have made."""
    return {key for key in state if key[0] != "persistentvolumes"}


@pytest.mark.parametrize("phase", ["InProgress", "Finalizing"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_stopped_while_velero_is_at_work(
    cluster: EmbeddedCluster, start: Start, tmp_path: Path, how: signal.Signals, phase: str
) -> None:
    before = copy_of(things(cluster))
    cluster.velero.hang(phase)
    runner = start()
    until(cluster, phase)
    if how is signal.SIGKILL:
        assert runner.end(how) == -signal.SIGKILL
        # `clean` waits for the restore's end; the server goes on meanwhile.
        threading.Timer(0.5, cluster.velero.release).start()
        assert main(["clean", "--report-dir", str(tmp_path / "drill-reports")]) == 0
    else:
        runner.process.send_signal(how)
        assert runner.process.stderr is not None
        assert any('"clean up"' in line for line in runner.process.stderr)
        cluster.velero.release()
        runner.process.communicate(timeout=60)
        assert runner.process.returncode == 3
        (report,) = (tmp_path / "drill-reports").glob("*/report.json")
        assert json.loads(report.read_text())["cleanup"]["outcome"] == "clean"
    assert copy_of(things(cluster)) == before
    a_real_restore_still_ends(cluster)
    assert copy_of(things(cluster)) == before


@pytest.mark.parametrize("phase", ["InProgress", "Finalizing"])
def test_a_deadline_that_comes_first(
    cluster: EmbeddedCluster, start: Start, tmp_path: Path, phase: str
) -> None:
    """The closed sandbox and the Restore stay, and are said; `clean` takes them afterwards."""
    before = copy_of(things(cluster))
    cluster.velero.hang(phase)
    runner = start(restore=SHORT)
    runner.process.communicate(timeout=60)
    assert runner.process.returncode == 3
    assert phase_of_ours(cluster).startswith(phase)
    sandbox = cluster.objects.get("namespaces", "", "backup-test")
    assert sandbox is not None
    assert "restore-drill/drill-id" in sandbox["metadata"]["labels"]
    assert "deletionTimestamp" not in sandbox["metadata"]
    cluster.velero.release()
    assert main(["clean", "--report-dir", str(tmp_path / "drill-reports")]) == 0
    assert copy_of(things(cluster)) == before
    a_real_restore_still_ends(cluster)
