"""Opens the files of one backup and reads the small ones at once, while the archive streams.

In: the backup. Out: its parsed documents, each with the finding that says why it has none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from drills import objects
from drills.backups import Backup
from drills.engines.velero.documents import read_json, rows
from drills.engines.velero.files import (
    POD_VOLUME_BACKUPS,
    Files,
    StoreFiles,
    requested_files,
    store_prefix,
)
from drills.engines.velero.kinds import (
    BACKUP_NAME_LABEL,
    LOCATION,
    POD_VOLUME_BACKUP,
    label_value,
)
from drills.engines.velero.remarks import damage, note, refused
from drills.engines.velero.requests import Target
from drills.engines.velero.site import Site
from drills.errors import BackupUnreadable, DrillError, Forbidden, Interrupted, Missing, NotServed
from drills.findings import Finding
from drills.objects import KubeObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one backup's files are read from."""

    site: Site
    backup: str
    files: Files
    stored: StoreFiles | None
    """The store itself, where the user named one that holds the backup."""
    prefix: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One small file: parsed, or absent, or with the finding that says what is wrong."""

    value: object = None
    absent: bool = False
    finding: Finding | None = None


def small_files(backup: KubeObject) -> tuple[Target, ...]:
    """Return the small files that can tell something, by what the Backup counts itself.

    Without errors its results are empty, without native snapshots their list is (Velero 1.18
    writes both all the same), and each download costs the server a plug-in's start, a tenth of a
    second, one after the other.
    """

    def counted(*fields: str) -> bool:
        return any(objects.number(backup, "status", field) for field in fields)

    return (
        Target.BACKUP_RESOURCE_LIST,
        Target.BACKUP_VOLUME_INFO,
        *((Target.BACKUP_RESULTS,) if counted("errors", "warnings") else ()),
        *((Target.BACKUP_VOLUME_SNAPSHOTS,) if counted("volumeSnapshotsAttempted") else ()),
    )


def source_of(site: Site, backup: Backup, targets: Iterable[Target]) -> Source:
    """Return where to read these files of `backup`: the store at hand, else Velero's downloads.

    Raises what keeps both from us.
    """
    findings: tuple[Finding, ...] = ()
    if site.ports.store is not None:
        location = site.ports.cluster.get(LOCATION, site.namespace, backup.location or "default")
        try:
            prefix = store_prefix(site.ports.store, backup.name, location or {})
        except Missing as error:
            findings = (note("store-without-backup", "backup store", f"{error}.", error.hint),)
        else:
            stored = StoreFiles(site.ports.store, prefix, backup.name)
            return Source(
                site=site,
                backup=backup.name,
                files=stored,
                stored=stored,
                prefix=prefix,
                findings=(),
            )
    files = requested_files(site, backup.name, targets, site.request_labels())
    return Source(
        site=site, backup=backup.name, files=files, stored=None, prefix="", findings=findings
    )


@contextmanager
def small_documents(
    source: Source, targets: Sequence[Target]
) -> Iterator[Mapping[Target, Future[Document]]]:
    """Read the small files in threads of their own for as long as the context is open."""
    with ThreadPoolExecutor(max_workers=len(targets), thread_name_prefix="backup-file") as pool:
        yield {target: pool.submit(read_document, source, target) for target in targets}


def read_document(source: Source, target: Target) -> Document:
    """Return one small file; only Interrupted is raised."""
    subject = f"{target} of backup {source.backup}"
    try:
        with source.files.open(target) as body:
            return Document(value=read_json(body, str(target)))
    except Missing:
        return Document(absent=True)
    except BackupUnreadable as error:
        return Document(finding=damage("file-damaged", subject, f"{error}."))
    except Interrupted:
        raise
    except DrillError as error:
        return Document(finding=refused("file-not-read", subject, error, "It could not be read"))


def pod_volume_backups(source: Source) -> tuple[tuple[KubeObject, ...], tuple[Finding, ...]]:
    """Return the PodVolumeBackups: Velero's objects, which decide a restore, else the file.

    Velero 1.18 `restore_controller.go` lists the objects by the backup's label.
    """
    site, label = source.site, f"{BACKUP_NAME_LABEL}={label_value(source.backup)}"
    try:
        found = tuple(site.ports.cluster.list(POD_VOLUME_BACKUP, site.namespace, labels=label))
    except (Forbidden, NotServed) as error:
        what = note("pod-volume-backups-not-listed", "podvolumebackups", f"{error}.", error.hint)
        return _from_file(source), (what,)
    return (found or _from_file(source)), ()


def _from_file(source: Source) -> tuple[KubeObject, ...]:
    if source.stored is None:
        return ()
    try:
        with source.stored.open_named(POD_VOLUME_BACKUPS) as body:
            return rows(read_json(body, "the list of PodVolumeBackups"))
    except (Missing, BackupUnreadable):
        return ()
