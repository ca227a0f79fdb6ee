"""The backup's records of its volumes against each other. Pure.

In: volumeinfo, PodVolumeBackups, native snapshots, item operations, results, the status. Out:
findings where one file says what another denies. Which files Velero derives from which: v1.18
`internal/volume/volumes_information.go`, `pkg/controller/backup_controller.go`.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from drills import objects
from drills.engines.velero.judgement import DATA_UPLOADS
from drills.engines.velero.kinds import BACKUP_NAME_LABEL, label_value
from drills.engines.velero.reader.archive_audit import Later
from drills.engines.velero.reader.metadata import Metadata
from drills.engines.velero.reader.tally import plain
from drills.engines.velero.remarks import damage, unasked, warned
from drills.engines.velero.results import messages
from drills.engines.velero.volumes import CLAIM_ANNOTATION
from drills.findings import Finding
from drills.objects import KubeObject

OVER = frozenset({"Completed", "Failed"})
MOST_ERRORS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The small files of one backup; None where one is absent, unreadable or was not asked for."""

    info: tuple[KubeObject, ...] | None = None
    pod_volume_backups: tuple[KubeObject, ...] | None = None
    snapshots: tuple[KubeObject, ...] | None = None
    operations: tuple[KubeObject, ...] | None = None
    results: KubeObject | None = None


def record_findings(
    meta: Metadata, records: Records, unarchived: Container[tuple[str, str]] = frozenset()
) -> tuple[Finding, ...]:
    """Return every contradiction.

    Of the claims `unarchived` (namespace, name) the archive lacks the PersistentVolume: Velero
    then writes no volumeinfo for them (v1.13 to v1.18 `volumes_information.go`, "Cannot find info
    for PVC").
    """
    return (
        *_foreign(meta, records),
        *_volumes(meta, records, unarchived),
        *_operations(meta, records),
        *_errors(meta, records),
        *_counts(meta, records),
    )


def error_findings(meta: Metadata, records: Records) -> Iterator[Finding]:
    """Say why a partially failed backup failed; its status holds counts only."""
    errors = messages(records.results, "errors")
    if errors and meta.phase != "Completed":
        more = f" (and {len(errors) - MOST_ERRORS} more)" if len(errors) > MOST_ERRORS else ""
        told = plain("; ".join(errors[:MOST_ERRORS]))
        yield warned(
            "backup-had-errors",
            f"backup {meta.name}",
            f"The backup recorded {len(errors)} errors: {told}{more}.",
            "Mend what they name; what they are about may be missing from the backup.",
        )


def added_later(records: Records) -> Later:
    """Return what tells the objects that Velero archives after its list is written.

    Those are the objects that plugins wait for, DataUploads among them (v1.14 to v1.18
    `pkg/backup/backup.go`, FinalizeBackup): the finalizer writes archive and metadata alone. Where
    the operations were not read, any DataUpload may be one.
    """
    if records.operations is None:
        return lambda resource, *_: resource == DATA_UPLOADS
    named = frozenset(
        (
            f"{resource}.{group}" if (group := objects.text(item, "Group")) else resource,
            objects.text(item, "Namespace"),
            objects.text(item, "Name"),
        )
        for row in records.operations
        for item in objects.items(row, "spec", "postOperationItems")
        if (resource := objects.text(item, "Resource"))
    )
    return lambda *one: one in named


def _differs(meta: Metadata, what: str) -> Finding:
    return damage(
        "volume-records-differ",
        f"backup {meta.name}",
        f"{what}. A restore goes by one of them and finds no data.",
        "Bring the right files back from the bucket's versions, or take a new backup.",
    )


def _foreign(meta: Metadata, records: Records) -> Iterator[Finding]:
    wanted = label_value(meta.name)
    for row in records.pod_volume_backups or ():
        label = objects.labels(row).get(BACKUP_NAME_LABEL)
        if label is not None and label != wanted:
            yield _other("list of PodVolumeBackups", label, meta)
            return
    for word, rows in (("volume snapshots", records.snapshots), ("operations", records.operations)):
        for row in rows or ():
            name = objects.text(row, "spec", "backupName")
            if name and name != meta.name:
                yield _other(f"list of {word}", name, meta)
                return


def _other(what: str, name: str, meta: Metadata) -> Finding:
    return damage(
        "file-of-other-backup",
        f"{what} of backup {meta.name}",
        f"The {what} belongs to backup {plain(name)}.",
        "Bring the right file back from the bucket's versions, or take a new backup.",
    )


def _volumes(
    meta: Metadata, records: Records, unarchived: Container[tuple[str, str]]
) -> Iterator[Finding]:
    if records.info is None:
        return
    if records.pod_volume_backups is not None:
        yield from _pod_volumes(meta, records.info, records.pod_volume_backups, unarchived)
    if records.snapshots is not None:
        taken = {objects.text(s, "status", "providerSnapshotID") for s in records.snapshots}
        for row in records.info:
            handle = objects.text(row, "nativeSnapshotInfo", "snapshotHandle")
            if handle and handle not in taken:
                yield _differs(meta, f"The volume snapshot of {_claim(row)} is in no list")


def _pod_volumes(
    meta: Metadata,
    info: Iterable[KubeObject],
    backups: Iterable[KubeObject],
    unarchived: Container[tuple[str, str]],
) -> Iterator[Finding]:
    saved = {_pod_volume(b): objects.text(b, "status", "snapshotID") for b in backups}
    noted = set()
    for row in info:
        details = objects.mapping(row, "pvbInfo")
        handle = objects.text(details, "snapshotHandle")
        if not handle:
            continue
        key = tuple(objects.text(details, w) for w in ("podNamespace", "podName", "volumeName"))
        noted.add(handle)
        if saved.get(key) != handle:
            yield _differs(meta, f"volumeinfo and PodVolumeBackups disagree about {_claim(row)}")
    for backup in backups:
        handle = objects.text(backup, "status", "snapshotID")
        claim = _claim_of(backup)
        known = (objects.text(backup, "spec", "pod", "namespace"), claim) in unarchived
        if claim and handle and handle not in noted and not known:
            yield unasked(
                "volume-records-differ",
                f"backup {meta.name}",
                f"Claim {plain(claim)} was saved and volumeinfo does not know it: its pod "
                "vanished while the backup was taken, or the file was replaced.",
                "Drill this backup to learn whether the claim's data comes back.",
            )


def _claim_of(backup: KubeObject) -> str:
    return objects.text(objects.mapping(backup, "metadata", "annotations"), CLAIM_ANNOTATION)


def _pod_volume(backup: KubeObject) -> tuple[str, ...]:
    pod = objects.mapping(backup, "spec", "pod")
    volume = objects.text(backup, "spec", "volume")
    return (objects.text(pod, "namespace"), objects.text(pod, "name"), volume)


def _claim(row: KubeObject) -> str:
    where = (objects.text(row, "pvcNamespace"), objects.text(row, "pvcName"))
    return plain(f"persistentvolumeclaim {'/'.join(where)}")


def _operations(meta: Metadata, records: Records) -> Iterator[Finding]:
    if records.operations is None:
        return
    phases = {
        objects.text(row, "spec", "operationID"): objects.text(row, "status", "phase")
        for row in records.operations
    }
    for name, phase in phases.items():
        if meta.usable and phase not in OVER:
            yield _contradicts(meta, f"operation {plain(name)} is {plain(phase) or 'New'}")
        elif meta.phase == "Completed" and phase == "Failed":
            yield _contradicts(meta, f"operation {plain(name)} failed")
    for row in records.info or ():
        moved = objects.text(row, "snapshotDataMovementInfo", "operationID")
        if moved and moved not in phases:
            yield _unrecorded(meta, row)


def _unrecorded(meta: Metadata, row: KubeObject) -> Finding:
    """Return a warning: only backups in progress read their operations, restores do not.

    Velero v1.18 `pkg/controller/backup_finalizer_controller.go`, `pkg/itemoperationmap`.
    """
    return warned(
        "operation-unrecorded",
        f"backup {meta.name}",
        f"The data movement of {_claim(row)} is no recorded operation. A restore goes by the "
        "DataUpload in the archive, so this alone loses nothing.",
        "See what changed the backup's files; drill it with a probe of the data.",
    )


def _contradicts(meta: Metadata, why: str) -> Finding:
    return damage(
        "status-contradicts",
        f"backup {meta.name}",
        f"It says {meta.phase}, but {why}.",
        "Do not rely on it: take a new backup.",
    )


def _errors(meta: Metadata, records: Records) -> Iterator[Finding]:
    errors = messages(records.results, "errors")
    if meta.phase == "Completed" and (errors or meta.count("errors")):
        said = plain(errors[0]) if errors else f"its status counts {meta.count('errors')} errors"
        yield _contradicts(meta, f"errors are recorded: {said}")


def _counts(meta: Metadata, records: Records) -> Iterator[Finding]:
    if not meta.usable:
        return
    rows = (
        ("backupItemOperationsAttempted", records.operations, None),
        ("backupItemOperationsCompleted", records.operations, "Completed"),
        ("volumeSnapshotsAttempted", records.snapshots, None),
        ("volumeSnapshotsCompleted", records.snapshots, "Completed"),
    )
    for word, found, phase in rows:
        if found is None:
            continue
        held = [r for r in found if phase is None or objects.text(r, "status", "phase") == phase]
        if len(held) != meta.count(word):
            yield counts_differ(meta, f"status.{word}", meta.count(word), len(held))


def counts_differ(meta: Metadata, word: str, said: int, held: int) -> Finding:
    """Return the warning that a count of the status is not what the files hold."""
    return warned(
        "counts-differ",
        f"backup {meta.name}",
        f"{word} says {said}, the files hold {held}.",
        "The metadata or a file was changed after the backup ended, or Velero missed an update.",
    )
