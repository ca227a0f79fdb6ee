"""What an engine knows of its backups: the Backup, its Inventory, and the volumes in it."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from drills.coverage.scope import BackupScope
from drills.name_places import Place
from drills.names import Mention


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One backup in the engine. Instants are UTC.

    `unusable` is the engine's own reason why it must not be picked (FailedValidation, deleting,
    expired, still running, location unavailable); None where nothing speaks against it.
    """

    name: str
    engine: str
    phase: str
    recovery_point: datetime | None
    """The instant the data is from: the start, never the completion. None where never started."""
    schedule: str | None = None
    location: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    included_namespaces: tuple[str, ...] = ()
    """Empty means all. Names, or patterns that `means` understands."""
    excluded_namespaces: tuple[str, ...] = ()
    means: Callable[[str, str], bool] = operator.eq
    """The engine's rule: whether a word of these two lists means a namespace."""
    partially_failed: bool = False
    in_progress: bool = False
    """True while the backup is still being taken: unusable, but nothing is wrong with it."""
    unusable: str | None = None
    unusable_is_environment: bool = False
    """True where the reason lies outside the backup (location unavailable)."""
    made_here: bool = False
    """Whether it was surely made in this very cluster, and not read in from a store."""

    def covers(self, namespace: str) -> bool:
        """Return whether its order takes `namespace`; what it really holds only reading tells."""
        if any(self.means(word, namespace) for word in self.excluded_namespaces):
            return False
        included = self.included_namespaces
        return not included or any(self.means(word, namespace) for word in included)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ObjectKey:
    """Names one object as the backup holds it; `namespace` is empty for cluster-scoped ones."""

    resource: str
    """`plural.group`, core without a dot: `deployments.apps`, `pods`."""
    namespace: str
    name: str

    def __str__(self) -> str:
        """Return `deployments.apps production/shop`."""
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.resource} {where}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerReference:
    """One owner that an object names; it lies in the same namespace or belongs to the cluster."""

    group: str
    """Of the API; '' for the core."""
    kind: str
    name: str
    controls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUpObject:
    """One object of the inventory with the few facts that decide how its absence is judged."""

    key: ObjectKey
    api_version: str
    kind: str
    owner: str | None = None
    """`Kind/name` of the controlling owner, None for a root object."""
    explanation: str | None = None
    """Why a restore rightly leaves it out (completed Job, mirror pod, token secret)."""
    body: Mapping[str, object] | None = None
    """Kept only for kinds that are rewritten or looked at (Service, CronJob, workloads, PVC)."""
    owners: tuple[OwnerReference, ...] = ()
    """All that it names; `owner` is the one that controls it."""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """One setting that names a host other than a short Service name; never a secret's value."""

    source: ObjectKey
    key: str
    """The ConfigMap's or Secret's key, or the variable's name."""
    host: str
    """Empty where the setting is a Secret's."""
    namespace: str
    """The namespace, if the host is a Service's name; '' where it cannot be one."""
    service: bool = False
    """Whether the name says that it is a Service's (`db.production.svc`)."""
    name: str = field(default="", repr=False)
    """The Service's own name beside `namespace`; for comparing, never shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressUse:
    """One setting that names a plain IP address."""

    source: ObjectKey
    key: str
    address: str = field(repr=False)
    """Never shown where the source is a Secret."""
    sure: bool
    """Whether it is an address beyond doubt: in a URL, with a port, or by its key's own word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundName:
    """A name in one object's settings that may be a Service's, and how often it stands there."""

    source: ObjectKey
    place: Place
    mention: Mention = field(repr=False)
    """Never shown where the source is a Secret."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterBinding:
    """A ClusterRoleBinding of the backup, which no drill restores."""

    name: str
    role: str
    accounts: tuple[tuple[str, str], ...]
    """(namespace, name) of ServiceAccounts; no name stands for all of a namespace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operated:
    """A custom resource with the marks of an operator that works on it."""

    key: ObjectKey
    finalizers: tuple[str, ...] = ()
    """Those that are not Kubernetes' own."""
    status: bool = False
    """Whether somebody keeps a status in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """An object by which a controller makes others in its namespace."""

    key: ObjectKey
    makes: tuple[str, ...]
    """Names of Secrets, or of ConfigMaps, as its spec says."""


class Absence(StrEnum):
    """Why a restore would not bring a claim's data back."""

    LOST = "lost"
    """It was to be saved, or nobody said that it was not, and it was not saved."""
    CHOSEN = "chosen"
    """Somebody said that it is not to be saved."""
    NOTHING = "nothing to save"
    """The claim had no volume in the source either."""
    UNREACHABLE = "unreachable"
    """It was saved, and a restore would not find it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUpVolume:
    """One claim in the backup and whether its data is there."""

    claim: str
    namespace: str
    volume: str
    method: str
    """`PodVolumeBackup`, `CSISnapshot`, `NativeSnapshot`, `DataMover`, or `none`."""
    bytes: int | None
    has_data: bool
    reason: str = ""
    """Why there is no data, in the engine's words."""
    reclaim_policy: str = ""
    data_instant: datetime | None = None
    restored_as_is: bool = False
    """True where the restore would attach the original storage (no data, policy Retain)."""
    absence: Absence | None = None
    """What kind of absence it is, None where the data is there."""
    remedy: str = ""
    """What to do about the absence; '' where nothing better is known than to save the data."""
    never_binds: bool = False
    """True where the restored claim would ask for a volume that the backup does not hold."""
    doubt: str = ""
    """What speaks against data that is there otherwise."""
    was_empty: bool = False
    """True where the volume held nothing when it was read: nothing was saved, nothing comes."""
    uploader: str = ""
    """What moved the data, in the engine's word; '' where it does not say."""
    all_read: bool = False
    """True where the backup is known to have read all that `bytes` counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What the backup itself says it holds."""

    objects: tuple[BackedUpObject, ...]
    volumes: tuple[BackedUpVolume, ...]
    namespaces: frozenset[str]
    recovery_point: datetime | None
    """The backup's start, or the earliest data instant of its volumes."""
    bytes: int = 0
    """Size of the stored object archive."""
    reaches: tuple[Reach, ...] = ()
    """What the configuration names outside its own namespace."""
    named: tuple[FoundName, ...] = ()
    """Names in the restored namespaces that may be those of Services in them."""
    address_uses: tuple[AddressUse, ...] = ()
    """Settings that name a plain IP address."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Addresses of Services and pods when the backup was made, with whose they were."""
    bindings: tuple[ClusterBinding, ...] = ()
    """ClusterRoleBindings that name ServiceAccounts."""
    operated: tuple[Operated, ...] = ()
    """Custom resources of the restored namespaces that an operator works on."""
    makers: tuple[Maker, ...] = ()
    """Objects of the restored namespaces by which controllers make Secrets."""
    cluster_version: str = ""
    """Kubernetes version the backup was taken from, `v1.34.4`."""
    scope: BackupScope | None = None
    """What the backup's own order leaves out; None where the engine does not tell."""
    versions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """apiVersions in which the backup holds a resource (`plural.group`); empty where untold."""
    filled_pods: frozenset[tuple[str, str]] = frozenset()
    """(namespace, name) of the pods whose volumes the engine fills while it restores them."""
