"""Whatever ends a drill, the next start or `clean` leaves the cluster as it was.

The cluster lives in the test, the runner in a process of its own that is stopped or killed.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embedded.cluster import EmbeddedCluster
from runner.cli import main
from tests.e2e.conftest import Drilled
from tests.e2e.living import LATEST, SHORT_CLUSTER, things
from tests.threads import signal_another_thread

ROOT = Path(__file__).resolve().parents[2]
Write = Callable[..., Path]


class Runner:
    """A runner in a process of its own, followed by its log."""

    def __init__(self, scenario: Path, kubeconfig: Path, reports: Path, *more: str) -> None:
        command = [sys.executable, "-m", "runner", "run", str(scenario), "--log-format", "json"]
        command += ["--kubeconfig", str(kubeconfig), "--report-dir", str(reports), *more]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def await_stage(self, stage: str) -> None:
        """Read the log until `stage` has begun."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            event = json.loads(line)
            if event.get("stage") == stage and event["event"] == "stage started":
                return
        raise AssertionError(f"the drill ended before {stage}")

    def await_stopping(self) -> None:
        """Read the log until the runner has heard that it shall stop."""
        assert self.process.stderr is not None
        assert any("stopping and cleaning up" in line for line in self.process.stderr)

    def end(self, how: signal.Signals | None = None) -> int:
        """Send a signal if any, wait for the end, return the exit code."""
        if how is not None:
            self.process.send_signal(how)
        self.process.communicate(timeout=60)
        return self.process.returncode

    def dismiss(self) -> None:
        """Kill it if it still runs, and close what it wrote to."""
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


@pytest.fixture(name="cluster")
def _cluster() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster(stand_ins=["shop"]) as cluster:
        cluster.velero.slow(0.01)
        yield cluster


@pytest.fixture(name="start")
def _start(
    cluster: EmbeddedCluster, write: Write, tmp_path: Path
) -> Iterator[Callable[..., Runner]]:
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig")
    scenario = write(cluster=SHORT_CLUSTER, backup=LATEST)
    started: list[Runner] = []

    def start(*more: str) -> Runner:
        started.append(Runner(scenario, kubeconfig, tmp_path / "drill-reports", *more))
        return started[-1]

    yield start
    for runner in started:
        runner.dismiss()


Start = Callable[..., Runner]
STAGES = ["select", "verify", "isolate", "restore", "settle", "probe", "clean up"]


def journals(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "drill-reports" / ".journal").glob("*"))


@pytest.mark.parametrize("stage", STAGES)
def test_killed_then_cleaned(
    cluster: EmbeddedCluster, start: Start, tmp_path: Path, stage: str
) -> None:
    """Killed in any stage: `clean` finds the journal and leaves nothing."""
    before = things(cluster)
    runner = start()
    runner.await_stage(stage)
    assert runner.end(signal.SIGKILL) == -signal.SIGKILL
    code = main(["clean", "--report-dir", str(tmp_path / "drill-reports")])
    assert code == 0
    assert things(cluster) == before
    assert journals(tmp_path) == []


@pytest.mark.parametrize("stage", ["isolate", "restore", "probe"])
def test_killed_then_drilled_again(
    cluster: EmbeddedCluster,
    start: Start,
    tmp_path: Path,
    stage: str,
    drill: Callable[..., Drilled],
) -> None:
    """The next drill finishes what the killed one left, and passes."""
    before = things(cluster)
    runner = start()
    runner.await_stage(stage)
    runner.end(signal.SIGKILL)
    again = drill(tmp_path / "scenario.yaml", "--kubeconfig", tmp_path / "kubeconfig")
    assert (again.code, again.verdict) == (0, "passed")
    assert things(cluster) == before
    assert journals(tmp_path) == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop(
    cluster: EmbeddedCluster, start: Start, tmp_path: Path, how: signal.Signals
) -> None:
    """Ctrl-C and SIGTERM: cleaned up, exit code 3, and a report that says interrupted."""
    before = things(cluster)
    cluster.velero.hang("InProgress")
    runner = start()
    runner.await_stage("restore")
    runner.process.send_signal(how)
    runner.await_stopping()
    cluster.velero.release()
    assert runner.end() == 3
    (report,) = (tmp_path / "drill-reports").glob("*/report.json")
    document = json.loads(report.read_text())
    assert document["verdict"] == "inconclusive"
    assert "interrupted" in {finding["code"] for finding in document["findings"]}
    assert document["cleanup"]["outcome"] == "clean"
    assert things(cluster) == before
    assert journals(tmp_path) == []


def test_a_signal_that_another_thread_gets_stops_the_drill_too(
    cluster: EmbeddedCluster, start: Start, tmp_path: Path
) -> None:
    """The kernel may hand a signal to any thread; the main one, which handles it, must wake."""
    cluster.velero.hang("InProgress")
    runner = start()
    runner.await_stage("restore")
    signal_another_thread(runner.process, signal.SIGINT)
    runner.await_stopping()
    cluster.velero.release()
    assert runner.end() == 3


def test_cleaned_from_another_machine(
    cluster: EmbeddedCluster, start: Start, tmp_path: Path
) -> None:
    """Without the journal the marks in the cluster suffice, once the Lease stands still."""
    before = things(cluster)
    runner = start()
    runner.await_stage("settle")
    runner.end(signal.SIGKILL)
    elsewhere = ["--report-dir", str(tmp_path / "elsewhere")]
    named = ["--kubeconfig", str(tmp_path / "kubeconfig"), "--context", "embedded"]
    assert main(["clean", *elsewhere, *named]) == 0
    assert things(cluster) == before


def test_one_sandbox_one_drill(cluster: EmbeddedCluster, start: Start, tmp_path: Path) -> None:
    """A second drill for a sandbox in use is refused, or waits its turn when told to."""
    before = things(cluster)
    cluster.velero.hang("InProgress")
    first = start()
    first.await_stage("restore")
    refused = start()
    assert refused.process.wait(timeout=60) == 3
    waiting = start("--wait", "60")
    waiting.await_stage("isolate")
    cluster.velero.release()
    assert first.process.wait(timeout=60) == 0
    assert waiting.process.wait(timeout=60) == 0
    assert things(cluster) == before
    assert journals(tmp_path) == []
