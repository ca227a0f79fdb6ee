"""From Notes to the frozen DrillRecord: measures, judges, concludes. Pure but for reading notes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from drills.clocks import in_future
from drills.cluster_rights import concerned, rights_doubt, rights_left
from drills.findings import Finding
from drills.notes import Notes
from drills.objectives import judge, measure_rto, newest_data, worst_case_rpo
from drills.record import (
    AuditEntry,
    CleanupRecord,
    DrillRecord,
    Objectives,
    Outcome,
    Reason,
    RestoreRecord,
    SandboxRecord,
    ScenarioRef,
    Verdict,
)
from drills.sandbox import isolation_words
from drills.settled_volumes import CODE as VOLUME_QUESTION
from drills.stages.volumes import FINE
from drills.verdict import Facts, ProofFacts, decide, proven
from scenarios.model import ProofLevel, Scenario


def make_record(
    scenario: Scenario,
    drill_id: str,
    notes: Notes,
    *,
    embedded: bool,
    cleanup: CleanupRecord,
    ended_at: datetime,
    audit: tuple[AuditEntry, ...],
) -> DrillRecord:
    """Return the record of the drill that `notes` describe."""
    judgement = judged(scenario, notes, embedded=embedded)
    return DrillRecord(
        drill_id=drill_id,
        scenario=_scenario(scenario),
        started_at=notes.started_at,
        ended_at=ended_at,
        environment="embedded" if embedded else "cluster",
        versions=dict(notes.versions),
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        proof_level=judgement.proof_level,
        backup=notes.backup,
        passed_over=notes.passed_over,
        objectives=judgement.objectives,
        stages=tuple(notes.stages),
        restore=_restore(notes),
        completeness=notes.completeness,
        volumes=notes.volumes,
        probes=notes.probes,
        findings=(*notes.findings, *_doubts(scenario, notes)),
        sandbox=SandboxRecord(
            namespaces=dict(scenario.restore.namespaces),
            isolation=_isolation(scenario, notes, embedded=embedded),
            proof=notes.proof,
        ),
        cleanup=cleanup,
        audit=audit,
        seed=notes.seed,
        rewritings=notes.rewritings,
        traceback=notes.traceback,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the recorded facts come to."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    objectives: Objectives
    proof_level: ProofLevel


def judged(scenario: Scenario, notes: Notes, *, embedded: bool) -> Judgement:
    """Return the verdict on what is known so far, with what it rests on."""
    objectives = _objectives(scenario, notes)
    proof = proof_level(notes, embedded=embedded)
    verdict, reasons = decide(
        Facts(
            findings=tuple(notes.findings),
            probes=notes.probes,
            objectives=objectives,
            proof_level=proof,
            demanded=scenario.prove,
            finished=notes.finished,
        )
    )
    return Judgement(verdict=verdict, reasons=reasons, objectives=objectives, proof_level=proof)


def proof_level(notes: Notes, *, embedded: bool) -> ProofLevel:
    """Return what was proven so far."""
    back = notes.completeness is not None and not notes.completeness.missing
    doubted = any(f.code == VOLUME_QUESTION and f.unanswered for f in notes.findings)
    fine = FINE if doubted else FINE | {"fewer"}
    whole = all(v.outcome in fine for v in notes.volumes)
    return proven(
        ProofFacts(
            embedded=embedded, complete=back and whole and notes.settled, probes=notes.probes
        )
    )


def _objectives(scenario: Scenario, notes: Notes) -> Objectives:
    spec = scenario.objectives
    inventory_point = notes.inventory.recovery_point if notes.inventory else None
    backup_point = notes.backup.recovery_point if notes.backup else None
    known = [point for point in (inventory_point, backup_point) if point is not None]
    settled = notes.settled_seconds if notes.settled else None
    doubtful = any(in_future(point, notes.started_at) for point in known)
    return judge(
        spec,
        started_at=notes.started_at,
        recovery_point=None if doubtful else min(known, default=None),
        rto_seconds=measure_rto(notes.probes, settled),
        newest=newest_data(notes.probes),
        worst_case_seconds=worst_case_rpo(
            (b for b in notes.backups if all(map(b.covers, scenario.restore.namespaces))),
            now=notes.started_at,
            lookback=spec.lookback,
        ),
    )


def _doubts(scenario: Scenario, notes: Notes) -> tuple[Finding, ...]:
    """Return why something may have failed that is not the backup's fault.

    It stands beside the verdict and is no part of it: what failed has failed.
    """
    if notes.inventory is None:
        return ()
    sources = tuple(scenario.restore.namespaces)
    about = {spec.name: concerned(spec, sources) for spec in scenario.probes}
    failed = {
        f"probe {p.name}": about.get(p.name, sources)
        for p in notes.probes
        if p.outcome is Outcome.FAILED
    }
    if any(s.name == "settle" and s.outcome is not Outcome.PASSED for s in notes.stages):
        failed["stage settle"] = sources
    return rights_doubt(rights_left(notes.inventory, sources), failed)


def _restore(notes: Notes) -> RestoreRecord | None:
    if notes.restored is None:
        return None
    return RestoreRecord(
        name=notes.restored.name,
        phase=notes.restored.phase,
        warnings=notes.restored.warnings,
        errors=notes.restored.errors,
        submitted=notes.restored.submitted or notes.submitted,
        started_at=notes.restored.started_at,
        completed_at=notes.restored.completed_at,
    )


def _isolation(scenario: Scenario, notes: Notes, *, embedded: bool) -> Mapping[str, str]:
    if not notes.isolated:
        return {}
    return isolation_words(
        scenario.isolation.network,
        embedded=embedded,
        proof=notes.proof,
        limits=scenario.isolation.limits,
    )


def _scenario(scenario: Scenario) -> ScenarioRef:
    return ScenarioRef(
        name=scenario.name,
        owner=scenario.owner,
        sha256=scenario.sha256,
        description=scenario.description,
        controls=scenario.controls,
        prove=scenario.prove,
    )
