"""The last act: clean up, or keep what the scenario wants kept, and say what is left."""

from drills.clean import clean_drill, cleanup_deadline
from drills.engine import SandboxShape
from drills.errors import DrillError
from drills.findings import Cause, Finding, Severity
from drills.marks import KEPT
from drills.notes import Halt
from drills.ports import Deadline
from drills.record import CleanupOutcome, CleanupRecord, Outcome, Verdict
from drills.recording import judged
from drills.sandbox import NAMESPACE
from drills.stages.cleanup import CleanupTools
from drills.state import Drill
from scenarios.model import CleanupPolicy


def clean_up(drill: Drill) -> CleanupRecord:
    """Remove what the drill made; never raises for what it cannot remove.

    A request to stop that comes during cleanup ends its waiting; the journal then stays for
    `clean`. Whatever happens, the sandbox's Leases are given back.
    """
    drill.cleaning = True
    if drill.lost and not any(f.code == "sandbox-lost" for f in drill.notes.findings):
        drill.notes.findings.append(_taken_over())
    record = CleanupRecord(outcome=CleanupOutcome.LEFTOVERS, leftovers=("cleanup was cut short",))
    before, drill.notes.touched = drill.notes.touched, True
    try:
        with drill.notes.stage("clean up") as note:
            record = _tidy(drill, touched=before)
            note.message = f"{record.removed} removed, {len(record.leftovers)} left"
            bad = record.outcome is CleanupOutcome.LEFTOVERS
            note.outcome = Outcome.FAILED if bad else Outcome.PASSED
    except Halt:
        drill.notes.findings.pop()
        stopped = drill.notes.stages[-1].message
        record = CleanupRecord(
            outcome=CleanupOutcome.LEFTOVERS,
            leftovers=(f"cleanup was cut short: {stopped}", *_release(drill)),
        )
    if record.outcome is not CleanupOutcome.LEFTOVERS:
        # What is kept on purpose carries a mark that says so; nobody shall finish that job.
        drill.ports.journal.close()
    return record


def _tidy(drill: Drill, *, touched: bool) -> CleanupRecord:
    if not touched:
        return _untouched(drill)
    if _keeps(drill):
        kept = (*_kept(drill), *_mark_kept(drill), *_release(drill))
        return CleanupRecord(outcome=CleanupOutcome.KEPT, leftovers=kept)
    return _remove(drill)


def _untouched(drill: Drill) -> CleanupRecord:
    """Return clean once the engine's own read requests are gone too."""
    try:
        left = drill.engine.remove(drill.drill_id, _deadline(drill))
    except DrillError as error:
        return CleanupRecord(outcome=CleanupOutcome.LEFTOVERS, leftovers=(str(error),))
    if left:
        return CleanupRecord(outcome=CleanupOutcome.LEFTOVERS, leftovers=left)
    return CleanupRecord(outcome=CleanupOutcome.CLEAN)


def _keeps(drill: Drill) -> bool:
    """Return whether there is something to keep that the scenario wants kept.

    What could act on the world is never kept.
    """
    made = drill.sandbox or drill.engine.sandbox_shape is SandboxShape.OWN
    if not made or drill.dangerous:
        return False
    policy = drill.scenario.cleanup
    if policy is CleanupPolicy.ON_SUCCESS:
        embedded = drill.ports.cluster.embedded
        verdict = judged(drill.scenario, drill.notes, embedded=embedded).verdict
        return verdict not in {Verdict.PASSED, Verdict.WARNED}
    return policy is CleanupPolicy.NEVER


def _kept(drill: Drill) -> tuple[str, ...]:
    """Return what stays; the engine's own things stay with the sandbox, for whoever debugs it."""
    namespaces = tuple(f"namespace {name}" for name in drill.sandbox)
    return (*namespaces, f"what {drill.engine.name} made for drill {drill.drill_id}")


def _mark_kept(drill: Drill) -> tuple[str, ...]:
    left = []
    for name, uid in drill.sandbox.items():
        patch = {"metadata": {"uid": uid, "labels": {KEPT: "true"}}}
        try:
            drill.ports.cluster.patch(NAMESPACE, "", name, patch)
        except DrillError as error:
            left.append(f"namespace {name} could not be marked as kept: {error}")
    return tuple(left)


def _remove(drill: Drill) -> CleanupRecord:
    tools = CleanupTools(
        cluster=drill.ports.cluster,
        journal=drill.ports.journal,
        listener=drill.trail,
        deadline=_deadline(drill),
    )
    removal = clean_drill(
        tools,
        drill.engine,
        drill.drill_id,
        known=drill.sandbox,
    )
    leftovers = (*removal.leftovers, *_release(drill))
    return CleanupRecord(
        outcome=CleanupOutcome.LEFTOVERS if leftovers else CleanupOutcome.CLEAN,
        leftovers=leftovers,
        removed=removal.removed,
    )


def _deadline(drill: Drill) -> Deadline:
    seconds = drill.scenario.restore.cleanup_deadline.total_seconds()
    return cleanup_deadline(drill.ports.clock, seconds, cut=drill.stop)


def _release(drill: Drill) -> tuple[str, ...]:
    left = []
    for lease in drill.leases:
        try:
            lease.release()
        except DrillError as error:
            left.append(f"lease {lease.thing.namespace}/{lease.thing.name}: {error}")
    return tuple(left)


def _taken_over() -> Finding:
    return Finding(
        code="sandbox-lost",
        severity=Severity.WARNING,
        cause=Cause.ENVIRONMENT,
        subject="sandbox",
        message="Another drill took the sandbox over, because this one's Lease was not renewed.",
        remedy="See why the API server was out of reach for so long, then drill again.",
        unanswered=True,
    )
