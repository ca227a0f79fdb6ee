"""What probes are told of the drill, and what they may make."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from drills import objects
from drills.cluster import Kind
from drills.errors import Interrupted
from drills.marks import marks
from drills.ports import CommandResult
from drills.questions import probe_context
from drills.record import Verdict
from drills.state import begin
from drills.workload_watch import WorkloadWatch
from scenarios.model import ProbeSpec, ProofLevel
from tests.fakes.clock import START
from tests.fakes.drilling import DRILL, World, scenario
from tests.fakes.probing import SANDBOX, CalmCluster, pod, thing


def test_nothing_is_made_once_cleanup_began() -> None:
    """It would be left behind, and its journal with it."""
    world = World()
    drill = begin(scenario(), world.ports(), DRILL, 1)
    told = probe_context(drill, requested_at=START, requested=0.0)
    assert told.maker is not None
    told.maker.make(thing("v1", "ConfigMap", "one"))
    drill.cleaning = True
    with pytest.raises(Interrupted):
        told.maker.make(thing("v1", "ConfigMap", "two"))
    made = world.cluster.list(Kind("v1", "ConfigMap"), SANDBOX)
    assert [objects.name(each) for each in made] == ["one"]
    assert len(world.journal.lines) == 2


def test_what_a_probe_runs_is_no_workload_of_the_application() -> None:
    waiting = {"conditions": [{"type": "Ready", "status": "False"}], "phase": "Pending"}
    ours = thing("v1", "Pod", "check", metadata={"labels": marks(DRILL, "weekly")}, status=waiting)
    theirs = pod("shop", ready=False, owner="")
    watch = WorkloadWatch(cluster=CalmCluster(ours, theirs), namespaces=[SANDBOX])
    watch.start()
    try:
        while not watch.synced:
            watch.take(1.0)
        assert [each.subject for each in watch.waiting()] == [f"pod {SANDBOX}/shop"]
    finally:
        watch.close()


class OneAnswer:
    """Keeps `drills.ports.Shell`; every command prints the same."""

    def __init__(self, stdout: str) -> None:
        self.environments: list[Mapping[str, str]] = []
        self._stdout = stdout

    def run(
        self, command: Sequence[str], *, env: Mapping[str, str], timeout: float
    ) -> CommandResult:
        """Remember what it was given."""
        self.environments.append(env)
        return CommandResult(exit_code=0, stdout=self._stdout, stderr="")


def test_the_newest_instant_of_the_data_is_the_data_rpo() -> None:
    newest = (START - timedelta(hours=3)).isoformat()
    probe = ProbeSpec(
        name="newest order",
        kind="script",
        question={"command": ("newest-order",)},
        expect={"timestamp": {"within": "rpo"}},
        proves=ProofLevel.DATA,
        retries=0,
    )
    shell = OneAnswer(newest)
    record = World().drill(
        scenario(probes=(probe,), prove=ProofLevel.DATA), shell=shell, local={"PATH": "/bin"}
    )
    assert record.verdict is Verdict.PASSED, record.reasons
    assert record.proof_level is ProofLevel.DATA
    assert record.objectives.data_seconds == 3 * 3600
    assert shell.environments[0]["DRILL_ID"] == DRILL
    assert shell.environments[0]["PATH"] == "/bin"
