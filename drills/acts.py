"""The acts: each stage's function fed from the drill's state, its results written back to it.

One act per stage, all of one shape; `drills.drill` alone knows their order.
"""

from drills import objects
from drills.clean import clean_drill, cleanup_deadline, drop_leases, remains
from drills.engine import Restored, SandboxShape
from drills.errors import Interrupted
from drills.findings import Cause, Finding, Severity
from drills.lease import SandboxLease
from drills.notes import Halt, StageNote
from drills.plan import restore_order
from drills.ports import Deadline
from drills.probes import ProbeContext
from drills.stages.cleanup import CleanupTools
from drills.stages.isolate import Maker, check_free, closed, make_sandbox
from drills.stages.probe import run_probes
from drills.stages.restore import examine, restore
from drills.stages.select import choose
from drills.stages.settle import settle
from drills.stages.verify import verify
from drills.state import Drill


def act_select(drill: Drill) -> None:
    """Check that the sandbox is free, look at the engine, choose the backup."""
    scenario, notes = drill.scenario, drill.notes
    with notes.stage("select") as note:
        _check_namespaces(drill)
        notes.versions["kubernetes"] = drill.ports.cluster.version()
        status = drill.engine.survey()
        notes.versions.update(status.versions)
        notes.findings += status.findings
        notes.backups = tuple(drill.engine.list_backups())
        chosen = choose(
            scenario.backup,
            notes.backups,
            namespaces=tuple(scenario.restore.namespaces),
            now=notes.started_at,
            fresh_seed=drill.seed,
        )
        notes.backup, notes.seed = chosen.backup, chosen.seed
        notes.passed_over = chosen.passed_over
        notes.findings += chosen.findings
        if chosen.backup is None:
            raise Halt
        note.message = f"chose {chosen.backup.name}, passed over {len(chosen.passed_over)}"


def act_verify(drill: Drill) -> None:
    """Read the backup to its end; a damaged or incomplete one is not restored."""
    notes = drill.notes
    with notes.stage("verify") as note:
        if notes.backup is None:
            raise Halt
        verified = verify(drill.engine, drill.scenario, notes.backup)
        notes.inventory = verified.inventory
        notes.findings += verified.findings
        if not verified.restorable or verified.inventory is None:
            raise Halt
        drill.order = restore_order(
            drill.scenario, drill.drill_id, notes.backup, verified.inventory
        )
        notes.submitted = drill.engine.describe(drill.order)
        note.message = (
            f"{len(verified.inventory.objects)} objects, {len(verified.inventory.volumes)} volumes"
        )


def act_isolate(drill: Drill) -> None:
    """Take the sandbox for this drill alone, make it, close it."""
    with drill.notes.stage("isolate") as note:
        clock = drill.ports.clock
        seconds = drill.scenario.restore.deadline.total_seconds()
        drill.deadline = Deadline(clock=clock, at=clock.monotonic() + seconds)
        _look_for_stop(drill)
        drill.notes.touched = True
        _take_leases(drill)
        _clear_remains(drill)
        if drill.engine.sandbox_shape is not SandboxShape.NAMESPACES:
            return
        _make_and_close(drill)
        if drill.scenario.isolation.require_proof:
            drill.notes.findings.append(_proof_wanted())
            raise Halt
        note.message = f"{', '.join(drill.targets)} made and closed"


def act_restore(drill: Drill) -> None:
    """Have the engine restore, then compare what came back with the inventory."""
    notes = drill.notes
    with notes.stage("restore") as note:
        order, deadline = drill.order, drill.deadline
        if order is None or deadline is None:
            raise Halt
        _look_for_stop(drill)
        notes.requested_at = drill.ports.clock.now()
        notes.requested = drill.ports.clock.monotonic()
        restored = restore(drill.engine, order, deadline)
        notes.restored = restored
        notes.findings += restored.findings
        _time(note, restored)
        if drill.engine.sandbox_shape is SandboxShape.NAMESPACES:
            examined = examine(drill.ports.cluster, drill.trail, order, restored)
            notes.completeness, notes.volumes = examined.completeness, examined.volumes
            notes.findings += examined.findings
            if not examined.completeness.restored:
                raise Halt


def act_settle(drill: Drill) -> None:
    """Wait until the restored workloads are up."""
    notes = drill.notes
    with notes.stage("settle") as note:
        if drill.deadline is None:
            raise Halt
        settled = settle(
            drill.ports.cluster,
            drill.ports.clock,
            drill.targets,
            deadline=drill.deadline,
            stop=drill.stop,
            listener=drill.trail,
            left_out=_left_out_names(drill),
        )
        drill.stability = settled.watch
        notes.findings += settled.findings
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
            notes.findings.append(_nothing_asked())
        rpo = drill.scenario.objectives.rpo
        context = ProbeContext(
            cluster=drill.ports.cluster,
            clock=drill.ports.clock,
            namespaces=dict(drill.scenario.restore.namespaces),
            restore_started_at=notes.requested_at,
            requested=notes.requested,
            reference=notes.started_at,
            rpo=rpo,
            backup_ended_at=notes.backup.completed_at if notes.backup else None,
            troubles=tuple(finding for finding in notes.findings if finding.unanswered),
        )
        notes.probes = run_probes(
            drill.scenario.probes,
            context,
            deadline=drill.deadline,
            stop=drill.stop,
            listener=drill.trail,
        )
        if drill.stability is not None:
            stable_for = drill.scenario.restore.stable_for.total_seconds()
            notes.findings += drill.stability.conclude(stable_for)
        passed = sum(1 for probe in notes.probes if probe.outcome == "passed")
        note.message = f"{passed} of {len(notes.probes)} passed"
        _look_for_stop(drill)


def _look_for_stop(drill: Drill) -> None:
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


def _take_leases(drill: Drill) -> None:
    for target in drill.targets:
        lease = SandboxLease(
            cluster=drill.ports.cluster,
            clock=drill.ports.clock,
            journal=drill.ports.journal,
            namespace=drill.engine.home,
            sandbox=target,
            holder=drill.drill_id,
            labels=drill.labels,
        )
        drill.leases.append(lease)
        lease.acquire(patience=drill.ports.sandbox_patience, dead=drill.ports.dead)


def _clear_remains(drill: Drill) -> None:
    """Finish the job of earlier drills that were killed in this sandbox: it is ours alone now."""
    tools = CleanupTools(
        cluster=drill.ports.cluster,
        journal=drill.ports.journal,
        listener=drill.trail,
        deadline=cleanup_deadline(
            drill.ports.clock, drill.scenario.restore.cleanup_deadline.total_seconds()
        ),
    )
    for old in remains(drill.ports.cluster):
        if old.drill_id == drill.drill_id or not set(old.namespaces) & set(drill.targets):
            continue
        removal = clean_drill(tools, drill.engine, old.drill_id)
        drop_leases(drill.ports.cluster, old.leases)
        drill.notes.findings.append(_cleared(old.drill_id, removal.leftovers))
        if removal.leftovers:
            raise Halt


def _make_and_close(drill: Drill) -> None:
    maker = Maker(cluster=drill.ports.cluster, journal=drill.ports.journal, listener=drill.trail)
    network = drill.scenario.isolation.network
    make_sandbox(
        maker,
        drill.ports.clock,
        drill.scenario.restore.namespaces,
        drill.labels,
        network=network,
        source_labels=_source_labels(drill),
        rights=drill.ports.rights,
    )
    drill.notes.isolated = all(
        closed(drill.ports.cluster, target, network) for target in drill.targets
    )
    if not drill.notes.isolated:
        drill.notes.findings.append(_not_closed(drill.targets))
        raise Halt


def _source_labels(drill: Drill) -> dict[str, dict[str, str]]:
    inventory = drill.notes.inventory
    found = inventory.objects if inventory else ()
    return {
        obj.key.name: objects.labels(obj.body)
        for obj in found
        if obj.key.resource == "namespaces" and obj.body is not None
    }


def _left_out_names(drill: Drill) -> frozenset[tuple[str, str]]:
    rows = drill.notes.completeness.rows if drill.notes.completeness else ()
    return frozenset(
        (row.resource, name) for row in rows for name in (*row.left_out, *row.explained)
    )


def _time(note: StageNote, restored: Restored) -> None:
    note.queue_seconds = restored.queue_seconds
    note.volume_seconds = restored.volume_seconds
    note.message = f"{restored.name} ended {restored.phase}"


def _proof_wanted() -> Finding:
    return Finding(
        code="isolation-not-proven",
        severity=Severity.WARNING,
        cause=Cause.ISOLATION,
        subject="sandbox",
        message="The scenario wants proof that the network is closed, and none could be had.",
        remedy="Set isolation.requireProof to false, or drill where enforcement can be proven.",
        unanswered=True,
    )


def _not_closed(targets: tuple[str, ...]) -> Finding:
    return Finding(
        code="sandbox-not-closed",
        severity=Severity.WARNING,
        cause=Cause.ISOLATION,
        subject=", ".join(targets),
        message="The sandbox's quota or network policy vanished right after it was made.",
        remedy="Find out who removes policies or quotas from new namespaces, then drill again.",
        unanswered=True,
    )


def _nothing_asked() -> Finding:
    return Finding(
        code="nothing-asked",
        severity=Severity.WARNING,
        cause=Cause.PROBE,
        subject="probes",
        message="The scenario asks the restored application nothing.",
        remedy="Add probes; without one the drill shows only that objects came back.",
    )


def _cleared(drill_id: str, leftovers: tuple[str, ...]) -> Finding:
    return Finding(
        code="remains-in-the-way" if leftovers else "remains-removed",
        severity=Severity.WARNING if leftovers else Severity.INFO,
        cause=Cause.RUNNER,
        subject=f"drill {drill_id}",
        message=(
            f"An earlier drill left the sandbox behind: {'; '.join(leftovers)}."
            if leftovers
            else "An earlier drill left its sandbox behind; it was removed before this one began."
        ),
        remedy="Mend what the message names, then run `clean`." if leftovers else "Nothing to do.",
        unanswered=bool(leftovers),
    )
