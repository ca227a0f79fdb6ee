"""The last act: clean up, or keep what the scenario wants kept, and say what is left."""

from drills.clean import clean_drill, cleanup_deadline
from drills.errors import DrillError
from drills.findings import Severity
from drills.notes import Halt
from drills.record import CleanupOutcome, CleanupRecord, Outcome
from drills.stages.cleanup import CleanupTools
from drills.state import Drill
from scenarios.model import CleanupPolicy


def clean_up(drill: Drill) -> CleanupRecord:
    """Remove what the drill made; never raises for what it cannot remove.

    A request to stop that comes during cleanup ends it; the journal then stays for `clean`.
    """
    drill.cleaning = True
    if not drill.notes.touched:
        return _untouched(drill)
    if _keeps(drill):
        _release(drill)
        kept = tuple(f"namespace {name}" for name in drill.targets)
        return CleanupRecord(outcome=CleanupOutcome.KEPT, leftovers=kept)
    record = CleanupRecord(outcome=CleanupOutcome.LEFTOVERS, leftovers=("cleanup was cut short",))
    try:
        with drill.notes.stage("clean up") as note:
            record = _remove(drill)
            note.message = f"{record.removed} removed, {len(record.leftovers)} left"
            note.outcome = Outcome.FAILED if record.leftovers else Outcome.PASSED
    except Halt:
        drill.notes.findings.pop()
        stopped = drill.notes.stages[-1].message
        record = CleanupRecord(
            outcome=CleanupOutcome.LEFTOVERS,
            leftovers=(*record.leftovers, f"cleanup was cut short: {stopped}"),
        )
    if record.outcome is CleanupOutcome.CLEAN:
        drill.ports.journal.close()
    return record


def _untouched(drill: Drill) -> CleanupRecord:
    """Return clean once the engine's own read requests are gone too."""
    seconds = drill.scenario.restore.cleanup_deadline.total_seconds()
    try:
        left = drill.engine.remove(drill.drill_id, cleanup_deadline(drill.ports.clock, seconds))
    except DrillError as error:
        return CleanupRecord(outcome=CleanupOutcome.LEFTOVERS, leftovers=(str(error),))
    names = tuple(f"{thing.kind.kind} {thing.namespace}/{thing.name}" for thing in left)
    if names:
        return CleanupRecord(outcome=CleanupOutcome.LEFTOVERS, leftovers=names)
    drill.ports.journal.close()
    return CleanupRecord(outcome=CleanupOutcome.CLEAN)


def _keeps(drill: Drill) -> bool:
    policy = drill.scenario.cleanup
    if policy is CleanupPolicy.ON_SUCCESS:
        bad = any(f.severity is Severity.CRITICAL or f.unanswered for f in drill.notes.findings)
        probes = any(p.required and p.outcome is not Outcome.PASSED for p in drill.notes.probes)
        return bad or probes or not drill.notes.finished
    return policy is CleanupPolicy.NEVER


def _remove(drill: Drill) -> CleanupRecord:
    seconds = drill.scenario.restore.cleanup_deadline.total_seconds()
    tools = CleanupTools(
        cluster=drill.ports.cluster,
        journal=drill.ports.journal,
        listener=drill.trail,
        deadline=cleanup_deadline(drill.ports.clock, seconds),
    )
    name = drill.notes.restored.name if drill.notes.restored else None
    removal = clean_drill(tools, drill.engine, drill.drill_id, name)
    leftovers = (*removal.leftovers, *_release(drill))
    return CleanupRecord(
        outcome=CleanupOutcome.LEFTOVERS if leftovers else CleanupOutcome.CLEAN,
        leftovers=leftovers,
        removed=removal.removed,
    )


def _release(drill: Drill) -> tuple[str, ...]:
    left = []
    for lease in drill.leases:
        try:
            lease.release()
        except DrillError as error:
            left.append(f"lease {lease.thing.namespace}/{lease.thing.name}: {error}")
    return tuple(left)
