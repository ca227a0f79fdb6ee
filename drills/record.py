"""The DrillRecord: everything one drill saw, said and left, as one immutable value.

In: what the stages found. Out: the only thing `reports/` ever reads. Durations are seconds,
instants UTC; None means unknown, never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from drills.backups import Backup, ObjectKey
from drills.findings import Cause, Finding
from drills.proving.facts import Proof
from scenarios.model import ProofLevel


class Verdict(StrEnum):
    """The answer of a drill."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


class Outcome(StrEnum):
    """How a stage or probe ended."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"


class CleanupOutcome(StrEnum):
    """What is left when a drill ends."""

    CLEAN = "clean"
    LEFTOVERS = "leftovers"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A candidate that was not drilled."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """One timed step. `queue_seconds` is the engine's queue time, restore only."""

    name: str
    started_at: datetime
    seconds: float
    outcome: Outcome
    message: str = ""
    queue_seconds: float | None = None
    volume_seconds: float | None = None
    waited_seconds: float | None = None
    """For somebody else's restores, before ours was requested: no part of the RTO."""
    offset_seconds: float = 0.0
    """From the drill's start, for the waterfall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRecord:
    """What the engine said of its restore."""

    name: str
    phase: str
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    submitted: Mapping[str, object] = field(default_factory=dict)
    started_at: datetime | None = None
    """By the engine's own clock, as is `completed_at`; whole seconds with Velero."""
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletenessRow:
    """One kind in one source namespace: how many, and which were not restored, with why."""

    resource: str
    namespace: str
    in_backup: int
    restored: int
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Object name to the rule that left it out."""
    explained: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """What came back against the backup's own inventory."""

    rows: tuple[CompletenessRow, ...]

    @property
    def restored(self) -> int:
        """Return how many objects came back."""
        return sum(row.restored for row in self.rows)

    @property
    def left_out(self) -> int:
        """Return how many were left out on purpose."""
        return sum(len(row.left_out) for row in self.rows)

    @property
    def explained(self) -> int:
        """Return how many are rightly absent."""
        return sum(len(row.explained) for row in self.rows)

    @property
    def missing(self) -> tuple[str, ...]:
        """Return `resource namespace/name` of each that is missing without explanation."""
        return tuple(
            f"{row.resource} {row.namespace}/{name}" if row.namespace else f"{row.resource} {name}"
            for row in self.rows
            for name in row.missing
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeRecord:
    """One claim: its data in the backup, and what came back."""

    claim: str
    namespace: str
    method: str
    bytes: int | None
    outcome: str
    """`restored`, `empty`, `failed`, `interrupted`, `fewer` (bytes counted than saved),
    `left-out` (on purpose), `not-in-backup`, `not-restored`, `unknown`."""
    saved: int | None = None
    """Bytes that the backup counted, None where it does not say; for the words of a finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """One name that the restore leads elsewhere than the backup has it."""

    source: ObjectKey
    place: str
    """Where in the object: the data's key, or the variable or field of which container."""
    old: str = field(repr=False)
    """Empty for a Secret's, as is `new`."""
    new: str = field(repr=False)
    count: int
    outcome: str = "planned"
    """`planned`, `rewritten`, `unchanged`, `absent` (the object is not there) or `unknown`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRecord:
    """One probe's answer. `passed_at`: seconds after the restore request, None if it never did."""

    name: str
    kind: str
    required: bool
    proves: ProofLevel
    outcome: Outcome
    attempts: int
    seconds: float
    expected: str
    observed: str
    message: str
    cause: Cause | None = None
    """For an inconclusive probe: whose trouble kept it from being asked."""
    simulated: bool = False
    passed_at: float | None = None
    newest: datetime | None = None
    """Newest timestamp found in the restored data, where the probe looked for one."""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A target with what was achieved; `met` None where unknown or where there is no target."""

    target_seconds: float | None
    achieved_seconds: float | None
    met: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Objectives:
    """RTO and RPO, with the data's own age and the worst gap between usable recovery points."""

    rto: Objective
    rpo: Objective
    data_seconds: float | None = None
    worst_case_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why the verdict is what it is."""

    code: str
    cause: Cause
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxRecord:
    """The namespaces the drill made and how they were closed."""

    namespaces: Mapping[str, str]
    """Source to sandbox."""
    isolation: Mapping[str, str] = field(default_factory=dict)
    """Measure to state: `networkPolicy: created, enforcement not proven`."""
    proof: Proof | None = None
    """What the prober saw; None where the drill did not come to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanupRecord:
    """What is left."""

    outcome: CleanupOutcome
    leftovers: tuple[str, ...] = ()
    removed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One action, in the shape auditors asked for."""

    timestamp: datetime
    action: str
    user: str
    resource: str
    status: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRef:
    """Which scenario was drilled."""

    name: str
    owner: str
    sha256: str
    description: str = ""
    controls: tuple[str, ...] = ()
    prove: ProofLevel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillRecord:
    """One drill, whole."""

    drill_id: str
    scenario: ScenarioRef
    started_at: datetime
    ended_at: datetime
    environment: str
    """`embedded` or `cluster`."""
    versions: Mapping[str, str]
    verdict: Verdict
    reasons: tuple[Reason, ...]
    proof_level: ProofLevel
    backup: Backup | None
    passed_over: tuple[PassedOver, ...]
    objectives: Objectives
    stages: tuple[StageRecord, ...]
    restore: RestoreRecord | None
    completeness: Completeness | None
    volumes: tuple[VolumeRecord, ...]
    probes: tuple[ProbeRecord, ...]
    findings: tuple[Finding, ...]
    sandbox: SandboxRecord
    cleanup: CleanupRecord
    audit: tuple[AuditEntry, ...] = ()
    seed: int | None = None
    """Seed of a random pick."""
    rewritings: tuple[Rewriting, ...] = ()
    """Names that the drill led into its sandbox."""
    traceback: str = ""
    """Of an unexpected error of our own, which makes the verdict inconclusive."""
