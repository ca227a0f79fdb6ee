"""Where one backup of a cluster is read from: the store at hand, else Velero's downloads.

In: the Backup. Out: its files as the reader wants them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from drills.backups import Backup
from drills.engines.velero.files import Files, StoreFiles, requested_files, store_prefix
from drills.engines.velero.kinds import (
    BACKUP_NAME_LABEL,
    LOCATION,
    POD_VOLUME_BACKUP,
    label_value,
)
from drills.engines.velero.reader.layout import Part, parts_of
from drills.engines.velero.reader.sources import (
    TARGETS,
    BackupFiles,
    DownloadedFiles,
    StoreBelow,
    StoredFiles,
    telling,
)
from drills.engines.velero.remarks import note
from drills.engines.velero.requests import Target
from drills.engines.velero.site import Site
from drills.errors import Forbidden, Missing, NotServed
from drills.findings import Finding
from drills.objects import KubeObject
from drills.ports import ObjectStore

AT_ONCE = 8
"""Small files read at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The folder above `backups/` in a store that holds the backup; None where none is at hand."""

    store: ObjectStore | None = None
    prefix: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPods:
    """Velero's PodVolumeBackup objects of one backup."""

    found: tuple[KubeObject, ...] | None
    """None where they could not be listed."""
    findings: tuple[Finding, ...] = ()


def place_of(site: Site, backup: Backup) -> Place:
    """Return where the store at hand has the backup; raises what keeps us from looking."""
    store = site.ports.store
    if store is None:
        return Place()
    location = site.ports.cluster.get(LOCATION, site.namespace, backup.location or "default")
    try:
        prefix = store_prefix(store, backup.name, location or {})
    except Missing as error:
        return Place(
            findings=(note("store-without-backup", "backup store", f"{error}.", error.hint),)
        )
    return Place(store=store, prefix=prefix)


def archive_of(site: Site, backup: Backup) -> Files:
    """Return where the archive alone can be opened; raises what keeps it from us."""
    place = place_of(site, backup)
    if place.store is not None:
        return StoreFiles(place.store, place.prefix, backup.name)
    return _requested(site, backup, (Target.BACKUP_CONTENTS,))


def files_of(
    site: Site, custom: KubeObject, backup: Backup, place: Place, saved: SavedPods
) -> BackupFiles:
    """Return the backup's files: from the store all of them, else what is worth a download.

    Raises what keeps both from us.
    """
    if place.store is not None:
        store = StoreBelow(place.store, place.prefix)
        found = tuple(store.list(f"backups/{backup.name}/"))
        return StoredFiles(store, parts_of(backup.name, found), at_once=AT_ONCE)
    asked = frozenset((Part.ARCHIVE, *telling(custom)))
    listed = {} if saved.found is None else {Part.POD_VOLUME_BACKUPS: saved.found}
    wanted = tuple(TARGETS[part] for part in Part if part in asked)
    return DownloadedFiles(
        backup=backup.name,
        files=_requested(site, backup, wanted),
        asked=asked,
        held={Part.METADATA: custom, **listed},
        at_once=AT_ONCE,
    )


def saved_pods(site: Site, backup: Backup) -> SavedPods:
    """Return the PodVolumeBackups as Velero's objects, which decide a restore.

    Velero 1.18 `restore_controller.go` lists the objects by the backup's label.
    """
    label = f"{BACKUP_NAME_LABEL}={label_value(backup.name)}"
    try:
        return SavedPods(
            found=tuple(site.ports.cluster.list(POD_VOLUME_BACKUP, site.namespace, labels=label))
        )
    except (Forbidden, NotServed) as error:
        what = note("pod-volume-backups-not-listed", "podvolumebackups", f"{error}.", error.hint)
        return SavedPods(found=None, findings=(what,))


def _requested(site: Site, backup: Backup, targets: Iterable[Target]) -> Files:
    return requested_files(site, backup.name, targets, site.request_labels())
