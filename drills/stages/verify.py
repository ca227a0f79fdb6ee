"""Stage verify: read the chosen backup to its end and refuse what must not be restored."""

from collections.abc import Iterable
from dataclasses import dataclass

from drills.addresses import address_findings
from drills.backups import Backup, Inventory
from drills.capping import capping, capping_note
from drills.carried import mesh_notes
from drills.cluster_rights import rights_left, rights_note
from drills.companions.judging import Ground, drill_lacks
from drills.direct_storage import storage_findings
from drills.engine import Engine, SandboxShape
from drills.exclusions import exclusion_findings, without_volumes
from drills.findings import Cause, Finding, Severity
from drills.inward import harmless_note
from drills.kind_words import Served, nothing_served, understood
from drills.name_places import ALIAS
from drills.operated import operated_findings
from drills.outward import outward_findings
from drills.plan import left_out_rules, names_of
from drills.record import Rewriting
from drills.rewriting import rewriting_note, rewritings, unled
from drills.storage_classes import mapping_note
from scenarios.model import NetworkIsolation, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What the backup holds, and all that is wrong with it."""

    inventory: Inventory | None
    findings: tuple[Finding, ...]
    scenario: Scenario
    """With the kinds that it names in full, as this backup has them."""
    rewritings: tuple[Rewriting, ...] = ()
    """Names that the restore will lead into the sandbox."""

    @property
    def restorable(self) -> bool:
        """Return whether restoring makes sense: readable, and nothing critical found."""
        return self.inventory is not None and not any(
            f.severity is Severity.CRITICAL or f.unanswered for f in self.findings
        )


def verify(
    engine: Engine, scenario: Scenario, backup: Backup, served: Served = nothing_served
) -> Verified:
    """Return what reading the whole backup showed; nothing has been created yet."""
    inspection = engine.inspect(backup, scenario.restore.namespaces)
    findings = list(inspection.findings)
    led: tuple[Rewriting, ...] = ()
    if inspection.inventory is not None:
        read = understood(scenario, inspection.inventory, served)
        scenario = read.scenario
        findings = [*without_volumes(findings, left_out_rules(scenario)), *read.findings]
        led = _rewritings(scenario, inspection.inventory)
        findings += _absent(engine, scenario, backup, inspection.inventory, findings)
        findings += _about_the_copy(engine, scenario, inspection.inventory, led)
        findings += rewriting_note(led)
    return Verified(
        inventory=inspection.inventory,
        findings=tuple(findings),
        scenario=scenario,
        rewritings=led,
    )


def _rewritings(scenario: Scenario, inventory: Inventory) -> tuple[Rewriting, ...]:
    names = names_of(scenario, inventory)
    return rewritings(inventory, names, left_out_rules(scenario)) if names else ()


def _about_the_copy(
    engine: Engine, scenario: Scenario, inventory: Inventory, led: Iterable[Rewriting]
) -> tuple[Finding, ...]:
    """Return what in the copy would get at production, and what it will lack of it."""
    if engine.sandbox_shape is not SandboxShape.NAMESPACES:
        return ()
    sources = scenario.restore.namespaces
    closed = scenario.isolation.network is NetworkIsolation.DENY
    names = names_of(scenario, inventory)
    reaches = tuple(unled(inventory.reaches, inventory, names)) if names else inventory.reaches
    return (
        *exclusion_findings(inventory, sources, left_out_rules(scenario)),
        *storage_findings(inventory.objects, sources, left_out_rules(scenario)),
        *drill_lacks(
            inventory.objects,
            inventory.makers,
            sources,
            Ground(scope=inventory.scope, left_out=left_out_rules(scenario), drill=True),
        ),
        *outward_findings(reaches, sources, inventory.namespaces, closed=closed),
        *address_findings(inventory.address_uses, inventory.addresses, sources, closed=closed),
        *operated_findings(
            inventory.operated, sources, left_out_rules(scenario), scenario.restore.allow
        ),
        *rights_note(rights_left(inventory, sources)),
        *mesh_notes(inventory.objects, sources, scenario.restore.namespace_labels),
        *mapping_note(inventory.objects, sources, scenario.restore.storage_classes),
        *capping_note(
            capping(inventory, sources, scenario.restore.most_replicas),
            scenario.restore.most_replicas,
        ),
        *harmless_note(
            inventory.objects, sources, {one.source for one in led if one.place == ALIAS}
        ),
    )


def _absent(
    engine: Engine,
    scenario: Scenario,
    backup: Backup,
    inventory: Inventory,
    known: list[Finding],
) -> list[Finding]:
    """Return a finding for each wanted namespace the archive lacks and nobody reported yet."""
    if engine.sandbox_shape is not SandboxShape.NAMESPACES:
        return []
    wanted = (*scenario.restore.namespaces, *scenario.backup.namespaces)
    told = {f.subject for f in known if f.code == "namespace-not-in-backup"}
    return [
        Finding(
            code="namespace-not-in-backup",
            severity=Severity.CRITICAL,
            cause=Cause.BACKUP,
            subject=f"namespace {name}",
            message=f"Backup {backup.name} holds nothing of namespace {name}.",
            remedy="Include the namespace in the backup schedule and take a new backup.",
        )
        for name in dict.fromkeys(wanted)
        if name not in inventory.namespaces and not any(name in subject.split() for subject in told)
    ]
