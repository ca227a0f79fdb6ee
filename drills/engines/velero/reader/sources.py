"""Where the files of one backup are read from: its folder, Velero's downloads, Velero's objects.

In: a part. Out: whether it is there, and what it holds. "Not asked for" is never "absent".
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import BinaryIO, Generic, Protocol, TypeVar

from drills import objects
from drills.engines.velero.files import Files
from drills.engines.velero.reader.layout import Part, Parts, file_name
from drills.engines.velero.requests import Target
from drills.errors import BackupUnreadable, DrillError, Missing
from drills.integrity.contract import Heard
from drills.integrity.reading import Look, Read, read_file, read_opened
from drills.integrity.result import FileFact
from drills.objects import KubeObject
from drills.ports import ObjectStore, StoredObject

T = TypeVar("T")


class Presence(StrEnum):
    """What is known of one file."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_ASKED = "not asked for"
    NOT_READ = "could not be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRead(Generic[T]):
    """One file: `value`, or why there is none."""

    presence: Presence
    value: T | None = None
    fact: FileFact | None = None
    error: DrillError | None = None
    """BackupUnreadable where it is there and damaged."""


class BackupFiles(Protocol):
    """The files of one backup."""

    @property
    def at_once(self) -> int:
        """Return how many may be read at the same time."""
        ...

    @property
    def strange(self) -> tuple[str, ...]:
        """Return the names that no Velero writes into a backup's folder."""
        ...

    def read(self, part: Part, look: Look[T], heard: Heard) -> PartRead[T]:
        """Read one file to its end; only Interrupted is raised."""
        ...


class StoreBelow:
    """A store as it looks from one of its folders."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store, self._prefix = store, prefix

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the files whose key starts with `prefix`."""
        for stored in self._store.list(self._prefix + prefix):
            yield replace(stored, key=stored.key.removeprefix(self._prefix))

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Open one file for reading; raises Missing."""
        return self._store.open(self._prefix + key)


class StoredFiles:
    """A backup's folder in a store."""

    def __init__(self, store: ObjectStore, parts: Parts, *, at_once: int = 1) -> None:
        self._store, self._parts = store, parts
        self.at_once, self.strange = at_once, parts.strange

    def read(self, part: Part, look: Look[T], heard: Heard) -> PartRead[T]:
        """Read a file of the folder."""
        if part not in self._parts.known:
            return PartRead(presence=Presence.ABSENT)
        stored, packed = self._parts.known[part], part is not Part.METADATA
        return _part_read(read_file(self._store, stored, look, heard, packed=packed))


TARGETS: Mapping[Part, Target] = {
    Part.ARCHIVE: Target.BACKUP_CONTENTS,
    Part.RESOURCE_LIST: Target.BACKUP_RESOURCE_LIST,
    Part.VOLUME_INFO: Target.BACKUP_VOLUME_INFO,
    Part.RESULTS: Target.BACKUP_RESULTS,
    Part.VOLUME_SNAPSHOTS: Target.BACKUP_VOLUME_SNAPSHOTS,
    Part.ITEM_OPERATIONS: Target.BACKUP_ITEM_OPERATIONS,
}
"""What a DownloadRequest can name; metadata and PodVolumeBackups are objects in the cluster."""


def telling(backup: KubeObject) -> tuple[Part, ...]:
    """Return the files that can tell something, by what the Backup counts itself.

    Each download costs the server a plug-in's start, a tenth of a second, one after the other
    (Velero 1.18 `download_request_controller.go`). Without errors and warnings the results are
    empty, without native snapshots their list is, without operations theirs; Velero writes all
    three all the same, and no restore reads an empty one. So damage to such a file, to the log and
    to the CSI lists is found with a store at hand only: what no restore reads no drill misses.
    """

    def counted(*fields: str) -> bool:
        return any(objects.number(backup, "status", field) for field in fields)

    return (
        Part.RESOURCE_LIST,
        Part.VOLUME_INFO,
        *((Part.RESULTS,) if counted("errors", "warnings") else ()),
        *((Part.VOLUME_SNAPSHOTS,) if counted("volumeSnapshotsAttempted") else ()),
        *((Part.ITEM_OPERATIONS,) if counted("backupItemOperationsAttempted") else ()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadedFiles:
    """Files that Velero hands out, beside what its objects in the cluster say."""

    backup: str
    files: Files
    asked: frozenset[Part]
    held: Mapping[Part, object] = field(default_factory=dict)
    """What the cluster's own objects say in place of a file."""
    at_once: int = 8
    strange: tuple[str, ...] = ()

    def read(self, part: Part, look: Look[T], heard: Heard) -> PartRead[T]:
        """Read a download, or what the cluster holds."""
        if part in self.held:
            return _looked(lambda: look(iter((json.dumps(self.held[part]).encode(),))))
        if part not in self.asked:
            return PartRead(presence=Presence.NOT_ASKED)
        target, key = TARGETS[part], file_name(self.backup, part)
        large = part is Part.ARCHIVE
        read = read_opened(
            lambda: self.files.open(target), key, look, heard, packed=True, large=large
        )
        if isinstance(read.error, Missing):
            return PartRead(presence=Presence.ABSENT)
        return _part_read(read)


def _looked(look: Callable[[], T]) -> PartRead[T]:
    try:
        return PartRead(presence=Presence.PRESENT, value=look())
    except BackupUnreadable as error:
        return PartRead(presence=Presence.PRESENT, error=error)


def _part_read(read: Read[T]) -> PartRead[T]:
    damaged = read.error is None or isinstance(read.error, BackupUnreadable)
    presence = Presence.PRESENT if damaged else Presence.NOT_READ
    return PartRead(presence=presence, value=read.value, fact=read.fact, error=read.error)
