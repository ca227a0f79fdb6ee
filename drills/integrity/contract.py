"""What an engine offers to those who check its backups in an object store.

In: a store. Out: its backups one by one, each checked on its own, so that several can be checked
at once and in several processes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from drills.integrity.result import BackupCheck
from drills.ports import Clock, ObjectStore, StoredObject

Heard = Callable[[int], None]
"""Is told how many stored bytes were read; raises Interrupted to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which backups to check; nothing named means all."""

    names: frozenset[str] = frozenset()
    schedule: str | None = None
    namespace: str | None = None
    """Only backups that cover this namespace of the application."""

    @property
    def everything(self) -> bool:
        """Return whether the whole bucket is meant."""
        return not self.names and self.schedule is None and self.namespace is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One backup's files as the store lists them."""

    name: str
    files: tuple[StoredObject, ...]
    named: bool = False
    """Whether somebody asked for this one by its name."""

    @property
    def bytes(self) -> int:
        """Return what the store holds of it."""
        return sum(file.bytes for file in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """What a repository says of its volume snapshots when it is opened."""

    handles: frozenset[str] = frozenset()
    """All that it names."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """Those asked for that cannot come back, each with the tool's words."""
    read_percent: int = 0
    """Share of the files that were read; without reading, only that every block has its pack."""
    others_damaged: bool = False
    """Whether blocks are lost that none of those asked for needs."""
    trouble: str = ""
    """Why it could not be opened, in one sentence; empty where it was."""
    damage: str = ""
    """Why nobody can open it, in the tool's words; empty where it was opened."""


class SnapshotReader(Protocol):
    """Opens a repository of volume data with the tool that wrote it."""

    def snapshots(self, uploader: str, namespace: str, wanted: frozenset[str]) -> Snapshots | None:
        """Return what the repository of `namespace` holds and whether `wanted` are whole.

        None where the tool is not at hand or nobody named the password.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPorts:
    """What a check may use of the outside; nothing here can write."""

    store: ObjectStore
    clock: Clock
    snapshots: SnapshotReader | None = None
    options: Mapping[str, object] = field(default_factory=dict)


class Bucket(Protocol):
    """One engine's backups in one store."""

    def backups(self, wish: Wish) -> Iterator[Listed]:
        """Yield the backups that are wished for, by name; raises what keeps us from listing."""
        ...

    def check(self, listed: Listed, heard: Heard) -> BackupCheck:
        """Read one backup wholly; only Interrupted is raised."""
        ...


BucketFactory = Callable[[BucketPorts], Bucket]
