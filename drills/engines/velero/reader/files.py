"""Reads the files of one backup, each to its end, and keeps what is wrong with each.

In: the backup's parts. Out: parsed documents; file facts, findings and absences are kept here.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from drills.engines.velero.documents import bounded, parsed
from drills.engines.velero.reader.archive_audit import ArchiveAudit
from drills.engines.velero.reader.layout import SUFFERS, Part, file_name
from drills.engines.velero.reader.listed_index import ListedIndex, Named, named_in
from drills.engines.velero.reader.lost import Lost
from drills.engines.velero.reader.runlog import backup_named
from drills.engines.velero.reader.sources import BackupFiles, Presence
from drills.engines.velero.reader.tally import plain
from drills.engines.velero.remarks import damage, refused
from drills.errors import BackupUnreadable, DrillError
from drills.findings import Finding
from drills.integrity.contract import Heard
from drills.integrity.reading import Look
from drills.integrity.result import FileFact
from drills.objects import KubeObject

T = TypeVar("T")
Rows = tuple[KubeObject, ...]

MOST_DOCUMENT = 64 << 20
"""Largest small document, unpacked: a hundred thousand volumes."""
BRING_BACK = (
    "Bring the file back from the bucket's versions or a second copy; without one, "
    "take a new backup."
)
_CODES: Mapping[Part, str] = {Part.METADATA: "metadata", Part.ARCHIVE: "archive"}


class FileReader:
    """The files of one backup. Several may be read at once, each once."""

    def __init__(self, files: BackupFiles, backup: str, heard: Heard) -> None:
        self._files, self._backup, self._heard = files, backup, heard
        self._facts: dict[Part, FileFact] = {}
        self._damaged: dict[Part, BackupUnreadable] = {}
        self._refused: dict[Part, DrillError] = {}
        self.known: dict[Part, Presence] = {}
        """What is known of each file that was to be read."""

    @property
    def facts(self) -> tuple[FileFact, ...]:
        """Return what was read."""
        return tuple(self._facts[part] for part in Part if part in self._facts)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what is wrong with each file by itself."""
        damaged = (self._damage(part) for part in Part if part in self._damaged)
        return (*damaged, *self._refusals())

    def with_presence(self, presence: Presence) -> tuple[Part, ...]:
        """Return the files of which that is known."""
        return tuple(part for part in Part if self.known.get(part) is presence)

    def bytes_of(self, part: Part) -> int:
        """Return the stored bytes of a file that was read, 0 for others."""
        return self._facts[part].bytes if part in self._facts else 0

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

    def lost(self, index: ListedIndex, kept: Callable[[Named], bool]) -> Lost:
        """Return what the list names and the archive lacks, by reading the list again."""

        def look(pieces: Iterator[bytes]) -> Lost:
            lost = Lost()
            for one in named_in(pieces):
                if not index.has(one):
                    lost.add(one, kept=kept(one))
            return lost

        return self._files.read(Part.RESOURCE_LIST, look, self._heard).value or Lost()

    def _take(self, part: Part, look: Look[T]) -> T | None:
        read = self._files.read(part, look, self._heard)
        self.known[part] = read.presence
        if read.fact is not None:
            self._facts[part] = read.fact
        if isinstance(read.error, BackupUnreadable):
            self._damaged[part] = read.error
        elif read.error is not None:
            self._refused[part] = read.error
        return read.value

    def _damage(self, part: Part) -> Finding:
        name, error = called(self._backup, part), self._damaged[part]
        suffers = SUFFERS.get(part, "what Velero did cannot be followed")
        why = f"{name} is damaged: {plain(str(error))}; {suffers}."
        word = _CODES.get(part, "file")
        return damage(f"{word}-damaged", f"backup {self._backup}", why, BRING_BACK)

    def _refusals(self) -> Iterator[Finding]:
        """Yield one finding for each sort of refusal, however many files it keeps from us."""
        sorts: dict[type[DrillError], list[Part]] = {}
        for part in sorted(self._refused, key=lambda part: part is not Part.ARCHIVE):
            sorts.setdefault(type(self._refused[part]), []).append(part)
        for first, *others in sorts.values():
            more = f" and {len(others)} other file(s)" if others else ""
            what = f"{called(self._backup, first)}{more} could not be read"
            subject = f"backup {self._backup}"
            yield refused("file-not-read", subject, self._refused[first], what)


def called(backup: str, part: Part) -> str:
    """Return what to call a file in a message."""
    name = plain(file_name(backup, part))
    return f"The archive {name}" if part is Part.ARCHIVE else name


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
