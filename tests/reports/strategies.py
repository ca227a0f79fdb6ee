"""Drill records of every possible shape, hostile text included."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from drills.backups import Backup
from drills.findings import Cause, Finding, Severity
from drills.proving.facts import Aim, Proof, ProofState, Target, Tried
from drills.record import (
    AuditEntry,
    CleanupOutcome,
    CleanupRecord,
    Completeness,
    CompletenessRow,
    DrillRecord,
    Objective,
    Objectives,
    Outcome,
    PassedOver,
    ProbeRecord,
    Reason,
    RestoreRecord,
    SandboxRecord,
    ScenarioRef,
    StageRecord,
    Verdict,
    VolumeRecord,
)
from scenarios.model import ProofLevel

TEXT = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", "<b>&'\"]]>", "\x1b[31mred", "\x00\x08", "\u202egnp", "a\r\nb", "\ud800"]),
)
MOMENT = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis adds the time zone
    max_value=datetime(2999, 1, 1),  # noqa: DTZ001 - likewise
    timezones=st.just(UTC),
)
SECONDS = st.floats(allow_nan=True, allow_infinity=True)
COUNT = st.integers(min_value=0, max_value=10**9)
NAMES = st.dictionaries(TEXT, TEXT, max_size=2)
WORDS = st.lists(TEXT, max_size=2).map(tuple)


def _maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


def _several(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(strategy, max_size=2).map(tuple)


ANSWER = st.none() | st.booleans()
TRIED = st.builds(
    Tried,
    namespace=TEXT,
    target=st.builds(
        Target,
        aim=st.sampled_from(Aim),
        words=TEXT,
        host=TEXT,
        port=st.integers(min_value=0, max_value=65535),
    ),
    before=ANSWER,
    after=ANSWER,
    again=ANSWER,
    workload=TEXT,
)
PROOF = st.builds(
    Proof,
    state=st.sampled_from(ProofState),
    why=TEXT,
    cause=st.sampled_from(Cause),
    hint=TEXT,
    image=TEXT,
    simulated=st.booleans(),
    tried=_several(TRIED),
)
BACKUP = st.builds(
    Backup,
    name=TEXT,
    engine=TEXT,
    phase=TEXT,
    recovery_point=_maybe(MOMENT),
    schedule=_maybe(TEXT),
    location=_maybe(TEXT),
    started_at=_maybe(MOMENT),
    completed_at=_maybe(MOMENT),
    expires_at=_maybe(MOMENT),
    labels=NAMES,
    included_namespaces=WORDS,
    excluded_namespaces=WORDS,
)
OBJECTIVE = st.builds(
    Objective,
    target_seconds=_maybe(SECONDS),
    achieved_seconds=_maybe(SECONDS),
    met=_maybe(st.booleans()),
)
STAGE = st.builds(
    StageRecord,
    name=TEXT | st.sampled_from(["restore", "clean up", "cleanup"]),
    started_at=MOMENT,
    seconds=SECONDS,
    outcome=st.sampled_from(Outcome),
    message=TEXT,
    queue_seconds=_maybe(SECONDS),
    volume_seconds=_maybe(SECONDS),
    offset_seconds=SECONDS,
)
ROW = st.builds(
    CompletenessRow,
    resource=TEXT,
    namespace=TEXT,
    in_backup=COUNT,
    restored=COUNT,
    left_out=NAMES,
    explained=NAMES,
    missing=WORDS,
)
PROBE = st.builds(
    ProbeRecord,
    name=TEXT,
    kind=TEXT,
    required=st.booleans(),
    proves=st.sampled_from(ProofLevel),
    outcome=st.sampled_from(Outcome),
    attempts=COUNT,
    seconds=SECONDS,
    expected=TEXT,
    observed=TEXT,
    message=TEXT,
    cause=_maybe(st.sampled_from(Cause)),
    simulated=st.booleans(),
    passed_at=_maybe(SECONDS),
    newest=_maybe(MOMENT),
    needs=WORDS,
)
FINDING = st.builds(
    Finding,
    code=TEXT,
    severity=st.sampled_from(Severity),
    cause=st.sampled_from(Cause),
    subject=TEXT,
    message=TEXT,
    remedy=TEXT,
    unanswered=st.booleans(),
)
AUDIT = st.builds(
    AuditEntry,
    timestamp=MOMENT,
    action=TEXT,
    user=TEXT,
    resource=TEXT,
    status=TEXT,
    details=NAMES,
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | SECONDS | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)

RECORDS: st.SearchStrategy[DrillRecord] = st.builds(
    DrillRecord,
    drill_id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}", fullmatch=True),
    scenario=st.builds(
        ScenarioRef,
        name=TEXT,
        owner=TEXT,
        sha256=st.just("0" * 64),
        description=TEXT,
        controls=WORDS,
        prove=_maybe(st.sampled_from(ProofLevel)),
    ),
    started_at=MOMENT,
    ended_at=MOMENT,
    environment=st.sampled_from(["embedded", "cluster"]),
    versions=NAMES,
    verdict=st.sampled_from(Verdict),
    reasons=_several(
        st.builds(Reason, code=TEXT, cause=st.sampled_from(Cause), message=TEXT),
    ),
    proof_level=st.sampled_from(ProofLevel),
    backup=_maybe(BACKUP),
    passed_over=_several(st.builds(PassedOver, name=TEXT, reason=TEXT)),
    objectives=st.builds(
        Objectives,
        rto=OBJECTIVE,
        rpo=OBJECTIVE,
        data_seconds=_maybe(SECONDS),
        worst_case_seconds=_maybe(SECONDS),
    ),
    stages=_several(STAGE),
    restore=_maybe(
        st.builds(
            RestoreRecord,
            name=TEXT,
            phase=TEXT,
            warnings=WORDS,
            errors=WORDS,
            submitted=st.dictionaries(TEXT, ANYTHING, max_size=2),
        )
    ),
    completeness=_maybe(st.builds(Completeness, rows=_several(ROW))),
    volumes=_several(
        st.builds(
            VolumeRecord,
            claim=TEXT,
            namespace=TEXT,
            method=TEXT,
            bytes=_maybe(COUNT),
            outcome=TEXT,
        )
    ),
    probes=_several(PROBE),
    findings=_several(FINDING),
    sandbox=st.builds(SandboxRecord, namespaces=NAMES, isolation=NAMES, proof=_maybe(PROOF)),
    cleanup=st.builds(
        CleanupRecord, outcome=st.sampled_from(CleanupOutcome), leftovers=WORDS, removed=COUNT
    ),
    audit=_several(AUDIT),
    seed=_maybe(st.integers(min_value=0, max_value=2**63)),
    traceback=TEXT,
)
