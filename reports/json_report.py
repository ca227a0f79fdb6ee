"""`report.json`: the truth of one drill, from which every other format is rendered.

In: a DrillRecord. Out: its document, the plain JSON object that reports/schema/report.schema.json
describes, and its bytes. Read reports/sections.py for the parts.
"""

import json
from datetime import timedelta

from drills.record import DrillRecord
from reports import plain, sections
from reports.reading import Document

SCHEMA_VERSION = "1.0"
"""Major: readers must change. Minor: keys were added."""

TRACEBACK_LIMIT = 20_000


def to_document(record: DrillRecord) -> dict[str, object]:
    """Return the report document: durations in seconds, instants RFC 3339, null where unknown."""
    return {
        **_identity(record),
        **_answer(record),
        **_measured(record),
        "findings": [sections.finding(found) for found in record.findings],
        "sandbox": {
            "namespaces": plain.texts(record.sandbox.namespaces),
            "isolation": plain.texts(record.sandbox.isolation),
            "isolationProof": sections.isolation_proof(record.sandbox.proof),
        },
        "cleanup": {
            "outcome": record.cleanup.outcome.value,
            "leftovers": [plain.text(name) for name in record.cleanup.leftovers],
            "removed": record.cleanup.removed,
        },
        "audit": [sections.audit(entry) for entry in record.audit],
        "traceback": plain.tail(record.traceback, limit=TRACEBACK_LIMIT),
    }


def render_json(document: Document) -> bytes:
    """Return the document as indented UTF-8 with a final line feed, keys in the schema's order."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def _identity(record: DrillRecord) -> dict[str, object]:
    took: timedelta = record.ended_at - record.started_at
    return {
        "schemaVersion": SCHEMA_VERSION,
        "drillId": record.drill_id,
        "scenario": sections.scenario(record.scenario),
        "controls": [plain.text(control) for control in record.scenario.controls],
        "startedAt": plain.instant(record.started_at),
        "endedAt": plain.instant(record.ended_at),
        "durationSeconds": plain.seconds(took.total_seconds()),
        "environment": record.environment,
        "versions": plain.texts(record.versions),
        "seed": record.seed,
    }


def _answer(record: DrillRecord) -> dict[str, object]:
    return {
        "verdict": record.verdict.value,
        "reasons": sections.reasons(record),
        "proofLevel": record.proof_level.value,
        "backup": sections.backup(record.backup),
        "passedOver": [
            {"name": plain.text(other.name), "reason": plain.text(other.reason)}
            for other in record.passed_over
        ],
    }


def _measured(record: DrillRecord) -> dict[str, object]:
    return {
        "objectives": sections.objectives(record.objectives),
        "stages": [sections.stage(found) for found in record.stages],
        "restore": sections.restore(record.restore),
        "completeness": sections.completeness(record.completeness),
        "volumes": [sections.volume(found) for found in record.volumes],
        "rewritings": [sections.rewriting(found) for found in record.rewritings],
        "probes": [sections.probe(found) for found in record.probes],
    }
