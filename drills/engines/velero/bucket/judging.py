"""Every file against the others. In: all that was read of one backup. Out: its findings."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from drills import objects
from drills.engines.velero.bucket.archive_audit import ArchiveAudit
from drills.engines.velero.bucket.files import FileReader
from drills.engines.velero.bucket.layout import CSI, SUFFERS, Part, Parts, file_name
from drills.engines.velero.bucket.listed_index import ListedIndex
from drills.engines.velero.bucket.metadata import Metadata, metadata_findings
from drills.engines.velero.bucket.records import Records, counts_differ, record_findings
from drills.engines.velero.bucket.tally import plain, warned
from drills.engines.velero.bucket.volume_check import (
    Vaults,
    claim_findings,
    unknown_claims,
    volumes_in,
)
from drills.engines.velero.contents import KNOWN_FORMATS
from drills.engines.velero.namespace_patterns import EVERY, NONE, matches
from drills.engines.velero.remarks import damage, note
from drills.findings import Finding
from drills.integrity.contract import Heard

NEW_BACKUP = "Take a new backup; see what wrote to the bucket besides Velero."


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All that was read of one backup."""

    name: str
    parts: Parts
    meta: Metadata | None
    records: Records
    log_of: str | None
    index: ListedIndex | None
    audit: ArchiveAudit
    whole: bool
    """Whether the archive could be read to its end."""
    files: FileReader


def judged(read: Material, vaults: Vaults, now: datetime, heard: Heard) -> Iterator[Finding]:
    """Yield every finding of one backup."""
    yield from read.files.findings
    yield from _strange(read)
    yield from _log(read)
    if read.meta is not None:
        yield from metadata_findings(read.meta, read.name, now)
        yield from record_findings(read.meta, read.records)
    if read.meta is None or read.meta.usable:
        yield from _missing(read)
    yield from _entries(read)
    if read.whole:
        yield from _contents(read)
        yield from _against_list(read)
        yield from _volumes(read, vaults, heard)


def _missing(read: Material) -> Iterator[Finding]:
    for part in read.files.missing:
        name = plain(file_name(read.name, part))
        if part is Part.LOG:
            why = f"{name} is not there; Velero writes it best effort, so it may never have been."
            yield warned("log-missing", f"backup {read.name}", why, "Nothing, if it is the only.")
        elif part not in CSI:
            word = {Part.METADATA: "metadata", Part.ARCHIVE: "archive"}.get(part, "file")
            yield damage(
                f"{word}-missing",
                f"backup {read.name}",
                f"{name} is not there: {SUFFERS[part]}.",
                "Bring it back from the bucket's versions or a second copy; else take a new "
                "backup.",
            )


def _strange(read: Material) -> Iterator[Finding]:
    if read.parts.strange:
        names = plain(", ".join(read.parts.strange[:5]))
        why = f"Its folder holds {len(read.parts.strange)} file(s) that no Velero writes: {names}."
        yield warned("file-unknown", f"backup {read.name}", why, "See who writes to the bucket.")


def _log(read: Material) -> Iterator[Finding]:
    if read.log_of is not None and read.log_of != read.name:
        yield damage(
            "file-of-other-backup",
            f"log of backup {read.name}",
            f"The log is that of backup {plain(read.log_of)}.",
            "Bring the right file back from the bucket's versions.",
        )


_ENTRIES = (
    ("path-escapes", "{n} entries lead out of the folder they would be extracted to"),
    ("entry-not-a-file", "{n} entries are links, devices or folders, which Velero never writes"),
    ("entry-unknown", "{n} entries are none that Velero writes"),
    ("object-unreadable", "{n} objects cannot be read, and would not be restored"),
    ("object-misplaced", "{n} objects lie under another's name"),
    ("object-twice", "{n} objects are archived twice, and which one is restored is chance"),
    ("object-unlisted", "{n} objects are in the archive and not in the backup's own list"),
    ("version-copy-missing", "{n} objects lack the copy below their preferred version"),
    ("version-copy-alone", "{n} copies below a version have no object, so it is not restored"),
    ("version-copy-differs", "{n} objects differ from their copy below the preferred version"),
)


def _entries(read: Material) -> Iterator[Finding]:
    for code, sentence in _ENTRIES:
        yield from read.audit.tally.finding(code, sentence, NEW_BACKUP)


def _contents(read: Material) -> Iterator[Finding]:
    subject, format_ = f"archive of backup {read.name}", read.audit.format
    if format_ not in KNOWN_FORMATS:
        said = "says nothing of its format" if format_ is None else f"has format {plain(format_)}"
        remedy = "Use a version of this tool that knows the format."
        yield damage("format-unknown", subject, f"The archive {said}.", remedy)
    if not read.audit.objects:
        why = "The archive holds no object: a restore does nothing and Velero calls it Completed."
        meant = read.index is not None and read.index.total == 0
        if meant and read.meta is not None and not read.meta.count("progress", "totalItems"):
            yield warned("archive-empty", subject, why, "See what the backup should select.")
        else:
            yield damage("archive-empty", subject, why)
    yield from _namespaces(read)


def _namespaces(read: Material) -> Iterator[Finding]:
    wanted = objects.items(read.meta.obj if read.meta else {}, "spec", "includedNamespaces")
    for namespace in wanted:
        name = str(namespace)
        held = any(matches(name, one) for one in read.audit.namespaces)
        if name not in {EVERY, NONE} and not held and read.audit.objects:
            yield warned(
                "namespace-not-in-backup",
                f"namespace {plain(name)}",
                f"Backup {read.name} was to include it and holds nothing of it.",
                "See whether the namespace exists and the backup's selectors match anything.",
            )


def _against_list(read: Material) -> Iterator[Finding]:
    if read.index is None:
        return
    lost = read.index.total - read.index.ticked
    if lost:
        names = [
            f"{kind}{'.' + group if group else ''} {namespace + '/' if namespace else ''}{name}"
            for group, kind, namespace, name in read.files.lost(read.index)
        ]
        yield damage(
            "archive-incomplete",
            f"archive of backup {read.name}",
            f"The backup's own list names {lost} object(s) that the archive lacks: "
            f"{plain('; '.join(names))}.",
            "See the backup's log for errors about them, then take a new backup.",
        )
    if read.meta is None or not read.meta.usable:
        return
    for word in ("totalItems", "itemsBackedUp"):
        said = read.meta.count("progress", word)
        if said != read.index.total:
            yield counts_differ(read.meta, f"status.progress.{word}", said, read.index.total)


def _volumes(read: Material, vaults: Vaults, heard: Heard) -> Iterator[Finding]:
    if read.meta is None or not read.meta.usable:
        return
    archived = read.audit.volume_objects
    volumes, saved = volumes_in(archived, read.records)
    yield from claim_findings(read.meta, volumes)
    yield from unknown_claims(read.meta, archived, read.records)
    yield from vaults.findings(saved, heard)
    if any(volume.method == "NativeSnapshot" for volume in volumes):
        why = "Native snapshots lie in the cloud's own storage; the bucket cannot show them."
        yield note("snapshots-elsewhere", f"backup {read.name}", why)
