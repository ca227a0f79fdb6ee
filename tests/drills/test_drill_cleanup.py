"""Stories of how drills end: what is removed, what is kept, and that nothing left goes unsaid."""

from dataclasses import replace

import pytest

from drills import objects
from drills.clean import remains
from drills.cluster import Kind
from drills.engine import RestoreOrder
from drills.errors import DeadlinePassed, Forbidden, Unreachable
from drills.objects import KubeObject
from drills.ports import Marked
from drills.record import CleanupOutcome, DrillRecord, Outcome, Verdict
from drills.sandbox import LEASE, NAMESPACE
from drills.stages.cleanup import CLAIM
from scenarios.model import CleanupPolicy, ObjectivesSpec, Scenario
from tests.fakes.drilling import ASK_SETTINGS, DRILL, World, keeping, namespace, scenario
from tests.fakes.engine import manifest
from tests.fakes.probing import SANDBOX

ENGINES = f"what fake made for drill {DRILL}"
RESTORE = Kind("fake/v1", "Restore")


def said(record: DrillRecord) -> str:
    """Return all leftovers in one line."""
    return "; ".join(record.cleanup.leftovers)


def hold(world: World) -> None:
    """Let a finalizer hold the sandbox namespace for ever."""

    def finalize(obj: KubeObject) -> None:
        world.cluster.change(
            NAMESPACE, "", objects.name(obj), {"metadata": {"finalizers": ["example.com/hold"]}}
        )

    world.cluster.react("create", NAMESPACE, finalize)


def held(world: World) -> None:
    """Let the namespace controller say why."""

    def explain(obj: KubeObject) -> None:
        told = [{"type": "X", "status": "True", "message": "Some content remains: pods. has 1"}]
        world.cluster.change(NAMESPACE, "", objects.name(obj), {"status": {"conditions": told}})

    world.cluster.react("delete", NAMESPACE, explain)


def test_a_sandbox_that_does_not_go_away_is_said() -> None:
    """The verdict stands; what is left and why is in its own field, and the journal stays."""
    world = World()
    hold(world)
    held(world)
    record = world.drill()
    assert record.verdict is Verdict.PASSED
    assert record.cleanup.outcome is CleanupOutcome.LEFTOVERS
    assert said(record) == (
        "namespace backup-test is still going away: Some content remains: pods. has 1"
    )
    assert {s.name: s.outcome for s in record.stages}["clean up"] is Outcome.FAILED
    assert not world.journal.closed
    assert world.cluster.list(LEASE) == ()


def test_what_the_engine_cannot_remove_is_said() -> None:
    world = World()
    world.engine.on_remove = lambda _: ("Restore engine-home/restore-1 is still there",)
    record = world.drill()
    assert said(record) == "Restore engine-home/restore-1 is still there"
    assert not world.journal.closed


def test_a_sandbox_in_which_the_engine_goes_on_stays_closed() -> None:
    """Velero makes a namespace anew that vanishes under it, without our marks and closures."""
    world = World()
    going_on = Marked(kind=RESTORE, namespace="engine-home", name="restore-1", uid="u")
    world.engine.on_quiesce = lambda _: (going_on,)
    record = world.drill()
    assert said(record) == (
        "namespace backup-test stays, closed as it is: Restore engine-home/restore-1 has not "
        "ended, and fake could make the namespace anew"
    )
    assert world.cluster.get(NAMESPACE, "", SANDBOX) is not None
    assert world.engine.removed == [DRILL]
    assert not world.journal.closed


def test_a_sandbox_stays_where_nobody_knows_whether_the_engine_goes_on() -> None:
    world = World()

    def away(_: str) -> tuple[Marked, ...]:
        raise Unreachable("no answer")

    world.engine.on_quiesce = away
    record = world.drill()
    assert "whether fake still restores into it is unknown (no answer)" in said(record)
    assert world.cluster.get(NAMESPACE, "", SANDBOX) is not None


def test_what_the_engine_left_of_reading_is_said() -> None:
    """Nothing of ours was made, but the engine's own read request stays."""
    world = World()
    world.engine.backups = ()
    world.engine.on_remove = lambda _: ("Request engine-home/request-1 is still there",)
    record = world.drill()
    assert record.cleanup.outcome is CleanupOutcome.LEFTOVERS
    assert said(record) == "Request engine-home/request-1 is still there"
    assert not world.journal.closed


@pytest.mark.parametrize("kind", [NAMESPACE, CLAIM, LEASE])
def test_an_api_server_that_is_away_in_cleanup_leaves_a_note(kind: Kind) -> None:
    """Whatever cannot be asked counts as left, never as gone."""
    world = World()
    verb = {NAMESPACE: "list", CLAIM: "list", LEASE: "delete"}[kind]
    world.at_stage(
        "clean up", lambda: world.cluster.refuse(verb, kind, Unreachable("no answer"), times=9)
    )
    record = world.drill()
    assert record.verdict is Verdict.PASSED
    assert record.cleanup.outcome is CleanupOutcome.LEFTOVERS
    assert "no answer" in said(record)
    assert not world.journal.closed


def test_volumes_that_may_not_be_listed_do_not_keep_the_sandbox() -> None:
    """The namespace goes all the same; that volumes may stay is said."""
    world = World()
    world.at_stage(
        "clean up", lambda: world.cluster.refuse("list", CLAIM, Forbidden("may not list claims"))
    )
    record = world.drill()
    assert world.namespaces == []
    assert said(record) == "volumes of the sandbox may stay behind: may not list claims"


def test_a_second_stop_ends_the_waiting() -> None:
    """After it cleanup waits for nothing, and what is left is reported."""
    world = World()
    hold(world)
    world.at_stage("settle", world.button.press)
    world.at_stage("clean up", world.button.press)
    begun = world.cluster.clock.monotonic()
    record = world.drill()
    cleanup = next(stage for stage in record.stages if stage.name == "clean up")
    assert begun <= cleanup.seconds < 60
    assert "namespace backup-test is still going away" in said(record)
    assert not world.journal.closed


def test_a_namespace_whose_marks_vanished_is_left_and_said() -> None:
    """Somebody took it over: it is not ours to delete, and it does not go unsaid."""
    world = World()
    world.at_stage(
        "clean up",
        lambda: world.cluster.change(
            NAMESPACE, "", SANDBOX, {"metadata": {"labels": {"restore-drill/drill-id": None}}}
        ),
    )
    record = world.drill()
    assert world.namespaces == [SANDBOX]
    assert said(record) == "namespace backup-test no longer carries this drill's marks; left alone"
    assert not world.journal.closed


def test_a_namespace_that_comes_back_after_cleanup_is_said() -> None:
    """Velero cannot be stopped: it may go on restoring into a namespace that it makes anew."""
    world = World()

    def made_anew(_: KubeObject) -> None:
        world.cluster.put(namespace())

    def slow(_: RestoreOrder) -> None:
        world.cluster.react("delete", NAMESPACE, made_anew)
        raise DeadlinePassed("still in progress")

    world.engine.on_restore = slow
    record = world.drill()
    assert world.namespaces == [SANDBOX]
    assert said(record) == "namespace backup-test was made anew by somebody else; it is left alone"


def test_orphans_of_a_restore_that_never_answered_are_said() -> None:
    """What was restored outside the sandbox is told even where the engine gave no account."""
    world = World()
    world.engine.orphaned = ("PersistentVolume clone-1 carries the restore's name",)

    def dies(_: RestoreOrder) -> None:
        raise DeadlinePassed("too slow")

    world.engine.on_restore = dies
    assert "PersistentVolume clone-1 carries the restore's name" in said(world.drill())


def failing() -> Scenario:
    question = {**ASK_SETTINGS.question, "name": "absent"}
    return replace(
        keeping(CleanupPolicy.ON_SUCCESS), probes=(replace(ASK_SETTINGS, question=question),)
    )


KEPT = {
    "never": (keeping(CleanupPolicy.NEVER), CleanupOutcome.KEPT),
    "on success, passed": (keeping(CleanupPolicy.ON_SUCCESS), CleanupOutcome.CLEAN),
    "on success, failed": (failing(), CleanupOutcome.KEPT),
    "on success, objective missed": (
        replace(
            keeping(CleanupPolicy.ON_SUCCESS),
            objectives=ObjectivesSpec(rpo=scenario().restore.cleanup_deadline),
        ),
        CleanupOutcome.KEPT,
    ),
}


@pytest.mark.parametrize(("wanted", "outcome"), KEPT.values(), ids=KEPT)
def test_keeping(wanted: Scenario, outcome: CleanupOutcome) -> None:
    """What is kept is named and marked as kept, and nobody is told to finish that job."""
    world = World()
    record = world.drill(wanted)
    assert record.cleanup.outcome is outcome
    kept = outcome is CleanupOutcome.KEPT
    assert record.cleanup.leftovers == ((f"namespace {SANDBOX}", ENGINES) if kept else ())
    assert world.namespaces == ([SANDBOX] if kept else [])
    assert world.journal.closed
    assert [left.kept for left in remains(world.cluster)] == ([True] if kept else [])
    assert world.cluster.list(LEASE) == ()


def test_where_nothing_was_made_nothing_is_kept() -> None:
    """A sandbox that another drill holds is not reported as our own kept one."""
    world = World()
    other = manifest(
        "coordination.k8s.io/v1",
        "Lease",
        "restore-drill-backup-test",
        metadata={"namespace": "engine-home"},
        spec={"holderIdentity": "somebody"},
    )
    world.cluster.put(other)
    record = world.drill(keeping(CleanupPolicy.NEVER))
    assert record.verdict is Verdict.INCONCLUSIVE
    assert record.cleanup.outcome is CleanupOutcome.CLEAN
    assert len(world.cluster.list(LEASE)) == 1


def test_a_lease_that_cannot_be_given_back_is_said_when_keeping() -> None:
    world = World()
    world.at_stage(
        "clean up", lambda: world.cluster.refuse("delete", LEASE, Unreachable("no answer"))
    )
    record = world.drill(keeping(CleanupPolicy.NEVER))
    assert "lease engine-home/restore-drill-backup-test: no answer" in record.cleanup.leftovers
