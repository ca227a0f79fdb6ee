"""A rehearsal: the first stages only, for `plan` and `verify`. Nothing is restored.

What the engine needs for reading (Velero: DownloadRequests) is removed again before it returns.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from drills import acts
from drills.backups import BackedUpObject, Backup, Inventory, ObjectKey
from drills.engine import LeftOutRule
from drills.errors import Misconfigured
from drills.findings import Finding, Severity
from drills.notes import Halt
from drills.plan import rule_for
from drills.policy.acts import act_policy
from drills.proving.acts import prober_of
from drills.record import CleanupRecord, PassedOver, Rewriting, Verdict
from drills.restorability.acts import act_dry_run, act_references
from drills.restorability.dry_run import DryRun
from drills.state import Drill, DrillPorts, begin
from drills.tidying import clean_up
from drills.unknown_names import SCENARIO_IS_WRONG
from scenarios.model import CleanupPolicy, ProberSpec, Scenario


class Ask(StrEnum):
    """What a rehearsal asks beyond reading the backup."""

    REFERENCES = "references"
    """Whether the cluster has what the backup's objects need; touches nothing."""
    DRY_RUN = "dryRun"
    """Whether the API server takes each object; a sandbox is made for it."""
    ABILITIES = "abilities"
    """What this cluster cannot do for a drill of it; touches nothing."""
    POLICY = "policy"
    """Whether backups are taken and kept as promised; touches nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a drill would do, and what is known of the backup."""

    backup: Backup | None
    passed_over: tuple[PassedOver, ...]
    inventory: Inventory | None
    findings: tuple[Finding, ...]
    left_out: tuple[LeftOutRule, ...]
    submitted: Mapping[str, object]
    """What the engine would be given, word for word; empty where nothing can be restored."""
    namespaces: Mapping[str, str]
    cleanup: CleanupRecord
    embedded: bool
    backups: tuple[Backup, ...] = ()
    """All that the engine knows."""
    rewritings: tuple[Rewriting, ...] = ()
    prober: ProberSpec = field(default_factory=ProberSpec)
    """What would try to get out of the sandbox; without an image nothing would."""
    tried: DryRun | None = None
    """What the API server said of each object; None where it was not asked."""
    owned_out: Mapping[ObjectKey, str] = field(default_factory=dict)
    """Objects that would stay out with what owns them, and why."""
    compared: str = ""
    """How much of the live source the backup holds, in words; '' where that was not asked."""
    traceback: str = ""

    @property
    def verdict(self) -> Verdict:
        """Return what these stages alone say; never more than that nothing speaks against it."""
        if any(f.severity is Severity.CRITICAL and not f.unanswered for f in self.findings):
            return Verdict.FAILED
        if self.inventory is None or any(f.unanswered for f in self.findings):
            return Verdict.INCONCLUSIVE
        warned = any(f.severity is Severity.WARNING for f in self.findings)
        return Verdict.WARNED if warned else Verdict.PASSED

    def owned(self) -> dict[tuple[str, str, str], int]:
        """Return (namespace, kind, reason) to how many objects stay out with what owns them."""
        return Counter(
            (obj.key.namespace, obj.key.resource, self.owned_out[obj.key])
            for obj in (self.inventory.objects if self.inventory else ())
            if self._with_owner(obj)
        )

    def _with_owner(self, obj: BackedUpObject) -> bool:
        return obj.explanation is None and obj.key in self.owned_out

    def counts(self) -> dict[tuple[str, str], tuple[int, str]]:
        """Return (namespace, kind) to how many objects, and why they would be left out or ''.

        Those that stay out with their owner are not among them.
        """
        found: dict[tuple[str, str], tuple[int, str]] = {}
        for obj in self.inventory.objects if self.inventory else ():
            if obj.key.namespace not in self.namespaces or self._with_owner(obj):
                continue
            rule = rule_for(self.left_out, obj.key.resource)
            reason = rule.reason if rule else obj.explanation or ""
            where = (obj.key.namespace, obj.key.resource)
            number, known = found.get(where, (0, reason))
            found[where] = (number + 1, reason if known == reason else "")
        return found


def rehearse(
    scenario: Scenario,
    ports: DrillPorts,
    *,
    drill_id: str,
    seed: int,
    asks: Collection[Ask] = (),
) -> Rehearsal:
    """Select and read the backup, and say what a drill would do.

    For a dry run the sandbox is made, closed and removed as a drill does it; nothing is restored.
    Raises Misconfigured as a drill would.
    """
    drill = begin(_harmless(scenario), ports, drill_id, seed)
    tried = None
    try:
        tried = _asked(drill, asks)
    except Halt:
        pass
    finally:
        ports.shield()
        cleanup = clean_up(drill)
    notes = drill.notes
    _refuse(notes.findings)
    return Rehearsal(
        backup=notes.backup,
        passed_over=notes.passed_over,
        inventory=notes.inventory,
        findings=drill.veil.veiled(tuple(notes.findings)),
        left_out=drill.order.left_out if drill.order else (),
        owned_out=drill.order.owned_out if drill.order else {},
        submitted=notes.submitted,
        namespaces=dict(scenario.restore.namespaces),
        cleanup=cleanup,
        embedded=ports.cluster.embedded,
        backups=notes.backups,
        rewritings=notes.rewritings,
        prober=prober_of(scenario, ports.prober_image),
        tried=tried,
        compared=notes.compared,
        traceback=drill.veil.hide(notes.traceback),
    )


def _asked(drill: Drill, asks: Collection[Ask]) -> DryRun | None:
    """Go through the acts; policy comes with the list of backups, whether one is usable or not."""
    try:
        acts.act_select(drill)
    except Halt:
        _hold_to_policy(drill, asks)
        raise
    _hold_to_policy(drill, asks)
    acts.act_verify(drill, restoring=Ask.ABILITIES in asks)
    if Ask.REFERENCES in asks:
        act_references(drill)
    if Ask.DRY_RUN not in asks:
        return None
    acts.act_isolate(drill, proving=False)
    return act_dry_run(drill)


def _hold_to_policy(drill: Drill, asks: Collection[Ask]) -> None:
    """Judge the list of backups; where it could not be had, nothing is known."""
    if Ask.POLICY in asks and drill.notes.backups:
        act_policy(drill)


def _refuse(findings: Sequence[Finding]) -> None:
    """Raise Misconfigured where the scenario itself is wrong, and nothing was touched."""
    wrong = [f for f in findings if f.code in SCENARIO_IS_WRONG and f.unanswered]
    if wrong:
        raise Misconfigured(
            " ".join(f.message for f in wrong),
            hint=" ".join(dict.fromkeys(f.remedy for f in wrong)),
        )


def _harmless(scenario: Scenario) -> Scenario:
    """Return the scenario as a rehearsal needs it: nothing is kept."""
    return replace(scenario, cleanup=CleanupPolicy.ALWAYS)
