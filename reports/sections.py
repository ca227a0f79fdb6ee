"""The parts of `report.json`, one function per part of the record.

In: values of drills.record. Out: JSON objects with the keys of the published schema.
"""

from drills.backups import Backup
from drills.findings import Finding
from drills.proving.facts import Proof, Tried
from drills.record import (
    AuditEntry,
    Completeness,
    CompletenessRow,
    DrillRecord,
    Objective,
    Objectives,
    ProbeRecord,
    RestoreRecord,
    Rewriting,
    ScenarioRef,
    StageRecord,
    VolumeRecord,
)
from reports import plain

JsonObject = dict[str, object]


def scenario(ref: ScenarioRef) -> JsonObject:
    """Return who asked for this drill, and in which words."""
    return {
        "name": plain.text(ref.name),
        "owner": plain.text(ref.owner),
        "sha256": ref.sha256,
        "description": plain.text(ref.description),
        "prove": None if ref.prove is None else ref.prove.value,
    }


def reasons(record: DrillRecord) -> list[JsonObject]:
    """Return why the verdict is what it is, the weightiest first as the verdict gave them."""
    return [
        {"code": plain.text(r.code), "cause": r.cause.value, "message": plain.text(r.message)}
        for r in record.reasons
    ]


def backup(chosen: Backup | None) -> JsonObject | None:
    """Return the backup that was drilled, null where none was found."""
    if chosen is None:
        return None
    return {
        "engine": plain.text(chosen.engine),
        "name": plain.text(chosen.name),
        "schedule": _optional(chosen.schedule),
        "location": _optional(chosen.location),
        "phase": plain.text(chosen.phase),
        "startedAt": plain.instant(chosen.started_at),
        "completedAt": plain.instant(chosen.completed_at),
        "recoveryPoint": plain.instant(chosen.recovery_point),
        "expiresAt": plain.instant(chosen.expires_at),
        "partiallyFailed": chosen.partially_failed,
        "includedNamespaces": [plain.text(name) for name in chosen.included_namespaces],
        "excludedNamespaces": [plain.text(name) for name in chosen.excluded_namespaces],
        "labels": plain.texts(chosen.labels),
    }


def _optional(value: str | None) -> str | None:
    return None if value is None else plain.text(value)


def objectives(found: Objectives) -> JsonObject:
    """Return targets with what was achieved, in seconds, null where unknown."""
    return {
        "rto": _objective(found.rto),
        "rpo": {
            **_objective(found.rpo),
            "dataSeconds": plain.seconds(found.data_seconds),
            "worstCaseSeconds": plain.seconds(found.worst_case_seconds),
        },
    }


def _objective(objective: Objective) -> JsonObject:
    return {
        "targetSeconds": plain.seconds(objective.target_seconds),
        "achievedSeconds": plain.seconds(objective.achieved_seconds),
        "met": objective.met,
    }


def stage(found: StageRecord) -> JsonObject:
    """Return one bar of the time line."""
    return {
        "name": plain.text(found.name),
        "startedAt": plain.instant(found.started_at),
        "offsetSeconds": plain.seconds(found.offset_seconds),
        "seconds": plain.seconds(found.seconds),
        "outcome": found.outcome.value,
        "message": plain.text(found.message),
        "queueSeconds": plain.seconds(found.queue_seconds),
        "volumeSeconds": plain.seconds(found.volume_seconds),
        "waitSeconds": plain.seconds(found.waited_seconds),
    }


def restore(found: RestoreRecord | None) -> JsonObject | None:
    """Return what the engine said of its restore, null where none was asked for."""
    if found is None:
        return None
    return {
        "name": plain.text(found.name),
        "phase": plain.text(found.phase),
        "startedAt": plain.instant(found.started_at),
        "completedAt": plain.instant(found.completed_at),
        "warnings": [plain.text(line) for line in found.warnings],
        "errors": [plain.text(line) for line in found.errors],
        "submitted": plain.anything(found.submitted),
    }


def completeness(found: Completeness | None) -> JsonObject | None:
    """Return what came back against the inventory, null where it was not compared."""
    if found is None:
        return None
    return {
        "restored": found.restored,
        "leftOut": found.left_out,
        "explained": found.explained,
        "missing": [plain.text(name) for name in found.missing],
        "rows": [_completeness_row(row) for row in found.rows],
    }


def _completeness_row(row: CompletenessRow) -> JsonObject:
    return {
        "resource": plain.text(row.resource),
        "namespace": plain.text(row.namespace),
        "inBackup": row.in_backup,
        "restored": row.restored,
        "leftOut": plain.texts(row.left_out),
        "explained": plain.texts(row.explained),
        "missing": [plain.text(name) for name in row.missing],
    }


def volume(found: VolumeRecord) -> JsonObject:
    """Return one claim and whether its data came back."""
    return {
        "claim": plain.text(found.claim),
        "namespace": plain.text(found.namespace),
        "method": plain.text(found.method),
        "bytes": found.bytes,
        "outcome": plain.text(found.outcome),
    }


def rewriting(found: Rewriting) -> JsonObject:
    """Return one name that the drill led elsewhere; of a Secret's null for both names."""
    return {
        "object": plain.text(str(found.source)),
        "place": plain.text(found.place),
        "from": plain.text(found.old) or None,
        "to": plain.text(found.new) or None,
        "count": found.count,
        "outcome": plain.text(found.outcome),
    }


def probe(found: ProbeRecord) -> JsonObject:
    """Return one question with the expected and the observed answer."""
    return {
        "name": plain.text(found.name),
        "kind": plain.text(found.kind),
        "required": found.required,
        "proves": found.proves.value,
        "outcome": found.outcome.value,
        "attempts": found.attempts,
        "seconds": plain.seconds(found.seconds),
        "expected": plain.text(found.expected),
        "observed": plain.text(found.observed),
        "message": plain.text(found.message),
        "cause": None if found.cause is None else found.cause.value,
        "simulated": found.simulated,
        "passedAtSeconds": plain.seconds(found.passed_at),
        "newest": plain.instant(found.newest),
        "needs": [plain.text(name) for name in found.needs],
    }


def finding(found: Finding) -> JsonObject:
    """Return one thing that is wrong or risky, with what to do next."""
    return {
        "code": plain.text(found.code),
        "severity": found.severity.value,
        "cause": found.cause.value,
        "subject": plain.text(found.subject),
        "message": plain.text(found.message),
        "remedy": plain.text(found.remedy),
        "unanswered": found.unanswered,
    }


def isolation_proof(found: Proof | None) -> JsonObject | None:
    """Return what was tried to get out of the sandbox, null where the drill did not come to it."""
    if found is None:
        return None
    return {
        "state": found.state.value,
        "message": plain.text(found.why),
        "image": plain.text(found.image),
        "simulated": found.simulated,
        "targets": [_tried(each) for each in found.tried],
    }


def _tried(found: Tried) -> JsonObject:
    worn = {"workload": plain.text(found.workload)} if found.workload else {}
    return {
        "from": plain.text(found.namespace),
        **worn,
        "aim": found.target.aim.value,
        "target": plain.text(found.target.words),
        "address": plain.text(found.target.address),
        "before": found.before,
        "after": found.after,
        "afterRestore": found.again,
        "outcome": found.outcome.value,
    }


def audit(entry: AuditEntry) -> JsonObject:
    """Return one action in the shape auditors asked for."""
    return {
        "timestamp": plain.instant(entry.timestamp),
        "action": plain.text(entry.action),
        "user": plain.text(entry.user),
        "resource": plain.text(entry.resource),
        "status": plain.text(entry.status),
        "details": plain.texts(entry.details),
    }
