"""`verify.json` keeps its contract and `verify.html` trusts no text, whatever a bucket holds."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drills.findings import Cause, Finding, Severity
from drills.integrity.result import BackupCheck, FileFact, State
from reports import render_json, render_verify_html, to_verify_document
from reports.loading import parse_object, schema_bytes, schema_problems
from reports.verify_record import CheckedBackup, NotLookedAt, Target, VerifyRecord, checked
from tests.reports.strategies import COUNT, FINDING, MOMENT, SECONDS, TEXT
from tests.reports.test_html import Page

SCHEMA = json.loads(schema_bytes("verify"))
MAYBE_COUNT = st.none() | COUNT

FILE = st.builds(
    FileFact,
    name=TEXT,
    key=TEXT,
    bytes=COUNT,
    sha256=st.sampled_from(["", "0" * 64]),
    etag=TEXT,
    version=TEXT,
)
BACKUP = st.builds(
    CheckedBackup,
    name=TEXT,
    engine=TEXT,
    state=st.sampled_from(State),
    phase=TEXT,
    schedule=st.none() | TEXT,
    started_at=st.none() | MOMENT,
    expires_at=st.none() | MOMENT,
    objects=MAYBE_COUNT,
    volumes=MAYBE_COUNT,
    bytes=MAYBE_COUNT,
    unpacked=MAYBE_COUNT,
    seconds=st.none() | SECONDS,
    files=st.lists(FILE, max_size=2).map(tuple),
    findings=st.lists(FINDING, max_size=2).map(tuple),
)
RECORDS = st.builds(
    VerifyRecord,
    verify_id=st.just("verify-20261121-060000-a1b2c3"),
    target=st.sampled_from(Target),
    place=TEXT,
    state=st.sampled_from(State),
    started_at=MOMENT,
    seconds=SECONDS.filter(lambda number: not number > 1e9),
    version=TEXT,
    backups=st.lists(BACKUP, max_size=3).map(tuple),
    findings=st.lists(FINDING, max_size=2).map(tuple),
    not_looked_at=st.lists(st.builds(NotLookedAt, what=TEXT, how=TEXT), max_size=2).map(tuple),
)

DAMAGE = Finding(
    code="archive-damaged",
    severity=Severity.CRITICAL,
    cause=Cause.BACKUP,
    subject="backup daily-2",
    message="The archive ends in the middle of an entry.",
    remedy="Bring the file back from a copy of the bucket.",
)
OPEN = Finding(
    code="memory-damaged",
    severity=Severity.WARNING,
    cause=Cause.RUNNER,
    subject="memory of s3://backups",
    message="Line 3 of the ledger cannot be read.",
    remedy="Bring the ledger file back.",
    unanswered=True,
)
SOUND = CheckedBackup(
    name="daily-1",
    engine="velero",
    state=State.GOOD,
    phase="Completed",
    schedule="daily",
    started_at=datetime(2026, 11, 20, 2, tzinfo=UTC),
    expires_at=datetime(2026, 12, 20, 2, tzinfo=UTC),
    objects=42,
    volumes=2,
    bytes=6_000_000,
    unpacked=30_000_000,
    seconds=0.5,
    files=(FileFact(name="daily-1.tar.gz", key="k", bytes=6_000_000, sha256="ab" * 32, etag="e"),),
)
DAMAGED = CheckedBackup(
    name="daily-2", engine="velero", state=State.DAMAGED, seconds=0.1, findings=(DAMAGE,)
)
RECORD = VerifyRecord(
    verify_id="verify-20261121-060000-a1b2c3",
    target=Target.BUCKET,
    place="s3://backups/cluster-1",
    state=State.DAMAGED,
    started_at=datetime(2026, 11, 21, 6, tzinfo=UTC),
    seconds=2.0,
    version="0.1.0",
    backups=(SOUND, DAMAGED),
    findings=(OPEN,),
    not_looked_at=(NotLookedAt(what="Retention", how="Add --policy."),),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RECORDS)
def test_any_record_fits_the_schema_and_renders(record: VerifyRecord) -> None:
    """Hostile names, unknown numbers: the schema holds, and the page is well-formed."""
    document = to_verify_document(record)

    assert schema_problems(document, "verify") == ()
    assert parse_object(render_json(document), where="it") == document
    assert Page(render_verify_html(document)).open == []


def test_golden(golden: Callable[[str, bytes], None]) -> None:
    document = to_verify_document(RECORD)
    golden("verify.json", render_json(document))
    golden("verify.html", render_verify_html(document))


def test_findings_have_the_shape_of_a_drills() -> None:
    drills = json.loads(schema_bytes("report"))["properties"]["findings"]["items"]
    ours = SCHEMA["$defs"]["finding"]
    assert ours["required"] == drills["required"]
    assert set(ours["properties"]) == set(drills["properties"])


def test_schema_demands_every_key() -> None:
    document = to_verify_document(RECORD)
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"]) == set(document)
    for key in ("backups", "findings"):
        broken = {**document, key: [{}]}
        assert schema_problems(broken, "verify")


def test_totals_count_the_place_too() -> None:
    totals = to_verify_document(RECORD)["totals"]
    assert totals == {
        "backups": 2,
        "byVerdict": {"good": 1, "damaged": 1, "unknown": 0},
        "findings": {"critical": 1, "warning": 1, "info": 0},
        "unanswered": 1,
        "bytes": 6_000_000,
        "bytesPerSecond": 3_000_000,
    }


def test_what_could_not_be_read_is_null() -> None:
    shown = checked(BackupCheck(name="x", engine="velero"))
    found = to_verify_document(replace(RECORD, backups=(shown,)))["backups"][0]
    unknown = ("objects", "volumes", "unpackedBytes", "bytesPerSecond", "startedAt", "expiresAt")
    assert [found[key] for key in unknown] == [None] * 6


def test_hostile_text_stays_text() -> None:
    hostile = "</style><script>alert(1)</script>\"' onload=x {{ 7*7 }}"
    record = replace(
        RECORD,
        place=hostile,
        backups=(replace(DAMAGED, name=hostile, phase=hostile, schedule=hostile),),
        findings=(replace(OPEN, subject=hostile, message=hostile, remedy=hostile, code=hostile),),
        not_looked_at=(NotLookedAt(what=hostile, how=hostile),),
    )
    found = Page(render_verify_html(to_verify_document(record)))
    assert "script" not in {tag for tag, _ in found.elements}
    assert found.text.count(hostile) >= 10


def test_the_page_needs_nothing_else() -> None:
    """No script, no other file, one heading, a caption, links that lead somewhere."""
    found = Page(render_verify_html(to_verify_document(RECORD)))
    tags = [tag for tag, _ in found.elements]
    assert {"script", "link", "img", "iframe", "form"}.isdisjoint(tags)
    assert [tags.count(name) for name in ("h1", "main", "nav", "caption", "table")] == [1] * 5
    ids = {a["id"] for _, a in found.elements if "id" in a}
    assert {a["href"][1:] for t, a in found.elements if t == "a"} <= ids
    assert all(not name.startswith("on") for _, a in found.elements for name in a)


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (RECORD, "1 of 2 backups damaged, 1 critical finding: a restore would suffer."),
        (
            replace(RECORD, backups=(SOUND,), findings=(DAMAGE,)),
            "1 backup read, none damaged itself, but 1 critical finding about the place.",
        ),
        (
            replace(RECORD, state=State.GOOD, backups=(SOUND,), findings=()),
            "1 backup read, nothing found that speaks against a restore.",
        ),
        (
            replace(RECORD, state=State.UNKNOWN, backups=(SOUND,)),
            "No answer: 1 question stayed open",
        ),
    ],
)
def test_the_verdict_stands_above_all(record: VerifyRecord, sentence: str) -> None:
    text = Page(render_verify_html(to_verify_document(record))).text
    assert text.index(sentence) < text.index("Not restored") < text.index("Findings")


def test_the_weightiest_finding_comes_first() -> None:
    text = Page(render_verify_html(to_verify_document(RECORD))).text
    assert text.index(DAMAGE.message) < text.index(OPEN.message)


def test_what_says_the_same_of_many_is_one_finding() -> None:
    """Two hundred damaged backups are one card with a list, all of them still named."""
    many = tuple(
        replace(DAMAGED, name=f"b-{i:03}", findings=(replace(DAMAGE, subject=f"backup b-{i:03}"),))
        for i in range(200)
    )
    found = Page(render_verify_html(to_verify_document(replace(RECORD, backups=many))))
    assert found.text.count(DAMAGE.remedy) == 1
    assert "200 times" in found.text
    assert "195 more" in found.text
    assert all(f"backup b-{i:03}" in found.text for i in range(200))
    assert found.open == []


def test_notes_are_folded_behind_what_weighs() -> None:
    note = replace(DAMAGE, severity=Severity.INFO, message="Only a note.")
    backups = (replace(SOUND, findings=(note,)), DAMAGED)
    text = Page(render_verify_html(to_verify_document(replace(RECORD, backups=backups)))).text
    assert text.index(DAMAGE.message) < text.index("1 note, nothing")
    assert text.index("1 note, nothing") < text.index("Only a note.")


@pytest.mark.parametrize(
    ("backups", "shown"), [((SOUND, DAMAGED), "daily-1"), ((DAMAGED,), "none")]
)
def test_the_newest_good_backup_stands_on_top(
    backups: tuple[CheckedBackup, ...], shown: str
) -> None:
    older = replace(SOUND, name="daily-0", started_at=datetime(2026, 11, 19, 2, tzinfo=UTC))
    given = (older, *backups) if shown != "none" else backups
    text = Page(render_verify_html(to_verify_document(replace(RECORD, backups=given)))).text
    assert shown in text[text.index("Newest good backup") : text.index("Findings")][:60]
