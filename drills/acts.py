"""The acts: each stage's function fed from the drill's state, its results written back to it.

One act per stage, all of one shape; `drills.drill` alone knows their order.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from drills.backups import Backup
from drills.choosing import choose_backup, read_backup
from drills.coverage.acts import compare_with_source
from drills.diagnosis import standing_in_the_way
from drills.doubt import HINDERED, doubted_findings, doubted_probes
from drills.elsewhere import writable_there
from drills.engine import Engine, EngineStatus, Restored, RestoreOrder, SandboxShape
from drills.enough import enough
from drills.errors import DeadlinePassed, DrillError, Interrupted, SandboxLost
from drills.findings import Cause, Finding, Severity
from drills.foreseen import foresee
from drills.lookout import expected
from drills.notes import Halt, StageNote
from drills.nothing import nothing_asked, nothing_restored
from drills.plan import restore_order
from drills.ports import Deadline
from drills.proving.acts import asked_again, guises_gone, prove
from drills.questions import probe_context
from drills.record import Completeness, ProbeRecord
from drills.restore_lookout import RestoreLookout, restore_given_up
from drills.settled_volumes import settled
from drills.stages.isolate import check_free
from drills.stages.probe import run_probes
from drills.stages.restore import examine, restore
from drills.stages.settle import settle
from drills.state import Drill
from drills.taking import check_standing, clear_remains, look_around, make_and_close, take_leases
from drills.veil import learn_restored, unread_secrets

FOREGONE_SECONDS = 60.0
"""How long workloads are waited for where the drill can pass no more: only to say more."""


def act_select(drill: Drill) -> None:
    """Check that the sandbox is free, look at the engine, choose the backup."""
    notes = drill.notes
    with notes.stage("select") as note:
        _check_namespaces(drill)
        notes.versions["kubernetes"] = drill.ports.cluster.version()
        status, notes.backups = _survey(drill.engine)
        notes.versions.update(status.versions)
        notes.findings += status.findings
        notes.restores = status.restores
        chosen = choose_backup(drill, status)
        if drill.ports.elsewhere:
            notes.findings += writable_there(status, chosen)
        note.message = f"chose {chosen.name}, passed over {len(notes.passed_over)}"


def _survey(engine: Engine) -> tuple[EngineStatus, tuple[Backup, ...]]:
    """Return how the engine is and what backups it has, asked for at once.

    Since 1.31 an API server that lists one kind right after another was written waits until its
    cache has caught up, some 50 ms; a survey may write.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="backups") as pool:
        listed = pool.submit(engine.list_backups)
        return engine.survey(), tuple(listed.result())


def act_verify(drill: Drill, *, restoring: bool = True) -> None:
    """Read the backup to its end; a damaged or incomplete one is not restored.

    `restoring`: also say what this cluster cannot do for a restore of it.
    """
    notes = drill.notes
    with notes.stage("verify") as note:
        if notes.backup is None:
            raise Halt
        verified = read_backup(drill)
        notes.inventory = verified.inventory
        notes.findings += _news(verified.findings, notes.findings)
        if not verified.restorable or verified.inventory is None:
            raise Halt
        drill.order = restore_order(
            drill.scenario, drill.drill_id, notes.backup, verified.inventory
        )
        notes.rewritings = verified.rewritings
        notes.submitted = drill.engine.describe(drill.order)
        note.message = (
            f"{len(verified.inventory.objects)} objects, {len(verified.inventory.volumes)} volumes"
        )
        compare_with_source(drill)
        note.message += f"; {notes.compared}" if notes.compared else ""
        if restoring and drill.engine.sandbox_shape is SandboxShape.NAMESPACES:
            cluster = drill.ports.cluster
            notes.foreseen = foresee(cluster, drill.engine, drill.scenario, drill.order)
            notes.findings += notes.foreseen.findings
            if notes.foreseen.stands_still:
                raise Halt


def _news(found: Iterable[Finding], told: Iterable[Finding]) -> list[Finding]:
    """Return what was not told yet; choosing a backup says some of what reading it says."""
    known = {(one.code, one.subject, one.message) for one in told}
    return [one for one in found if (one.code, one.subject, one.message) not in known]


def act_isolate(drill: Drill, *, proving: bool = True) -> None:
    """Take the sandbox for this drill alone, make it, close it, and prove that it is closed."""
    with drill.notes.stage("isolate") as note:
        clock = drill.ports.clock
        seconds = drill.scenario.restore.deadline.total_seconds()
        drill.deadline = Deadline(clock=clock, at=clock.monotonic() + seconds)
        _look_for_stop(drill)
        drill.notes.touched = True
        take_leases(drill)
        clear_remains(drill)
        if drill.engine.sandbox_shape is not SandboxShape.NAMESPACES:
            return
        with guises_gone(drill):
            make_and_close(drill, proving=proving)
            note.message = f"{', '.join(drill.targets)} made and closed"
            if proving:
                note.message += f"; {prove(drill)}"


def act_restore(drill: Drill) -> None:
    """Have the engine restore, then compare what came back with the inventory."""
    notes = drill.notes
    with notes.stage("restore") as note:
        order, deadline = drill.order, drill.deadline
        if order is None or deadline is None or not notes.restores:
            raise Halt
        _look_for_stop(drill)
        before = look_around(drill, order)
        notes.requested_at = drill.ports.clock.now()
        notes.requested = drill.ports.clock.monotonic()
        restored = _restored(drill, order, deadline)
        notes.restored = restored
        if restored.waited_seconds is not None:
            notes.requested_at = restored.requested_at
            notes.requested += restored.waited_seconds
        _time(note, restored)
        check_standing(drill)
        notes.findings += restored.findings
        if drill.engine.sandbox_shape is SandboxShape.NAMESPACES:
            examined = examine(
                drill.ports.cluster,
                drill.trail,
                order,
                restored,
                before,
                closed=drill.closed,
                foreseen=notes.foreseen,
            )
            notes.completeness, notes.volumes = examined.completeness, examined.volumes
            notes.rewritings = examined.rewritings
            notes.findings += examined.findings
            drill.dangerous, drill.hindered = not examined.harmless, examined.hindered
            if drill.dangerous or (drill.hindered and restored.broken_off is not None):
                raise Halt
            if not _anything(examined.completeness):
                notes.findings.append(nothing_restored())
                raise Halt


def _restored(drill: Drill, order: RestoreOrder, deadline: Deadline) -> Restored:
    """Return the engine's account; a restore that waits for what can never come is given up."""
    looking = RestoreLookout(
        drill.ports.cluster, drill.ports.clock, drill.targets, expected(order), deadline
    )
    try:
        with looking:
            return restore(drill.engine, order, looking.deadline)
    except DeadlinePassed as passed:
        if not looking.findings:
            drill.notes.findings += standing_in_the_way(drill.ports.cluster, drill.targets)
            raise
        drill.notes.findings += (*looking.findings, restore_given_up(passed))
        raise Halt from passed


def act_settle(drill: Drill) -> None:
    """Wait until the restored workloads are up."""
    notes = drill.notes
    with notes.stage("settle") as note:
        if drill.deadline is None:
            raise Halt
        _know_secrets(drill)
        settled = settle(
            drill.ports.cluster,
            drill.ports.clock,
            drill.targets,
            deadline=_settle_deadline(drill, drill.deadline),
            stop=drill.stop,
            listener=drill.trail,
            left_out=_left_out_names(drill),
            expected=expected(drill.order) if drill.order else None,
            enough=enough(drill.scenario.restore.ready, drill.scenario.restore.namespaces),
        )
        drill.stability = settled.watch
        check_standing(drill)
        notes.findings += _fair(drill, settled.findings)
        notes.settled = settled.ready
        notes.settled_seconds = notes.since_request()
        note.message = settled.message
        if not settled.ready:
            raise Halt


def act_probe(drill: Drill) -> None:
    """Ask the application; meanwhile its workloads must stay ready."""
    notes = drill.notes
    with notes.stage("probe") as note:
        if drill.deadline is None or notes.requested is None or notes.requested_at is None:
            raise Halt
        if not drill.scenario.probes:
            notes.findings.append(nothing_asked())
        if drill.unread is not None:
            _know_secrets(drill)
            notes.findings += unread_secrets(drill.unread)
        context = probe_context(drill, requested_at=notes.requested_at, requested=notes.requested)
        with asked_again(drill) as found_open:
            probes = run_probes(
                drill.scenario.probes,
                context,
                deadline=drill.deadline,
                stop=lambda: drill.stop() or found_open(),
                listener=drill.trail,
                mute=notes.foreseen.probes,
                closed=notes.foreseen.closed,
            )
            _believe(drill, probes)
        passed = sum(1 for probe in notes.probes if probe.outcome == "passed")
        note.message = f"{passed} of {len(notes.probes)} passed"
        _look_for_stop(drill)


def _know_secrets(drill: Drill) -> None:
    """Learn what the restored Secrets hold, so that no answer shows it."""
    if drill.engine.sandbox_shape is SandboxShape.NAMESPACES:
        drill.unread = learn_restored(drill.ports.cluster, drill.targets, drill.veil)


def _believe(drill: Drill, probes: tuple[ProbeRecord, ...]) -> None:
    """Keep the answers, once the workloads stayed ready in a sandbox that is still ours.

    Where it is not, a wrong answer blames nobody: it counts as not asked.
    """
    lost: tuple[Finding, ...] = ()
    drill.notes.probes = probes
    if drill.stability is not None:
        stable_for = drill.scenario.restore.stable_for.total_seconds()
        lost = drill.stability.conclude(stable_for)
    try:
        check_standing(drill)
    except DrillError as error:
        drill.notes.probes = doubted_probes(probes, str(error), error.cause)
        raise
    if drill.hindered:
        drill.notes.probes = doubted_probes(probes, HINDERED, Cause.ENVIRONMENT)
    _settle_volumes(drill)
    drill.notes.findings += _fair(drill, lost)


def _settle_volumes(drill: Drill) -> None:
    """Close what the engine's counters left open and the data itself has answered."""
    notes, scenario = drill.notes, drill.scenario
    sources = tuple(scenario.restore.namespaces)
    notes.findings[:] = settled(notes.findings, scenario.probes, notes.probes, sources)


def _fair(drill: Drill, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings, none of which blames the backup for what was kept from it."""
    return doubted_findings(findings, HINDERED) if drill.hindered else findings


def _anything(completeness: Completeness) -> bool:
    """Return whether more came back than the namespaces, which we made ourselves."""
    return any(row.restored for row in completeness.rows if row.resource != "namespaces")


def _look_for_stop(drill: Drill) -> None:
    if drill.lost:
        raise SandboxLost(
            "another drill took the sandbox over, because this one's Lease was not renewed",
            hint="See why the API server was out of reach for so long, then drill again.",
        )
    if drill.stop():
        raise Interrupted(
            "the drill was asked to stop", hint="Nothing to mend; run it again when it suits."
        )


def _check_namespaces(drill: Drill) -> None:
    if drill.engine.sandbox_shape is SandboxShape.NAMESPACES:
        check_free(
            drill.ports.cluster,
            drill.ports.clock,
            drill.targets,
            patience=drill.scenario.restore.cleanup_deadline.total_seconds(),
            stop=drill.stop,
        )


def _settle_deadline(drill: Drill, deadline: Deadline) -> Deadline:
    """Return the drill's deadline, or a nearer one where waiting can mend the verdict no more."""
    failed = (f.severity is Severity.CRITICAL and not f.unanswered for f in drill.notes.findings)
    if not drill.hindered and not any(failed):
        return deadline
    soon = drill.ports.clock.monotonic() + FOREGONE_SECONDS
    return deadline if deadline.at <= soon else replace(deadline, at=soon)


def _left_out_names(drill: Drill) -> frozenset[tuple[str, str]]:
    rows = drill.notes.completeness.rows if drill.notes.completeness else ()
    return frozenset(
        (row.resource, name) for row in rows for name in (*row.left_out, *row.explained)
    )


def _time(note: StageNote, restored: Restored) -> None:
    note.queue_seconds = restored.queue_seconds
    note.volume_seconds = restored.volume_seconds
    note.waited_seconds = restored.waited_seconds
    note.message = f"{restored.name} ended {restored.phase}"
