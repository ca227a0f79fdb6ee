"""Taking the sandbox: for one drill alone, free of what came before, closed, and ours to the end.

In: the drill's state. Out: Leases held, namespaces made with their uids in `Drill.sandbox`, and
`check_standing`, which the acts ask before they believe what they saw inside.
"""

from drills import objects
from drills.carried import Carried, carried
from drills.clean import clean_drill, cleanup_deadline, drop_leases, remains
from drills.engine import RestoreOrder, SandboxShape
from drills.errors import SandboxLost
from drills.findings import Cause, Finding, Severity
from drills.lease import SandboxLease
from drills.marks import drill_of
from drills.notes import Halt
from drills.proving.acts import begin as begin_proving
from drills.sandbox import NAMESPACE
from drills.stages.cleanup import CleanupTools
from drills.stages.isolate import Maker, close_namespaces, closed, make_namespaces
from drills.stages.restore import Before, look_before
from drills.state import Drill


def take_leases(drill: Drill) -> None:
    """Hold the Lease of every sandbox namespace; raises SandboxTaken."""
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


def clear_remains(drill: Drill) -> None:
    """Finish the job of earlier drills that were killed in this sandbox: it is ours alone now."""
    tools = CleanupTools(
        cluster=drill.ports.cluster,
        journal=drill.ports.journal,
        listener=drill.trail,
        deadline=cleanup_deadline(
            drill.ports.clock,
            drill.scenario.restore.cleanup_deadline.total_seconds(),
            cut=drill.stop,
        ),
    )
    for old in remains(drill.ports.cluster):
        if old.drill_id == drill.drill_id or not set(old.namespaces) & set(drill.targets):
            continue
        removal = clean_drill(tools, drill.engine, old.drill_id)
        if removal.leftovers:
            drill.notes.findings.append(_cleared(old.drill_id, removal.leftovers))
            raise Halt
        drop_leases(drill.ports.cluster, old.leases)
        drill.notes.findings.append(_cleared(old.drill_id, ()))


def make_and_close(drill: Drill, *, proving: bool) -> None:
    """Make the sandbox namespaces, closed; what was made is known even where this raises.

    With `proving`, what the policy shall block is tried first, while it is not there yet.
    """
    maker = Maker(cluster=drill.ports.cluster, journal=drill.ports.journal, listener=drill.trail)
    clock, network = drill.ports.clock, drill.scenario.isolation.network
    drill.proving = begin_proving(drill, maker) if proving else None
    try:
        make_namespaces(
            maker,
            clock,
            drill.scenario.restore.namespaces,
            drill.labels,
            sources=_sources(drill),
            engine_labels=drill.engine.sandbox_labels,
            rights=drill.ports.rights,
        )
        if drill.proving is not None:
            drill.proving.control()
        close_namespaces(
            maker,
            clock,
            drill.targets,
            drill.labels,
            network=network,
            limits=drill.scenario.isolation.limits,
        )
    finally:
        drill.sandbox |= {thing.name: thing.uid for thing in maker.made if thing.kind == NAMESPACE}
    drill.notes.isolated = all(
        closed(drill.ports.cluster, target, network, drill.drill_id) for target in drill.targets
    )
    if not drill.notes.isolated:
        drill.notes.findings.append(_not_closed(drill.targets))
        raise Halt


def look_around(drill: Drill, order: RestoreOrder) -> Before:
    """Say what others put into the sandbox; where that leads out, nothing is restored into it."""
    if drill.engine.sandbox_shape is not SandboxShape.NAMESPACES:
        return Before()
    before = look_before(drill.ports.cluster, order, closed=drill.closed)
    drill.notes.findings += before.findings
    if not before.closed:
        raise Halt
    return before


def check_standing(drill: Drill) -> None:
    """Raise SandboxLost unless every sandbox namespace is still the very one we made.

    What is seen in a namespace that is going away, or that somebody else made anew, says nothing
    of the backup; and nothing in it may be touched.
    """
    if drill.engine.sandbox_shape is not SandboxShape.NAMESPACES:
        return
    for name in drill.targets:
        present = drill.ports.cluster.get(NAMESPACE, "", name)
        if present is None or objects.uid(present) != drill.sandbox.get(name):
            raise _lost(f"namespace {name} was deleted by somebody else")
        if objects.text(present, "metadata", "deletionTimestamp"):
            raise _lost(f"namespace {name} is being deleted by somebody else")
        if drill_of(present) != drill.drill_id:
            raise _lost(f"somebody took this drill's marks off namespace {name}")


def _lost(what: str) -> SandboxLost:
    return SandboxLost(
        f"{what} while the drill was under way",
        hint="Find out who or what touches the sandbox (a clean-up job, a pruning GitOps tool).",
    )


def _sources(drill: Drill) -> dict[str, Carried]:
    inventory = drill.notes.inventory
    found = inventory.objects if inventory else ()
    return {
        obj.key.name: carried(obj.body, drill.scenario.restore.namespace_labels)
        for obj in found
        if obj.key.resource == "namespaces" and obj.body is not None
    }


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
