"""Which backup is drilled, fed from the drill's state: chosen, read, and passed over if need be.

What the scenario got wrong is told apart from what the backups lack; `drills.unknown_names` has
the table.
"""

from collections.abc import Iterable
from dataclasses import replace

from drills.backups import Backup
from drills.clocks import backup_clocks, server_clocks
from drills.engine import EngineStatus, SandboxShape
from drills.errors import DrillError, Interrupted, NotServed
from drills.findings import Cause, Finding, Severity
from drills.notes import Halt
from drills.plan import left_out_rules
from drills.ports import Cluster, Kind
from drills.probe_pods import pod_findings
from drills.probe_targets import Target, target_findings
from drills.stages.select import Selection, by_namespaces, choose
from drills.stages.verify import Verified, verify
from drills.state import Drill
from drills.unknown_names import (
    Surroundings,
    schedule_gone,
    unknown_namespace,
    unknown_to_engine,
)

NAMESPACE = Kind("v1", "Namespace")
NOT_IN_BACKUP = "namespace-not-in-backup"


def choose_backup(drill: Drill, status: EngineStatus) -> Backup:
    """Note which backup is drilled, and why no other; Halt where none can be."""
    notes, query = drill.notes, drill.scenario.backup
    unknown = unknown_to_engine(query, notes.backups, status)
    _choose(drill)
    if unknown:
        notes.backup = None
        _told(drill, unknown)
    elif notes.backup is None:
        _told(drill, _unknown_namespaces(drill) or notes.choice)
    notes.findings += schedule_gone(query, notes.backups, status)
    notes.findings += server_clocks(status.clocks)
    if notes.backup is None:
        raise Halt
    return notes.backup


def read_backup(drill: Drill) -> Verified:
    """Read the chosen backup to its end.

    Where backups are chosen by their namespaces, one that turns out to hold nothing of them is
    passed over for the next.
    """
    notes = drill.notes
    while notes.backup is not None:
        verified = verify(
            drill.engine, drill.scenario, notes.backup, lambda kind: _served(drill, kind)
        )
        lacking = lacking_in(verified)
        if not lacking:
            drill.scenario = verified.scenario
            return _asked(drill, notes.backup, verified)
        if not by_namespaces(drill.scenario.backup):
            return _excused(drill, notes.backup, verified)
        notes.lacking[notes.backup.name] = f"holds nothing of namespace {', '.join(lacking)}"
        notes.held |= verified.inventory.namespaces if verified.inventory else frozenset()
        _choose(drill)
    _told(drill, _unknown_namespaces(drill) or notes.choice)
    raise Halt


def _served(drill: Drill, resource: str) -> bool:
    try:
        return bool(drill.ports.cluster.served_resource(resource))
    except NotServed:
        return False


def lacking_in(verified: Verified) -> tuple[str, ...]:
    """Return the wanted namespaces that a whole backup does not hold.

    A damaged one may have lost what it lacks: that is another matter.
    """
    critical = [f for f in verified.findings if f.severity is Severity.CRITICAL]
    if verified.inventory is None or any(f.code != NOT_IN_BACKUP for f in critical):
        return ()
    return tuple(f.subject.rpartition(" ")[2] for f in critical)


def _choose(drill: Drill) -> None:
    """Choose among what is left and put its findings in the place of the last choice's."""
    scenario, notes = drill.scenario, drill.notes
    chosen = choose(
        scenario.backup,
        notes.backups,
        namespaces=tuple(scenario.restore.namespaces),
        now=notes.started_at,
        fresh_seed=drill.seed,
        lacking=notes.lacking,
    )
    _keep(drill, chosen)


def _keep(drill: Drill, chosen: Selection) -> None:
    notes = drill.notes
    notes.backup, notes.seed = chosen.backup, chosen.seed
    notes.passed_over = chosen.passed_over
    clocks: tuple[Finding, ...] = ()
    if chosen.backup is not None:
        decides = drill.scenario.objectives.rpo is not None
        clocks = tuple(backup_clocks(chosen.backup, notes.started_at, decides=decides))
    _told(drill, (*chosen.findings, *clocks))


def _told(drill: Drill, findings: tuple[Finding, ...]) -> None:
    notes = drill.notes
    notes.findings = [f for f in notes.findings if f not in notes.choice] + list(findings)
    notes.choice = findings


def _unknown_namespaces(drill: Drill) -> tuple[Finding, ...]:
    """Return the wanted namespaces that no backup has, where the scenario is wrong about them.

    Backups that were read speak for themselves, the others by their orders.
    """
    scenario, notes = drill.scenario, drill.notes
    wanted = dict.fromkeys((*scenario.restore.namespaces, *scenario.backup.namespaces))
    unread = [b for b in notes.backups if b.name not in notes.lacking]
    held = {name for b in notes.backups for name in b.included_namespaces} | notes.held
    here = any(b.made_here for b in notes.backups)
    found = (
        unknown_namespace(name, None, _around(drill, name, held, here=here))
        for name in wanted
        if name not in held and not any(b.covers(name) for b in unread)
    )
    return tuple(finding for finding in found if finding is not None)


def _around(drill: Drill, name: str, held: Iterable[str], *, here: bool) -> Surroundings:
    there = _in_source(drill, NAMESPACE, "", name) if here else None
    return Surroundings(in_source=there, held=frozenset(held))


def _asked(drill: Drill, backup: Backup, verified: Verified) -> Verified:
    """Return what reading showed, with the probes that ask for what is not in the backup."""
    inventory = verified.inventory
    if inventory is None or drill.engine.sandbox_shape is not SandboxShape.NAMESPACES:
        return verified
    probes, rules = drill.scenario.probes, left_out_rules(drill.scenario)
    sources = tuple(drill.scenario.restore.namespaces)
    found = target_findings(
        probes,
        inventory,
        sources,
        rules,
        lambda target: _target_in_source(drill, target) if backup.made_here else None,
    )
    of_pods = pod_findings(probes, inventory, sources, rules)
    return replace(verified, findings=(*verified.findings, *found, *of_pods))


def _target_in_source(drill: Drill, target: Target) -> bool | None:
    kind = Kind(target.api_version, target.kind)
    return _in_source(drill, kind, target.namespace, target.name)


def _excused(drill: Drill, backup: Backup, verified: Verified) -> Verified:
    """Return what reading showed, with the scenario's own mistakes in the backup's stead."""
    held = verified.inventory.namespaces if verified.inventory else frozenset()
    findings = tuple(_judged(drill, backup, held, f) for f in verified.findings)
    return replace(verified, findings=findings)


def _judged(drill: Drill, backup: Backup, held: frozenset[str], finding: Finding) -> Finding:
    if finding.code != NOT_IN_BACKUP or finding.cause is not Cause.BACKUP:
        return finding
    name = finding.subject.rpartition(" ")[2]
    around = _around(drill, name, held, here=backup.made_here)
    return unknown_namespace(name, backup, around) or _by_pattern(finding, backup, name)


def _by_pattern(finding: Finding, backup: Backup, name: str) -> Finding:
    """Return the finding, with the pattern that the backup's order trusted in."""
    means = [word for word in backup.included_namespaces if backup.means(word, name)]
    if not means or name in means:
        return finding
    more = f"Its order means the namespace by {', '.join(means)}: see whether the engine's version "
    return replace(finding, remedy=f"{finding.remedy} {more}knows patterns, or name it in full.")


def _in_source(drill: Drill, kind: Kind, namespace: str, name: str) -> bool | None:
    """Return whether the live source has the object, None where nobody can say."""
    try:
        cluster = _source(drill)
        if cluster is None:
            return None
        there = cluster.get(kind, namespace, name) is not None
    except Interrupted:
        raise
    except DrillError:
        return None
    return True if there else None if cluster.embedded else False


def _source(drill: Drill) -> Cluster | None:
    if drill.ports.source is not None:
        return drill.ports.source()
    return None if drill.ports.elsewhere else drill.ports.cluster
