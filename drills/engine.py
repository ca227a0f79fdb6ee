"""The Engine contract: what a backup system must be able to do for a drill.

One implementation per file (or package) in `drills/engines/`, found through `ENGINES` or the
entry point group `restore_drill.engines`. The contract is split by role, so that it fits systems
as different as Velero (restores objects into namespaces), an etcd snapshot (a file that becomes a
throw-away server) and KubeStash (verifies by its own sessions):

    survey   is the engine well, what versions, which risks; creates nothing
    list     every backup it knows, the unusable ones with their reason; creates nothing
    inspect  read one backup wholly and say what it holds and what is wrong with it
    preview  the objects a restore would create, word for word; creates nothing
    audit    how the engine's own settings endanger its backups; creates nothing
    restore  bring it into the sandbox and return everything it said, before anything is deleted
    remove   delete what the engine itself made for a drill (not the sandbox)
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from drills.backups import BackedUpVolume, Backup, Inventory, ObjectKey
from drills.findings import Cause, Finding
from drills.names import NameMap
from drills.objects import KubeObject
from drills.ports import (
    Clock,
    Cluster,
    Deadline,
    Downloads,
    Journal,
    Listener,
    Marked,
    ObjectStore,
    Shell,
)


class SandboxShape(StrEnum):
    """Where an engine restores to."""

    NAMESPACES = "namespaces"
    """Into namespaces that the drill makes and isolates first."""
    OWN = "own"
    """Into something the engine makes itself (a data directory, a throw-away server)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """How the engine is before anything is created. `versions` goes into the report."""

    versions: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    restores: bool = True
    """False where a restore would not even begin; a finding says why."""
    writable: Mapping[str, str] = field(default_factory=dict)
    """The stores of backups that it may delete from: location to its own words."""
    schedules: tuple[str, ...] | None = None
    """Names of the schedules that it has; None where they could not be listed."""
    locations: tuple[str, ...] | None = None
    """Names of the places that it keeps backups in."""
    clocks: Mapping[str, timedelta] = field(default_factory=dict)
    """How far the clocks of its servers are ahead of ours, by whose they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAudit:
    """How the engine is set up to back up."""

    schedules: Mapping[str, str] = field(default_factory=dict)
    """Schedules in force: name to cron line (five fields, `@daily`, `@every 6h`, `CRON_TZ=...`)."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What reading a backup wholly showed."""

    inventory: Inventory | None
    """None where the backup could not be read."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutRule:
    """Kinds that the restore leaves out on purpose, and why."""

    resource: str
    """`plural.group`; `*.group` for all of a group."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreOrder:
    """What the engine shall restore: fixed before anything is touched, printable by `plan`."""

    drill_id: str
    backup: Backup
    inventory: Inventory
    namespaces: Mapping[str, str]
    """Source to sandbox."""
    left_out: tuple[LeftOutRule, ...]
    labels: Mapping[str, str]
    """Our marks, for every object the engine makes on our behalf."""
    deadline_seconds: float = 1800.0
    """For the whole drill: what `describe` shows as time-outs; less of it is left at the end."""
    runs_hooks: bool = True
    """Whether restore hooks that the backup holds run on the copy."""
    most_replicas: int | None = None
    """The cap on each workload's replicas, None where the scenario sets none."""
    gives_way: bool = True
    """Whether somebody else's restores on the same engine go first."""
    names: NameMap | None = None
    """Names of Services that the copy shall have led into the sandbox; None to leave all."""
    storage_classes: Mapping[str, str] = field(default_factory=dict)
    """StorageClass in the backup to the one that a claim gets in this drill."""
    owned_out: Mapping[ObjectKey, str] = field(default_factory=dict)
    """Objects that stay out because what owns them does, with the reason; see `drills.owned`."""


class ItemOutcome(StrEnum):
    """What the engine says it did with one object."""

    CREATED = "created"
    UPDATED = "updated"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineItem:
    """One line of the engine's own list; names are those in the sandbox."""

    api_version: str
    kind: str
    namespace: str
    name: str
    outcome: ItemOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredVolume:
    """What the engine says of one claim's data in the sandbox."""

    claim: str
    namespace: str
    """The source namespace."""
    method: str
    bytes: int | None
    outcome: str
    """`restored`, `empty`, `failed`, `fewer` (bytes were counted than saved, which proves nothing),
    `unknown`, or `interrupted` by something outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """Everything the engine said of a restore that ended. Instants are the engine's own, UTC."""

    name: str
    phase: str
    requested_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    items: tuple[EngineItem, ...] | None = None
    """None where the engine's list could not be had."""
    volumes: tuple[RestoredVolume, ...] = ()
    findings: tuple[Finding, ...] = ()
    queue_seconds: float | None = None
    """In the engine's queue, after the request."""
    volume_seconds: float | None = None
    waited_seconds: float | None = None
    """Until the request, for somebody else's restores; None where nobody was waited for."""
    submitted: Mapping[str, object] = field(default_factory=dict)
    """What the engine was given, as it was sent."""
    broken_off: Cause | None = None
    """Whose trouble kept the engine from going through the backup; what is not back says nothing
    of the backup then. None where it went to the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePorts:
    """What an engine may use of the outside."""

    cluster: Cluster
    clock: Clock
    downloads: Downloads
    shell: Shell
    journal: Journal
    listener: Listener
    stop: Callable[[], bool]
    """True once the drill was asked to stop; long waits look at it and raise Interrupted."""
    store: ObjectStore | None = None
    """The backup store itself, where the user named one."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Our marks, for what the engine makes before there is an order (requests to its server)."""


class Engine(Protocol):
    """One backup system, bound to its ports and to the scenario's `backup` section."""

    name: str
    sandbox_shape: SandboxShape
    home: str
    """The namespace the engine lives in; the sandbox's Lease is kept there."""
    sandbox_labels: Mapping[str, str]
    """Labels that keep the engine's own machinery off a sandbox (out of its backups, say)."""

    def survey(self) -> EngineStatus:
        """Look at versions, plugins, location health, other restores under way."""
        ...

    def list_backups(self) -> Sequence[Backup]:
        """Return every backup the engine knows, whatever its state.

        It is asked beside `survey`, in a thread of its own.
        """
        ...

    def inspect(self, backup: Backup, namespaces: Mapping[str, str]) -> Inspection:
        """Read `backup` to its end. Damage is a critical finding, never an exception."""
        ...

    def describe(self, order: RestoreOrder) -> Mapping[str, object]:
        """Return what `restore` would submit, for `plan`; touches nothing."""
        ...

    def preview(self, order: RestoreOrder) -> Iterator[KubeObject]:
        """Yield the objects that `restore` would create in the sandbox, as it would send them.

        In the engine's own order, one at a time, memory bounded; nothing for an engine whose
        sandbox is its own. Raises BackupUnreadable and what keeps us from reading.
        """
        ...

    def audit(self) -> EngineAudit:
        """Return what in the engine's own settings endangers its backups; no secret is shown.

        Raises Unreachable.
        """
        ...

    def restore(self, order: RestoreOrder, deadline: Deadline) -> Restored:
        """Restore, wait for the end, and return the engine's own account of it.

        Where the order gives way, somebody else's restores go first, also one that comes before
        ours has begun; what that took stands in `Restored.waited_seconds`.
        Raises DeadlinePassed, Interrupted, OutsideRefused, Unreachable. What it creates carries
        `order.labels` and is in the journal before it is created.
        """
        ...

    def quiesce(self, drill_id: str, deadline: Deadline) -> tuple[Marked, ...]:
        """End what the engine still does for `drill_id` in the sandbox; return what goes on.

        Cleanup asks before it deletes the sandbox's namespaces, and leaves them where something
        goes on: an engine may make a namespace anew that vanishes under it, unmarked and open.
        Raises what keeps us from knowing.
        """
        ...

    def remove(self, drill_id: str, deadline: Deadline) -> tuple[str, ...]:
        """Delete what the engine made for `drill_id`; say what is still there, and why."""
        ...

    def orphans(self, drill_id: str, deadline: Deadline) -> tuple[str, ...]:
        """Remove what the drill's restore made outside the sandbox, where that harms no backup.

        Asked once the sandbox is gone. Return what is still there, with the reason.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfillable:
    """Claims whose data is in the backup and cannot come back in the target cluster."""

    means: str
    """How the data was backed up, in common words: `CSI snapshot`."""
    claims: tuple[tuple[str, str], ...]
    """(source namespace, claim)."""
    why: str
    """A sentence without its full stop."""
    remedy: str


@runtime_checkable
class ForeseesVolumes(Protocol):
    """An engine that can tell before a restore which volumes the cluster cannot bring back."""

    def unfillable(self, order: RestoreOrder) -> Iterable[Unfillable]:
        """Return those volumes, by means; touches nothing. Raises Unreachable."""
        ...


class EngineFactory(Protocol):
    """Builds an engine; raises Misconfigured where the settings are impossible."""

    def __call__(
        self, ports: EnginePorts, *, namespace: str | None, options: Mapping[str, object]
    ) -> Engine:
        """Return the engine that lives in `namespace`."""
        ...


__all__ = [
    "BackedUpVolume",
    "Backup",
    "Engine",
    "EngineAudit",
    "EngineFactory",
    "EngineItem",
    "EnginePorts",
    "EngineStatus",
    "ForeseesVolumes",
    "Inspection",
    "Inventory",
    "ItemOutcome",
    "LeftOutRule",
    "ObjectKey",
    "RestoreOrder",
    "Restored",
    "RestoredVolume",
    "SandboxShape",
    "Unfillable",
]
