"""What probes are told of the drill, and what they may make."""

import pytest

from drills import objects
from drills.cluster import Kind
from drills.errors import Interrupted
from drills.marks import marks
from drills.questions import probe_context
from drills.state import begin
from drills.workload_watch import WorkloadWatch
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
