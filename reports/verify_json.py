"""`verify.json`: the truth of one run of `verify`, from which its page is rendered.

In: a VerifyRecord. Out: its document, the plain JSON object that reports/schema/verify.schema.json
describes. Findings have the very shape that they have in `report.json`.
"""

from datetime import timedelta

from drills.findings import Severity
from drills.integrity.result import FileFact, State
from reports import plain, sections
from reports.verify_record import CheckedBackup, VerifyRecord

VERIFY_SCHEMA_VERSION = "1.0"
"""Major: readers must change. Minor: keys were added."""


def to_verify_document(record: VerifyRecord) -> dict[str, object]:
    """Return the document: durations in seconds, instants RFC 3339, null where unknown."""
    seconds = _took(record.seconds) or 0.0
    return {
        "schemaVersion": VERIFY_SCHEMA_VERSION,
        "verifyId": record.verify_id,
        "target": {"kind": record.target.value, "name": plain.text(record.place)},
        "startedAt": plain.instant(record.started_at),
        "endedAt": plain.instant(record.started_at + timedelta(seconds=seconds)),
        "durationSeconds": seconds,
        "versions": {"runner": plain.text(record.version)},
        "verdict": record.state.value,
        "totals": _totals(record, seconds),
        "backups": [_backup(one) for one in record.backups],
        "findings": [sections.finding(found) for found in record.findings],
        "notLookedAt": [
            {"what": plain.text(one.what), "how": plain.text(one.how)}
            for one in record.not_looked_at
        ],
    }


def _totals(record: VerifyRecord, seconds: float) -> dict[str, object]:
    found, read = record.all_findings, record.bytes_read
    return {
        "backups": len(record.backups),
        "byVerdict": {
            state.value: sum(one.state is state for one in record.backups) for state in State
        },
        "findings": {one.value: sum(f.severity is one for f in found) for one in Severity},
        "unanswered": sum(f.unanswered for f in found),
        "bytes": read,
        "bytesPerSecond": _rate(read, seconds),
    }


def _took(value: float | None) -> float | None:
    """Return seconds; None for what no clock can have measured."""
    found = plain.seconds(value)
    return None if found is None or found < 0 else found


def _rate(amount: int | None, seconds: float | None) -> int | None:
    return round(amount / seconds) if amount is not None and seconds else None


def _backup(one: CheckedBackup) -> dict[str, object]:
    seconds = _took(one.seconds)
    return {
        "name": plain.text(one.name),
        "engine": plain.text(one.engine),
        "verdict": one.state.value,
        "phase": plain.text(one.phase),
        "schedule": None if one.schedule is None else plain.text(one.schedule),
        "startedAt": plain.instant(one.started_at),
        "expiresAt": plain.instant(one.expires_at),
        "objects": one.objects,
        "volumes": one.volumes,
        "bytes": one.bytes,
        "unpackedBytes": one.unpacked,
        "seconds": seconds,
        "bytesPerSecond": _rate(one.bytes, seconds),
        "files": [_file(file) for file in one.files],
        "findings": [sections.finding(found) for found in one.findings],
    }


def _file(file: FileFact) -> dict[str, object]:
    return {
        "name": plain.text(file.name),
        "bytes": file.bytes,
        "sha256": file.sha256 or None,
        "etag": plain.text(file.etag) or None,
        "version": plain.text(file.version) or None,
    }
