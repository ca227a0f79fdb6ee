"""`report.json` keeps its contract, whatever the drill saw."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings

from drills.record import DrillRecord, Objective, Objectives
from reports import RENDERERS, render_json, to_document
from reports.loading import parse_report, schema_bytes, schema_problems
from tests.reports import records
from tests.reports.strategies import RECORDS

SCHEMA = json.loads(schema_bytes("report"))

CONTRACT = {
    "": {"schemaVersion", "drillId", "startedAt", "endedAt", "environment", "versions", "verdict"},
    "scenario": {"name", "owner", "sha256"},
    "reasons": {"code", "cause", "message"},
    "backup": {
        *("engine", "name", "schedule", "location", "phase"),
        *("startedAt", "completedAt", "recoveryPoint"),
    },
    "passedOver": {"name", "reason"},
    "stages": {"name", "startedAt", "seconds", "outcome", "queueSeconds"},
    "restore": {"name", "phase", "warnings", "errors"},
    "completeness": {"restored", "leftOut", "explained", "missing"},
    "volumes": {"claim", "namespace", "method", "bytes", "outcome"},
    "probes": {
        *("name", "kind", "required", "proves", "outcome", "attempts", "seconds"),
        *("expected", "observed", "message", "simulated"),
    },
    "findings": {"code", "severity", "cause", "subject", "message", "remedy"},
    "sandbox": {"namespaces", "isolation", "isolationProof"},
    "cleanup": {"outcome", "leftovers"},
}
LATER = {"$.sandbox.isolationProof.targets[]": {"workload"}}
"""Keys that a report may lack: it was written before there were any, or has nothing to say."""


def _objects(schema: Mapping[str, object], where: str = "$") -> Iterator[tuple[str, dict]]:
    if "properties" in schema:
        yield where, schema
        for name, inner in schema["properties"].items():
            yield from _objects(inner, f"{where}.{name}")
    if isinstance(schema.get("items"), dict):
        yield from _objects(schema["items"], f"{where}[]")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RECORDS)
def test_any_record_fits_the_schema_and_renders(record: DrillRecord) -> None:
    """Every record becomes a document that the schema accepts and every renderer can show."""
    document = to_document(record)

    assert schema_problems(document, "report") == ()
    assert parse_report(render_json(document), where="it") == document
    assert all(renderer(document) for renderer in RENDERERS.values())


@pytest.mark.parametrize(("section", "keys"), CONTRACT.items())
def test_contract_keys(section: str, keys: set[str]) -> None:
    document = to_document(records.failed_missing_volume())
    found = document[section] if section else document
    assert keys <= set(found[0] if isinstance(found, list) else found)


def test_schema_describes_and_demands_every_key() -> None:
    """What is produced is in the schema, described, and required unless it came later."""
    described = dict(_objects(SCHEMA))
    assert len(described) > 15
    for where, schema in described.items():
        optional = LATER.get(where, set())
        assert set(schema["required"]) | optional == set(schema["properties"]), where
        for name, inner in schema["properties"].items():
            assert inner.get("description"), f"{where}.{name}"
    assert set(to_document(records.passed())) == set(SCHEMA["properties"])


def test_unknown_is_null_never_zero() -> None:
    unknown = Objective(target_seconds=None, achieved_seconds=None, met=None)
    record = replace(
        records.inconclusive_hang(), objectives=Objectives(rto=unknown, rpo=unknown), backup=None
    )
    document = to_document(record)
    assert document["objectives"] == {
        "rto": {"targetSeconds": None, "achievedSeconds": None, "met": None},
        "rpo": {
            "targetSeconds": None,
            "achievedSeconds": None,
            "met": None,
            "dataSeconds": None,
            "worstCaseSeconds": None,
        },
    }
    assert (document["backup"], document["completeness"]) == (None, None)


def test_instants_are_utc() -> None:
    """A local instant is shown as UTC, with milliseconds where there are any."""
    tokyo = datetime(2026, 11, 23, 15, 0, 4, 500_000, tzinfo=timezone(timedelta(hours=9)))
    assert to_document(replace(records.passed(), started_at=tokyo))["startedAt"] == (
        "2026-11-23T06:00:04.500Z"
    )


def test_control_characters_never_get_in() -> None:
    """Terminal sequences go, other control characters and turned writing are made visible."""
    good = records.passed()
    probe = replace(good.probes[0], observed="\x1b[31mred\x1b[0m \x00 \u202eok\rX\nY")
    document = to_document(replace(good, probes=(probe,)))
    assert document["probes"][0]["observed"] == r"red \u0000 \u202eok\u000dX" + "\nY"


def test_long_text_is_cut_and_says_so() -> None:
    good = records.passed()
    probe = replace(good.probes[0], observed="x" * 5000)
    observed = to_document(replace(good, probes=(probe,)))["probes"][0]["observed"]
    assert observed.endswith("… (1000 more characters)")


def test_traceback_keeps_its_end() -> None:
    """The cause stands in a traceback's last lines."""
    record = replace(records.passed(), traceback="x" * 30_000 + "\nValueError: why")
    assert to_document(record)["traceback"].endswith("ValueError: why")
