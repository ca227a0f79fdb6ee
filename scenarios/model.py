"""The Scenario: what a drill shall prove, as one immutable value.

In: nothing; `scenarios.build` fills these from a validated document. Out: frozen dataclasses that
every later room reads. Durations are `timedelta`, names are plain strings already checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class ProofLevel(StrEnum):
    """What a drill proved, from nothing to the data itself; ordered by `rank`."""

    NONE = "none"
    OBJECTS = "objects"
    SERVICE = "service"
    DATA = "data"

    @property
    def rank(self) -> int:
        """Return 0 for none, up to 3 for data."""
        return list(ProofLevel).index(self)


class PickMode(StrEnum):
    """Which of the usable backups is drilled."""

    LATEST = "latest"
    OLDEST = "oldest"
    RANDOM = "random"


class CleanupPolicy(StrEnum):
    """When the sandbox is removed."""

    ALWAYS = "always"
    ON_SUCCESS = "onSuccess"
    NEVER = "never"


class NetworkIsolation(StrEnum):
    """Whether the sandbox gets a default-deny network policy."""

    DENY = "deny"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRef:
    """Where a cluster is: a kubeconfig context, the pod's own cluster, or the embedded one."""

    context: str | None = None
    kubeconfig: str | None = None
    in_cluster: bool = False
    embedded: bool = False
    stand_ins: tuple[str, ...] = ()
    """Names of the embedded cluster's stand-ins that may answer for containers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSpec:
    """When `serve` runs the scenario: five-field cron in an IANA time zone."""

    cron: str
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """Latest, oldest, or random among those whose recovery point lies within `window`."""

    mode: PickMode = PickMode.LATEST
    window: timedelta | None = None
    seed: int | None = None
    """Fixed seed for a repeatable random pick; without one the drill draws and records one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceComparison:
    """How the backup is compared with what lives in the source."""

    required: bool = False
    """True where a source that cannot be read leaves the drill inconclusive (`true`); False where
    it is compared as far as it can be read (`auto`)."""
    excepted: tuple[str, ...] = ()
    """As `plural.group`, or `*.group`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupQuery:
    """Which backup is wanted, in which engine, and how old it may be."""

    engine: str
    namespace: str | None = None
    """The namespace the engine lives in (Velero: usually `velero`)."""
    schedule: str | None = None
    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    namespaces: tuple[str, ...] = ()
    """Namespaces the backup must contain, besides those that `restore.namespaces` maps."""
    location: str | None = None
    pick: Pick = field(default_factory=Pick)
    max_age: timedelta | None = None
    """Hard limit on drill start minus recovery point."""
    accept_partially_failed: bool = False
    comparison: SourceComparison | None = SourceComparison()
    """How what lives in the source must be in the backup (`compareWithSource`); None: not asked."""
    options: Mapping[str, object] = field(default_factory=dict, repr=False)
    """Engine-specific settings, passed through untouched (an etcd snapshot's file, say)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreSpec:
    """Into which sandbox, for how long, and what is left out or let through beyond the defaults."""

    namespaces: Mapping[str, str]
    """Source namespace to sandbox namespace."""
    deadline: timedelta = timedelta(minutes=30)
    cleanup_deadline: timedelta = timedelta(minutes=10)
    stable_for: timedelta = timedelta(milliseconds=300)
    """How long workloads must stay ready after they first were; watched while probes run."""
    exclude: tuple[str, ...] = ()
    """More kinds to leave out, as `plural.group` (`jobs.batch`)."""
    allow: tuple[str, ...] = ()
    """Kinds left out by default that this scenario wants restored all the same."""
    gives_way: bool = True
    """Whether somebody else's restores on the same engine go first (`restore.yield`)."""
    namespace_labels: tuple[str, ...] = ()
    """Labels that a sandbox namespace takes over from its source, beyond Pod Security."""
    storage_classes: Mapping[str, str] = field(default_factory=dict)
    """StorageClass in the backup to the one that claims get in this drill."""
    runs_hooks: bool = True
    """Whether restore hooks that the backed-up pods carry run on the copy (`restore.hooks`)."""
    most_replicas: int | None = None
    """The cap on each workload's replicas (`restore.replicas.max`); None: as backed up."""
    ready: Mapping[str, int] = field(default_factory=dict)
    """Workload (`statefulset/db`, `production/statefulset/db`) to how many ready are enough."""
    rewrite_names: bool = False
    """Whether names of restored Services are led into the sandbox (`db.shop` to `db.drill`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProberSpec:
    """Which image tries to get out of the sandbox, and where to."""

    image: str = ""
    """Empty: the runner's own choice (`--prober-image`), and without one nothing is tried."""
    pull_policy: str = "IfNotPresent"
    internet: str = "1.1.1.1:443"
    """`host:port` outside the cluster; empty where the internet is not tried."""
    also_blocked: tuple[str, ...] = ()
    """More `host:port` that must not be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsSpec:
    """The most that all containers of a sandbox namespace may ask for; None: no limit."""

    cpu: str | None = None
    """A Kubernetes quantity: `4`, `500m`."""
    memory: str | None = None
    """A Kubernetes quantity: `8Gi`."""
    pods: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationSpec:
    """How closed the sandbox is, and whether that must be proven before data is restored."""

    network: NetworkIsolation = NetworkIsolation.DENY
    require_proof: bool = False
    prober: ProberSpec = field(default_factory=ProberSpec)
    limits: LimitsSpec = field(default_factory=LimitsSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectivesSpec:
    """Targets; None means that the scenario sets no target."""

    rto: timedelta | None = None
    rpo: timedelta | None = None
    lookback: timedelta = timedelta(days=14)
    """Window over which the worst-case RPO is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSpec:
    """What the backups themselves promise; a tier that is None is not asked for."""

    daily: timedelta | None = timedelta(days=30)
    weekly: timedelta | None = timedelta(days=90)
    monthly: timedelta | None = timedelta(days=365)
    yearly: timedelta | None = timedelta(days=2557)
    storage_limit: int | None = None
    """Bytes that the backup store may hold."""
    replica: str | None = None
    """A folder or `s3://` address that holds a copy of the store."""
    replica_lag: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSpec:
    """One question with its expected answer.

    `question` and `expect` hold the document's own words, checked by the schema; the probe module
    of `kind` reads them. Namespaces in them are source names. Both stay out of `repr`: a header
    may hold a token that came from the environment.
    """

    name: str
    kind: str
    question: Mapping[str, object] = field(repr=False)
    expect: Mapping[str, object] = field(default_factory=dict, repr=False)
    required: bool = True
    proves: ProofLevel = ProofLevel.OBJECTS
    needs: tuple[str, ...] = ()
    timeout: timedelta = timedelta(seconds=10)
    """For one attempt."""
    interval: timedelta = timedelta(seconds=1)
    retries: int = 10
    initial_delay: timedelta = timedelta(0)
    pack: str = ""
    """The pack that it came with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidential:
    """What no output may show, by the rule of `scenarios.secrets`."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    shown: tuple[str, ...] = field(default=(), repr=False)
    """Texts by which the scenario names things; what stands in one is no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The whole file. `sha256` is of the file's bytes as read, before ${VAR} is filled in."""

    name: str
    cluster: ClusterRef
    backup: BackupQuery
    restore: RestoreSpec
    sha256: str
    source: str = ""
    """Path as the user gave it."""
    description: str = ""
    owner: str = ""
    schedule: ScheduleSpec | None = None
    target: ClusterRef | None = None
    isolation: IsolationSpec = field(default_factory=IsolationSpec)
    objectives: ObjectivesSpec = field(default_factory=ObjectivesSpec)
    retention: RetentionSpec = field(default_factory=RetentionSpec)
    prove: ProofLevel | None = None
    probes: tuple[ProbeSpec, ...] = ()
    cleanup: CleanupPolicy = CleanupPolicy.ALWAYS
    controls: tuple[str, ...] = ()
    confidential: Confidential = field(default_factory=Confidential, repr=False)
