"""Stories of whole drills: what is in the record, whatever happens on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from drills.engine import EngineStatus, Inspection, RestoreOrder, SandboxShape
from drills.errors import (
    BackupUnreadable,
    DeadlinePassed,
    DrillError,
    Forbidden,
    Misconfigured,
    SandboxTaken,
    Unreachable,
)
from drills.findings import Cause, Finding, Severity
from drills.record import CleanupOutcome, DrillRecord, Outcome, Verdict
from drills.sandbox import NAMESPACE
from scenarios.model import IsolationSpec, ObjectivesSpec, ProofLevel
from tests.fakes.drilling import ASK_SETTINGS, DRILL, World, namespace, scenario
from tests.fakes.engine import SOURCE
from tests.fakes.probing import SANDBOX

STAGES = ["select", "verify", "isolate", "restore", "settle", "probe", "clean up"]


def codes(record: DrillRecord) -> list[str]:
    return [reason.code for reason in record.reasons]


def stages(record: DrillRecord) -> dict[str, Outcome]:
    return {stage.name: stage.outcome for stage in record.stages}


def test_a_good_backup_passes_and_nothing_is_left() -> None:
    world = World(namespace(SOURCE))
    record = world.drill()
    assert (record.verdict, record.reasons) == (Verdict.PASSED, ())
    assert [stage.name for stage in record.stages] == STAGES
    assert set(stages(record).values()) == {Outcome.PASSED}
    assert record.cleanup.outcome is CleanupOutcome.CLEAN
    assert world.namespaces == [SOURCE]
    assert world.journal.closed


def test_what_was_measured_is_recorded() -> None:
    record = World().drill()
    assert record.objectives.rpo.achieved_seconds == timedelta(hours=3).total_seconds()
    assert record.objectives.rto.achieved_seconds is not None
    assert record.objectives.rto.achieved_seconds >= 2.0
    assert record.completeness is not None
    assert (record.completeness.restored, record.completeness.missing) == (4, ())
    assert record.proof_level is ProofLevel.OBJECTS
    assert [stage.queue_seconds for stage in record.stages if stage.name == "restore"] == [0.5]


def test_cleanup_is_outside_the_rto() -> None:
    """Time that the sandbox takes to go away is not the application's."""
    world = World()
    world.at_stage("clean up", lambda: world.cluster.clock.advance(5_000_000.0))
    record = world.drill()
    assert record.verdict is Verdict.PASSED
    assert (record.ended_at - record.started_at).total_seconds() > 5_000_000


def test_production_is_never_written_to() -> None:
    """Everything written is in the sandbox or in the engine's home."""
    world = World(namespace(SOURCE))
    world.drill()
    places = {(space or name) for _, _, space, name in world.cluster.calls}
    assert places == {SANDBOX, world.engine.home}


def test_every_creation_is_in_the_journal_first() -> None:
    """What a killed drill might have made can be found in its journal."""
    world = World()
    intended: list[tuple[object, str]] = []
    late: list[str] = []
    create = world.cluster.create

    def watched(obj: object, *, dry_run: bool = False) -> object:
        intended[:] = [(t.kind, t.name) for word, t in world.journal.lines if word == "intend"]
        made = create(obj, dry_run=dry_run)  # type: ignore[arg-type]
        late.extend(str(each) for each in world.created if each not in intended)
        return made

    world.cluster.create = watched  # type: ignore[method-assign, assignment]
    world.drill()
    assert len(world.created) == 4
    assert late == []


def test_an_engine_that_would_never_begin_is_not_asked_to() -> None:
    """What can be read of the backup without it is still said."""
    world = World()
    away = Finding(
        code="server-silent",
        severity=Severity.WARNING,
        cause=Cause.ENVIRONMENT,
        subject="server",
        message="It is away.",
        remedy="Start it.",
        unanswered=True,
    )
    world.engine.status = EngineStatus(restores=False, findings=(away,))
    record = world.drill()
    assert (record.verdict, codes(record)[0]) == (Verdict.INCONCLUSIVE, "server-silent")
    assert "inspect" in world.engine.calls
    assert "restore" not in world.engine.calls
    assert record.cleanup.outcome is CleanupOutcome.CLEAN


def test_no_backup_fails_and_touches_nothing() -> None:
    world = World()
    world.engine.backups = ()
    record = world.drill()
    assert (record.verdict, codes(record)) == (Verdict.FAILED, ["no-usable-backup"])
    assert (world.cluster.calls, record.cleanup.outcome) == ([], CleanupOutcome.CLEAN)


def test_a_damaged_backup_is_not_restored() -> None:
    world = World()
    damage = Finding(
        code="backup-damaged",
        severity=Severity.CRITICAL,
        cause=Cause.BACKUP,
        subject="backup",
        message="The archive ends early.",
        remedy="Take another.",
    )
    world.engine.on_inspect = lambda _: Inspection(inventory=None, findings=(damage,))
    record = world.drill()
    assert (record.verdict, codes(record)) == (Verdict.FAILED, ["backup-damaged"])
    assert stages(record)["verify"] is Outcome.FAILED
    assert "restore" not in world.engine.calls
    assert world.cluster.calls == []


def test_a_backup_that_says_nothing_is_inconclusive() -> None:
    """Neither an inventory nor a finding: nobody knows, so nobody passes."""
    world = World()
    world.engine.on_inspect = lambda _: Inspection(inventory=None)
    assert world.drill().verdict is Verdict.INCONCLUSIVE


def test_a_namespace_of_somebody_else_is_refused_untouched() -> None:
    """Exit code 2: nothing was created, changed or deleted."""
    world = World(namespace(SANDBOX))
    before = world.cluster.get(NAMESPACE, "", SANDBOX)
    with pytest.raises(SandboxTaken, match="not made by a drill"):
        world.drill()
    assert world.cluster.calls == []
    assert world.cluster.get(NAMESPACE, "", SANDBOX) == before
    assert ("select", "inconclusive", "") in world.listener.stages


RAISED = {
    "deadline": (DeadlinePassed("too slow"), Verdict.INCONCLUSIVE, "deadline-passed"),
    "refused": (Forbidden("no right to create restores"), Verdict.INCONCLUSIVE, "stage-stopped"),
    "away": (Unreachable("no answer"), Verdict.INCONCLUSIVE, "stage-stopped"),
    "misconfigured late": (Misconfigured("impossible"), Verdict.INCONCLUSIVE, "stage-stopped"),
    "damaged": (BackupUnreadable("gzip is cut"), Verdict.FAILED, "backup-unreadable"),
}


@pytest.mark.parametrize(("error", "verdict", "code"), RAISED.values(), ids=RAISED)
def test_a_restore_that_raises_is_cleaned_up(
    error: DrillError, verdict: Verdict, code: str
) -> None:
    world = World()

    def fail(_: RestoreOrder) -> None:
        raise error

    world.engine.on_restore = fail
    record = world.drill()
    assert (record.verdict, codes(record)[0]) == (verdict, code)
    assert record.restore is None
    assert record.objectives.rto.achieved_seconds is None
    assert (world.namespaces, record.cleanup.outcome) == ([], CleanupOutcome.CLEAN)


@pytest.mark.parametrize(
    "call", ["survey", "list_backups", "inspect", "describe", "restore", "remove"]
)
def test_an_error_of_our_own_is_inconclusive(call: str) -> None:
    """A bug keeps its traceback, never passes, and is never blamed on the backup."""
    world = World()

    def broken(name: str) -> None:
        if name == call:
            raise ZeroDivisionError

    world.engine.on_call = broken
    record = world.drill()
    assert "ZeroDivisionError" in record.traceback
    if call == "remove":
        assert record.cleanup.outcome is CleanupOutcome.LEFTOVERS
        assert not world.journal.closed
    else:
        assert record.verdict is Verdict.INCONCLUSIVE
        assert {reason.cause for reason in record.reasons} == {Cause.RUNNER}
        assert world.namespaces == []


@pytest.mark.parametrize("stage", STAGES[:-1])
def test_a_stop_in_any_stage_still_cleans_up(stage: str) -> None:
    world = World()
    world.at_stage(stage, world.button.press)
    record = world.drill()
    assert record.verdict is Verdict.INCONCLUSIVE
    assert (world.namespaces, record.cleanup.outcome) == ([], CleanupOutcome.CLEAN)
    assert DRILL in world.engine.removed


def test_an_old_backup_misses_the_rpo() -> None:
    wanted = scenario(objectives=ObjectivesSpec(rpo=timedelta(hours=2)))
    record = World().drill(wanted)
    assert (record.verdict, codes(record)) == (Verdict.FAILED, ["rpo-missed"])


def test_isolation_that_must_be_proven_is_not_assumed() -> None:
    """Without proof nothing is restored."""
    world = World()
    record = world.drill(scenario(isolation=IsolationSpec(require_proof=True)))
    assert (record.verdict, codes(record)[0]) == (Verdict.INCONCLUSIVE, "isolation-not-proven")
    assert "restore" not in world.engine.calls
    assert world.namespaces == []


def test_a_scenario_that_asks_nothing_is_warned() -> None:
    record = World().drill(scenario(probes=()))
    assert (record.verdict, codes(record)) == (Verdict.WARNED, ["nothing-asked"])


def test_a_probe_that_fails_fails_the_drill() -> None:
    absent = {**ASK_SETTINGS.question, "name": "absent"}
    record = World().drill(scenario(probes=(replace(ASK_SETTINGS, question=absent),)))
    assert (record.verdict, codes(record)) == (Verdict.FAILED, ["probe-failed"])


def test_an_engine_with_a_place_of_its_own_needs_no_namespace() -> None:
    """Such an engine makes its sandbox itself; the drill makes only the Lease."""
    world = World(shape=SandboxShape.OWN)
    world.engine.on_restore = lambda _: None
    record = world.drill(scenario(prove=None, probes=()))
    assert [kind.kind for kind, _ in world.created] == ["Lease"]
    assert (record.verdict, record.completeness) == (Verdict.WARNED, None)
    assert record.proof_level is ProofLevel.NONE
    assert record.cleanup.outcome is CleanupOutcome.CLEAN
