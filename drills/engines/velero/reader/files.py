"""Reads the files of one backup, each to its end, and keeps what is wrong with each.

In: the backup's parts. Out: parsed documents; file facts, findings and absences are kept here.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from drills.engines.velero.documents import bounded, parsed
from drills.engines.velero.reader.archive_audit import ArchiveAudit
from drills.engines.velero.reader.layout import SUFFERS, Part, Parts, file_name
from drills.engines.velero.reader.listed_index import ListedIndex, Named, named_in
from drills.engines.velero.reader.runlog import backup_named
from drills.engines.velero.reader.tally import plain
from drills.engines.velero.remarks import damage, refused
from drills.errors import BackupUnreadable
from drills.findings import Finding
from drills.integrity.contract import Heard
from drills.integrity.reading import Look, Read, read_file
from drills.integrity.result import FileFact
from drills.objects import KubeObject
from drills.ports import ObjectStore

T = TypeVar("T")
Rows = tuple[KubeObject, ...]

MOST_DOCUMENT = 64 << 20
"""Largest small document, unpacked: a hundred thousand volumes."""
MOST_LOST = 5
BRING_BACK = (
    "Bring the file back from the bucket's versions or a second copy; without one, "
    "take a new backup."
)
_CODES: Mapping[Part, str] = {Part.METADATA: "metadata", Part.ARCHIVE: "archive"}


class FileReader:
    """The files of one backup."""

    def __init__(self, store: ObjectStore, backup: str, parts: Parts, heard: Heard) -> None:
        self._store, self._backup, self._parts, self._heard = store, backup, parts, heard
        self.facts: list[FileFact] = []
        self.findings: list[Finding] = []
        self.missing: list[Part] = []

    def small(self, part: Part, shape: Callable[[object], T]) -> T | None:
        """Return a document in its shape, None where it is absent or wrong."""
        return self._take(part, lambda pieces: shape(parsed(bounded(pieces, MOST_DOCUMENT))))

    def rows(self, part: Part) -> Rows | None:
        """Return a list document."""
        return self.small(part, rows_of)

    def log(self) -> str | None:
        """Read the log; return the backup that it names."""
        return self._take(Part.LOG, backup_named)

    def index(self) -> ListedIndex | None:
        """Read the backup's own list."""
        return self._take(Part.RESOURCE_LIST, lambda pieces: ListedIndex().fill(named_in(pieces)))

    def archive(self, audit: ArchiveAudit) -> bool:
        """Read the archive into `audit`; return whether it is whole."""
        return self._take(Part.ARCHIVE, audit.read) is not None

    def lost(self, index: ListedIndex) -> tuple[Named, ...]:
        """Return some of what the list names and the archive lacks, by reading the list again."""

        def look(pieces: Iterator[bytes]) -> tuple[Named, ...]:
            found: list[Named] = []
            for one in named_in(pieces):
                if len(found) < MOST_LOST and not index.has(one):
                    found.append(one)
            return tuple(found)

        return self._read(Part.RESOURCE_LIST, look).value or ()

    def _take(self, part: Part, look: Look[T]) -> T | None:
        if part not in self._parts.known:
            self.missing.append(part)
            return None
        read = self._read(part, look)
        if read.fact is not None:
            self.facts.append(read.fact)
        if read.error is not None:
            self._complain(part, read)
        return read.value

    def _read(self, part: Part, look: Look[T]) -> Read[T]:
        stored = self._parts.known[part]
        return read_file(self._store, stored, look, self._heard, packed=part is not Part.METADATA)

    def _complain(self, part: Part, read: Read[T]) -> None:
        name, error = file_name(self._backup, part), read.error
        if error is None:
            return
        word = _CODES.get(part, "file")
        if isinstance(error, BackupUnreadable):
            suffers = SUFFERS.get(part, "what Velero did cannot be followed")
            why = f"{plain(name)} is damaged: {plain(str(error))}; {suffers}."
            finding = damage(f"{word}-damaged", f"backup {self._backup}", why, BRING_BACK)
        else:
            what = f"{plain(name)} could not be read"
            finding = refused("file-not-read", f"backup {self._backup}", error, what)
        self.findings.append(finding)


def rows_of(document: object) -> Rows:
    """Return a list of objects; Go writes an empty one as null."""
    found = [] if document is None else document
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise BackupUnreadable("it is no list of objects")
    return tuple(found)


def pod_volume_backups_of(document: object) -> Rows:
    """Return PodVolumeBackups."""
    return _with(document, "spec")


def operations_of(document: object) -> Rows:
    """Return volume snapshots or item operations: both have spec and status."""
    return _with(document, "spec", "status")


def volume_info_of(document: object) -> Rows:
    """Return what the backup says of each volume."""
    found = rows_of(document)
    # A pod's volume without a claim has neither name (v1.18 generateVolumeInfoFromPVB).
    if not all(any(row.get(word) for word in ("pvcName", "pvName", "pvbInfo")) for row in found):
        raise BackupUnreadable("it holds entries that name no volume")
    return found


def results_of(document: object) -> KubeObject:
    """Return the errors and warnings."""
    if not isinstance(document, dict) or not all(
        isinstance(document.get(word), dict | None) for word in ("errors", "warnings")
    ):
        raise BackupUnreadable("it holds no errors and warnings")
    return document


def _with(document: object, *words: str) -> Rows:
    found = rows_of(document)
    if not all(isinstance(row.get(word), dict) for row in found for word in words):
        raise BackupUnreadable(f"it holds entries without {' and '.join(words)}")
    return found
