"""All that is read of one backup, in one pass over each of its files.

In: where the files are. Out: Material, which `judging` judges.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from drills.engines.velero.reader.archive_audit import ArchiveAudit
from drills.engines.velero.reader.contents import Contents
from drills.engines.velero.reader.files import (
    FileReader,
    operations_of,
    pod_volume_backups_of,
    results_of,
    volume_info_of,
)
from drills.engines.velero.reader.layout import PASSING, Part
from drills.engines.velero.reader.listed_index import ListedIndex
from drills.engines.velero.reader.metadata import Metadata, metadata_of
from drills.engines.velero.reader.records import Records, added_later
from drills.engines.velero.reader.sources import BackupFiles, Presence
from drills.engines.velero.reader.versions import Writers, writers_of
from drills.integrity.contract import Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All that was read of one backup."""

    name: str
    strange: tuple[str, ...]
    """Names in its folder that no Velero writes."""
    meta: Metadata | None
    records: Records
    log_of: str | None
    index: ListedIndex | None
    audit: ArchiveAudit
    whole: bool
    """Whether the archive could be read to its end."""
    files: FileReader
    writers: Writers
    """The versions that may have written it."""


def read_backup(
    files: BackupFiles, name: str, heard: Heard, contents: Contents | None = None
) -> Material:
    """Read every file: the list before the archive, which is ticked off against it.

    `heard` is told how much was read, from several threads where several files may be read at
    once; `contents` takes the archive's objects in where an inventory is wanted.
    """
    reader = FileReader(files, name, heard)
    with ThreadPoolExecutor(files.at_once, thread_name_prefix="backup-file") as pool:
        meta = pool.submit(reader.small, Part.METADATA, metadata_of)
        info = pool.submit(reader.small, Part.VOLUME_INFO, volume_info_of)
        saved = pool.submit(reader.small, Part.POD_VOLUME_BACKUPS, pod_volume_backups_of)
        snapshots = pool.submit(reader.small, Part.VOLUME_SNAPSHOTS, operations_of)
        operations = pool.submit(reader.small, Part.ITEM_OPERATIONS, operations_of)
        results = pool.submit(reader.small, Part.RESULTS, results_of)
        passing = [pool.submit(reader.rows, part) for part in Part if part in PASSING]
        index = pool.submit(reader.index)
        log = pool.submit(reader.log)
        for one in passing:
            one.result()
        records = Records(
            info=info.result(),
            pod_volume_backups=saved.result(),
            snapshots=snapshots.result(),
            operations=operations.result(),
            results=results.result(),
        )
        audit = ArchiveAudit(name, index.result(), added_later(records), contents)
    whole, known = reader.archive(audit), meta.result()
    return Material(
        name=name,
        strange=files.strange,
        meta=known,
        records=records,
        log_of=log.result(),
        index=index.result(),
        audit=audit,
        whole=whole,
        files=reader,
        writers=writers_of(reader.with_presence(Presence.PRESENT), known.obj if known else None),
    )
