"""Which claims have their data in the backup. Pure.

In: the archived claims and volumes, volumeinfo (since Velero 1.13), PodVolumeBackups, native
snapshots. Out: BackedUpVolume for each claim. Why it matters: Velero restores a claim without data
as an empty volume and calls the restore Completed; a volume with policy Retain it attaches as it
is, production's storage included (`pkg/restore/restore.go`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from drills import objects
from drills.backups import BackedUpObject, BackedUpVolume
from drills.objects import KubeObject

NONE = "none"
DATA_MOVER = "DataMover"
POD_VOLUME = "PodVolumeBackup"
CSI = "CSISnapshot"
NATIVE = "NativeSnapshot"

CSI_ANNOTATION = "velero.io/volume-snapshot-name"
CLAIM_ANNOTATION = "velero.io/pvc-name"
OPERATION_LABEL = "velero.io/async-operation-id"

_DETAILS = {
    POD_VOLUME: "pvbInfo",
    DATA_MOVER: "snapshotDataMovementInfo",
    CSI: "csiSnapshotInfo",
    NATIVE: "nativeSnapshotInfo",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeSources:
    """What the backup says of its volumes, from several files."""

    info: tuple[KubeObject, ...] | None
    """None where there is no volumeinfo file (Velero before 1.13)."""
    pod_volume_backups: tuple[KubeObject, ...]
    native_snapshots: tuple[KubeObject, ...] = ()
    data_uploads: tuple[KubeObject, ...] = ()
    """As they are archived once their data has been moved."""


def volumes_of(
    claims: Iterable[BackedUpObject], volumes: Iterable[BackedUpObject], sources: VolumeSources
) -> tuple[BackedUpVolume, ...]:
    """Return one entry for each claim that ever had a volume and outlives its pod."""
    by_name = {volume.key.name: volume for volume in volumes}
    return tuple(
        _volume(claim, by_name, sources) for claim in claims if not _without_own_data(claim)
    )


def _without_own_data(claim: BackedUpObject) -> bool:
    """Return True for a claim that was never bound, or whose data ends with its pod."""
    bound = objects.text(claim.body, "spec", "volumeName")
    return not bound or (claim.owner or "").startswith("Pod/")


def _volume(
    claim: BackedUpObject, volumes: Mapping[str, BackedUpObject], sources: VolumeSources
) -> BackedUpVolume:
    bound = objects.text(claim.body, "spec", "volumeName")
    persistent = volumes.get(bound)
    row = _info_row(claim, sources)
    backups = _pod_volume_backups(claim, sources)
    found = (
        _from_info(row, backups, sources) if row else _without_info(claim, bound, backups, sources)
    )
    policy = _policy(persistent, row)
    return replace(
        found,
        claim=claim.key.name,
        namespace=claim.key.namespace,
        volume=bound,
        reclaim_policy=policy,
        restored_as_is=persistent is not None and policy != "Delete" and _untouched(found, row),
    )


def _policy(persistent: BackedUpObject | None, row: KubeObject) -> str:
    """Return the policy a restore looks at: that of the archived volume, else volumeinfo's."""
    archived = persistent.body if persistent is not None else None
    return objects.text(archived, "spec", "persistentVolumeReclaimPolicy") or objects.text(
        row, "pvInfo", "reclaimPolicy"
    )


def _untouched(found: BackedUpVolume, row: KubeObject) -> bool:
    """Return whether a restore takes the volume for one without any backup of its data.

    It goes by volumeinfo's method alone, even where saving the data failed; without volumeinfo,
    by what was saved whole.
    """
    return not objects.text(row, "backupMethod") if row else not found.has_data


def _info_row(claim: BackedUpObject, sources: VolumeSources) -> KubeObject:
    for row in sources.info or ():
        named = (objects.text(row, "pvcNamespace"), objects.text(row, "pvcName"))
        if named == (claim.key.namespace, claim.key.name):
            return row
    return {}


def _pod_volume_backups(claim: BackedUpObject, sources: VolumeSources) -> tuple[KubeObject, ...]:
    uid = objects.uid(claim.body)
    return tuple(
        backup
        for backup in sources.pod_volume_backups
        if objects.text(backup, "spec", "pod", "namespace") == claim.key.namespace
        and (
            objects.mapping(backup, "metadata", "annotations").get(CLAIM_ANNOTATION)
            == claim.key.name
            or (uid and objects.text(backup, "spec", "tags", "pvc-uid") == uid)
        )
    )


def _from_info(
    row: KubeObject, backups: tuple[KubeObject, ...], sources: VolumeSources
) -> BackedUpVolume:
    method = objects.text(row, "backupMethod") or NONE
    if method == CSI and objects.mapping(row).get("snapshotDataMoved") is True:
        method = DATA_MOVER
    details = objects.mapping(row, _DETAILS.get(method, ""))
    if method == DATA_MOVER:
        backups = _data_uploads(details, sources)
    reason = _trouble(method, row, details, backups)
    return _entry(
        method=NONE if objects.mapping(row).get("skipped") is True else method,
        size=_size(details),
        reason=reason,
        instant=objects.instant(row, "startTimestamp") if reason is None else None,
    )


def _trouble(
    method: str, row: KubeObject, details: KubeObject, backups: tuple[KubeObject, ...]
) -> str | None:
    """Return why the data is not there, None where everything says that it is."""
    if objects.mapping(row).get("skipped") is True:
        said = "; ".join(
            filter(None, map(str.strip, objects.text(row, "skippedReason").split(";")))
        )
        return said or "Velero skipped it and does not say why"
    if method not in _DETAILS:
        return "Velero backed up the claim without its data"
    if objects.text(row, "result") == "failed":
        return "saving its data failed"
    if method == POD_VOLUME:
        return _not_saved(details, empty=_was_empty(backups)) or _not_completed(backups)
    return _not_saved(details, empty=method == DATA_MOVER and _nothing_moved(details, backups))


def _nothing_moved(details: KubeObject, uploads: tuple[KubeObject, ...]) -> bool:
    """Return whether there was nothing to move: volumeinfo says so since 1.15."""
    ended = objects.text(details, "Phase") == "Completed"
    return (ended and not objects.number(details, "size")) or _was_empty(uploads)


def _data_uploads(details: KubeObject, sources: VolumeSources) -> tuple[KubeObject, ...]:
    """Return the DataUploads of a volume: 1.14 says in volumeinfo neither phase nor message."""
    operation = objects.text(details, "operationID")
    return tuple(
        upload
        for upload in sources.data_uploads
        if operation and objects.labels(upload).get(OPERATION_LABEL) == operation
    )


def _was_empty(backups: tuple[KubeObject, ...]) -> bool:
    """Return whether there was nothing to save: no snapshot is taken of an empty volume.

    The words are those of v1.14 to v1.18 `pkg/controller/pod_volume_backup_controller.go` and
    `data_upload_controller.go`.
    """
    return any("volume was empty" in objects.text(one, "status", "message") for one in backups)


def _not_saved(details: KubeObject, *, empty: bool) -> str | None:
    state = objects.text(details, "Phase")
    if state not in {"", "Completed"}:
        return f"saving its data ended in phase {state}"
    if not objects.text(details, "snapshotHandle") and not empty:
        return "Velero names no snapshot for it"
    if objects.mapping(details).get("ReadyToUse") is False:
        return "its snapshot was not ready to use"
    return None


def _not_completed(backups: tuple[KubeObject, ...]) -> str | None:
    """Velero restores pod volumes by their PodVolumeBackup, whatever volumeinfo says."""
    states = [objects.text(backup, "status", "phase") or "New" for backup in backups]
    if "Completed" in states:
        return None
    if not states:
        return "there is no PodVolumeBackup for it"
    return f"its PodVolumeBackup is {states[0]}"


def _without_info(
    claim: BackedUpObject, bound: str, backups: tuple[KubeObject, ...], sources: VolumeSources
) -> BackedUpVolume:
    """Read what Velero before 1.13 wrote, which had no volumeinfo file."""
    if backups:
        best = next((b for b in backups if not _not_completed((b,))), backups[0])
        instant = objects.instant(best, "status", "startTimestamp")
        size = objects.number(best, "status", "progress", "totalBytes")
        return _entry(method=POD_VOLUME, size=size, reason=_not_completed((best,)), instant=instant)
    for snapshot in sources.native_snapshots:
        if objects.text(snapshot, "spec", "persistentVolumeName") == bound:
            state = objects.text(snapshot, "status", "phase")
            reason = None if state == "Completed" else f"its snapshot is {state or 'New'}"
            return _entry(method=NATIVE, size=None, reason=reason, instant=None)
    if sources.info is None and CSI_ANNOTATION in objects.mapping(
        claim.body, "metadata", "annotations"
    ):
        return _entry(method=CSI, size=None, reason=None, instant=None)
    return _entry(method=NONE, size=None, reason="the backup does not mention it", instant=None)


def _entry(
    *, method: str, size: int | None, reason: str | None, instant: datetime | None
) -> BackedUpVolume:
    return BackedUpVolume(
        claim="",
        namespace="",
        volume="",
        method=method,
        bytes=size,
        has_data=reason is None,
        reason=reason or "",
        data_instant=instant,
    )


def _size(details: KubeObject) -> int | None:
    size = details.get("size")
    return size if isinstance(size, int) else None
