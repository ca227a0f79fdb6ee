"""Somebody else's restore goes first; ours is withdrawn only as long as it has not begun."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from drills import objects
from drills.engine import Engine, Restored, RestoreOrder
from drills.engines import engine_factory
from drills.engines.velero.kinds import CONFIG_MAP, RESTORE
from drills.errors import DeadlinePassed, Interrupted
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.ports import Deadline
from tests.drills.engines.velero.orders import order_of
from tests.fakes.velero import FINALIZER, MARKS, FakeVelero

OURS = "drill-d1"
EMERGENCY = "emergency"


class Queue:
    """A Velero with a queue, and our engine."""

    def __init__(self) -> None:
        self.velero = FakeVelero()
        self.engine: Engine = engine_factory("velero")(
            self.velero.ports(), namespace=None, options={}
        )

    def put(self, name: str = EMERGENCY, phase: str = "", **metadata: object) -> KubeObject:
        """Put somebody's Restore there."""
        status = {"status": {"phase": phase}} if phase else {}
        metadata = {"name": name, "namespace": "velero", **metadata}
        kind = {"apiVersion": RESTORE.api_version, "kind": RESTORE.kind}
        return self.velero.cluster.put({**kind, "metadata": metadata, **status})

    def end(self, name: str = EMERGENCY) -> Callable[[], None]:
        """Return what ends that Restore."""

        def end() -> None:
            found = self.velero.cluster.get(RESTORE, "velero", name)
            assert found is not None
            self.velero.move(found, "Completed")

        return end

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Do it so many seconds from now."""
        self.velero.clock.at(seconds, lambda: act() and None)

    def restore(self, *, within: float = 600, **order: object) -> Restored:
        """Restore within so many seconds."""
        clock = self.velero.clock
        deadline = Deadline(clock=clock, at=clock.monotonic() + within)
        return self.engine.restore(replace(order_of(), **order), deadline)

    def touched(self) -> list[str]:
        """Return what was done to Restores of ours."""
        return [
            f"{verb} {name}"
            for verb, kind, _, name in self.velero.cluster.calls
            if kind == RESTORE and verb in {"create", "delete"}
        ]

    def told(self) -> list[str]:
        """Return what the listener heard of the stage."""
        return [message for _, _, message in self.velero.listener.stages]


@pytest.fixture(name="queue")
def _queue() -> Queue:
    return Queue()


def findings(restored: Restored) -> dict[str, Finding]:
    return {finding.code: finding for finding in restored.findings}


@pytest.mark.parametrize("phase", ["", "New", "InProgress", "WaitingForPluginOperations", "?"])
def test_it_is_waited_for_before_ours_is_asked_for(queue: Queue, phase: str) -> None:
    queue.put(phase=phase)
    queue.at(40, queue.end())
    restored = queue.restore()
    assert restored.phase == "Completed"
    assert restored.waited_seconds == pytest.approx(40, abs=1)
    assert (restored.requested_at - queue.velero.clock.now()).total_seconds() == pytest.approx(
        0, abs=1
    )
    assert queue.touched() == [f"create {OURS}"]
    note = findings(restored)["gave-way"]
    assert (note.severity, note.subject) == (Severity.INFO, "restore velero/emergency")
    assert any("waiting for somebody else's restore: emergency" in said for said in queue.told())


def test_the_time_out_sent_is_what_is_left_after_waiting(queue: Queue) -> None:
    queue.put(phase="InProgress")
    queue.at(100, queue.end())
    sent = queue.restore(within=600).submitted
    assert objects.text(sent, "restore", "spec", "itemOperationTimeout") in {"499s", "500s"}


def test_nobody_there_is_nobody_waited_for(queue: Queue) -> None:
    queue.put("last-week", "Completed")
    queue.put("drill-d2", "InProgress", labels={**MARKS, "restore-drill/drill-id": "d2"})
    restored = queue.restore()
    assert (restored.waited_seconds, findings(restored)) == (None, {})
    assert queue.velero.clock.monotonic() == 0


def test_one_that_does_not_end_is_the_environments(queue: Queue) -> None:
    queue.put(phase="InProgress")
    with pytest.raises(DeadlinePassed, match=r"emergency \(InProgress\)") as caught:
        queue.restore(within=60)
    assert caught.value.cause is Cause.ENVIRONMENT
    assert "restore.yield" in caught.value.hint
    assert queue.touched() == []
    assert queue.velero.cluster.list(CONFIG_MAP) == ()


def test_a_stop_ends_the_waiting(queue: Queue) -> None:
    queue.put(phase="InProgress")

    def stop() -> None:
        queue.velero.stopped = True

    queue.at(3, stop)
    with pytest.raises(Interrupted):
        queue.restore()
    assert queue.velero.clock.monotonic() < 5
    assert queue.touched() == []


def test_ours_is_withdrawn_for_one_that_comes_before_it_has_begun(queue: Queue) -> None:
    """It would have run after ours, which stands in the queue behind another drill's."""
    queue.velero.on_restore = lambda _: None
    queue.at(5, queue.put)

    def end_it() -> None:
        queue.end()()
        queue.velero.on_restore = queue.velero.complete

    queue.at(35, end_it)
    restored = queue.restore()
    assert restored.phase == "Completed"
    assert restored.waited_seconds == pytest.approx(35, abs=1)
    assert queue.touched() == [f"create {OURS}", f"delete {OURS}", f"create {OURS}"]
    assert findings(restored)["gave-way"].subject == "restore velero/emergency"
    lines = [line for line, thing in queue.velero.journal.lines if thing.kind == RESTORE]
    assert lines == ["intend", "made", "gone", "intend", "made"]


@pytest.mark.parametrize("begins", ["phase", "finalizer"])
def test_ours_once_begun_goes_on_and_says_who_waited(queue: Queue, begins: str) -> None:
    velero = queue.velero

    def begin(restore: KubeObject) -> None:
        if begins == "phase":
            velero.move(restore, "InProgress")
        else:
            change = {"metadata": {"finalizers": [FINALIZER]}}
            velero.cluster.change(RESTORE, "velero", OURS, change)
        velero.clock.at(30, lambda: velero.complete(restore))

    velero.on_restore = begin
    queue.at(10, queue.put)
    restored = queue.restore()
    assert restored.phase == "Completed"
    assert queue.touched() == [f"create {OURS}"]
    finding = findings(restored)["restore-held-up"]
    assert (finding.severity, finding.cause) == (Severity.WARNING, Cause.ENVIRONMENT)
    assert finding.subject == "restore velero/emergency"
    assert "waited 20 s" in finding.message


def test_one_that_runs_beside_ours_was_not_held_up(queue: Queue) -> None:
    """While ours waits for its volumes, Velero takes the next one up."""
    velero = queue.velero

    def begin(restore: KubeObject) -> None:
        velero.move(restore, "WaitingForPluginOperations")
        velero.clock.at(30, lambda: velero.complete(restore))

    velero.on_restore = begin
    queue.at(10, lambda: queue.put(phase="InProgress"))
    assert findings(queue.restore()) == {}


def test_velero_beginning_in_the_last_moment_is_not_disturbed(queue: Queue) -> None:
    """The deletion names the version it means; by then another one is there."""
    velero = queue.velero
    velero.on_restore = lambda _: None
    order = order_of()
    real = velero.cluster.delete

    def begin_first(*args: object, **kwargs: object) -> None:
        (ours,) = (r for r in velero.cluster.list(RESTORE) if objects.name(r) == OURS)
        velero.move(ours, "InProgress")
        velero.clock.at(20, lambda: velero.complete(ours))
        real(*args, **kwargs)  # type: ignore[arg-type]

    velero.cluster.delete = begin_first  # type: ignore[method-assign]
    queue.at(5, queue.put)
    clock = velero.clock
    restored = queue.engine.restore(order, Deadline(clock=clock, at=clock.monotonic() + 600))
    assert restored.phase == "Completed"
    assert queue.touched() == [f"create {OURS}"]
    assert "restore-held-up" in findings(restored)


def test_a_scenario_may_stand_its_ground(queue: Queue) -> None:
    queue.put(phase="InProgress")
    restored = queue.restore(gives_way=False)
    assert (restored.waited_seconds, restored.phase) == (None, "Completed")
    assert queue.velero.clock.monotonic() == 0


def test_several_in_a_row_are_all_waited_for(queue: Queue) -> None:
    queue.put("first", "InProgress")
    queue.at(10, lambda: queue.put("second"))
    queue.at(20, queue.end("first"))
    queue.at(50, queue.end("second"))
    restored = queue.restore()
    assert restored.waited_seconds == pytest.approx(50, abs=1)
    assert findings(restored)["gave-way"].subject == "restore velero/first, velero/second"


def test_one_that_somebody_deletes_is_waited_for_no_longer(queue: Queue) -> None:
    queue.put()
    queue.at(7, lambda: queue.velero.cluster.drop(RESTORE, "velero", EMERGENCY))
    assert queue.restore().waited_seconds == pytest.approx(7, abs=1)


def test_two_drills_wait_for_the_same_one_and_not_for_each_other(queue: Queue) -> None:
    queue.put(phase="InProgress")
    queue.put("drill-d2", labels={**MARKS, "restore-drill/drill-id": "d2"})
    queue.at(12, queue.end())
    order: RestoreOrder = order_of()
    assert order.gives_way
    assert queue.restore().waited_seconds == pytest.approx(12, abs=1)
