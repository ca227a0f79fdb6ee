"""Which claims have their data in the backup. Pure.

In: the archived claims and volumes, volumeinfo (since Velero 1.13), PodVolumeBackups, native
snapshots. Out: BackedUpVolume for each claim. Why it matters: Velero restores a claim without data
as an empty volume and calls the restore Completed; a volume with policy Retain it attaches as it
is, production's storage included (`pkg/restore/restore.go`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from drills import objects
from drills.backups import Absence, BackedUpObject, BackedUpVolume
from drills.engines.velero import findable
from drills.engines.velero.counted import all_read
from drills.engines.velero.findable import SNAPSHOT_ANNOTATION, Miss, uploads_by_claim
from drills.engines.velero.pod_volumes import Claim, PodVolumes, by_claim
from drills.engines.velero.skips import Asked, Bystanders, Skip, absence_of, skip_of
from drills.objects import KubeObject

NONE = "none"
DATA_MOVER = "DataMover"
POD_VOLUME = "PodVolumeBackup"
CSI = "CSISnapshot"
NATIVE = "NativeSnapshot"

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
    """What the backup says of its volumes, from several files; None stands for not looked at."""

    info: tuple[KubeObject, ...] | None
    """None where there is no volumeinfo file (Velero before 1.13)."""
    pod_volume_backups: tuple[KubeObject, ...]
    native_snapshots: tuple[KubeObject, ...] | None = None
    data_uploads: tuple[KubeObject, ...] | None = None
    """As they are archived once their data has been moved."""
    snapshots: Mapping[Claim, KubeObject] | None = None
    """The archived VolumeSnapshots, by namespace and name."""
    contents: Mapping[str, KubeObject] | None = None
    """The archived VolumeSnapshotContents, by name."""
    pods: tuple[PodVolumes, ...] | None = None
    """The archived pods."""
    asked: Asked | None = None
    """What the backup was asked for."""


class _Index:
    """The sources by what they are looked up by, so that cost grows with the claims alone."""

    def __init__(self, volumes: Iterable[BackedUpObject], sources: VolumeSources) -> None:
        self.sources = sources
        self.volumes = {volume.key.name: volume for volume in volumes}
        self._info: dict[Claim, KubeObject] = {}
        for row in sources.info or ():
            named = (objects.text(row, "pvcNamespace"), objects.text(row, "pvcName"))
            self._info.setdefault(named, row)
        self._saved: dict[tuple[str, str], list[KubeObject]] = defaultdict(list)
        self._saved_by_uid: dict[tuple[str, str], list[KubeObject]] = defaultdict(list)
        for backup in sources.pod_volume_backups:
            self._file(backup)
        uploads = sources.data_uploads
        self._uploads = None if uploads is None else uploads_by_claim(uploads)
        self._operations = {objects.labels(one).get(OPERATION_LABEL): one for one in uploads or ()}
        taken = sources.native_snapshots
        self.taken = None if taken is None else _by_volume(taken)
        self._mounts = None if sources.pods is None else by_claim(sources.pods)
        self.pods = None if sources.pods is None else _pods(sources.pods)

    def row(self, claim: Claim) -> KubeObject:
        """Return what volumeinfo says of a claim."""
        return self._info.get(claim, {})

    def saved(self, claim: BackedUpObject) -> tuple[KubeObject, ...]:
        """Return a claim's PodVolumeBackups: by annotation, else by the claim's uid."""
        key, uid = (claim.key.namespace, claim.key.name), objects.uid(claim.body)
        found = list(self._saved.get(key, ()))
        known = {id(backup) for backup in found}
        more = self._saved_by_uid.get((claim.key.namespace, uid), ()) if uid else ()
        return (*found, *(backup for backup in more if id(backup) not in known))

    def uploads(self, claim: Claim) -> tuple[KubeObject, ...] | None:
        """Return a claim's DataUploads, None where they were not looked at."""
        return None if self._uploads is None else self._uploads.get(claim, ())

    def moved_by(self, operation: str) -> tuple[KubeObject, ...]:
        """Return the DataUpload of an operation."""
        found = self._operations.get(operation) if operation else None
        return () if found is None else (found,)

    def mounts(self, claim: Claim) -> tuple[PodVolumes, ...] | None:
        """Return the pods that mount a claim, None where pods were not looked at."""
        return None if self._mounts is None else self._mounts.get(claim, ())

    def around(self, claim: BackedUpObject, bound: str) -> Bystanders:
        """Return what the archive shows around a claim."""
        volume = self.volumes.get(bound)
        return Bystanders(
            claim=claim.key.name,
            phase=objects.text(claim.body, "status", "phase"),
            mounts=self.mounts((claim.key.namespace, claim.key.name)),
            host_path=volume is not None and bool(objects.mapping(volume.body, "spec", "hostPath")),
        )

    def _file(self, backup: KubeObject) -> None:
        where = objects.text(backup, "spec", "pod", "namespace")
        name = objects.mapping(backup, "metadata", "annotations").get(CLAIM_ANNOTATION)
        if isinstance(name, str):
            self._saved[where, name].append(backup)
        if uid := objects.text(backup, "spec", "tags", "pvc-uid"):
            self._saved_by_uid[where, uid].append(backup)


def volumes_of(
    claims: Iterable[BackedUpObject], volumes: Iterable[BackedUpObject], sources: VolumeSources
) -> tuple[BackedUpVolume, ...]:
    """Return one entry for each claim that ever had a volume and outlives its pod."""
    index = _Index(volumes, sources)
    return tuple(_volume(claim, index) for claim in claims if not _without_own_data(claim, index))


def forgotten(
    claims: Iterable[BackedUpObject], pods: Iterable[PodVolumes]
) -> tuple[BackedUpObject, ...]:
    """Return the claims that had lost their volume in the source and that no pod mounts."""
    mounts = by_claim(pods)
    return tuple(c for c in claims if _lost(c) and not mounts.get((c.key.namespace, c.key.name)))


def _lost(claim: BackedUpObject) -> bool:
    return objects.text(claim.body, "status", "phase") == "Lost"


def _without_own_data(claim: BackedUpObject, index: _Index) -> bool:
    """Return True for a claim that was never bound, or whose data ends with its pod.

    So is one that was Lost in the source and that no pod mounts: nobody would miss it.
    """
    bound = objects.text(claim.body, "spec", "volumeName")
    mounts = index.mounts((claim.key.namespace, claim.key.name))
    forgotten = _lost(claim) and mounts == () and not index.saved(claim)
    return not bound or (claim.owner or "").startswith("Pod/") or forgotten


def _volume(claim: BackedUpObject, index: _Index) -> BackedUpVolume:
    bound = objects.text(claim.body, "spec", "volumeName")
    key = (claim.key.namespace, claim.key.name)
    persistent, row = index.volumes.get(bound), index.row(key)
    found = _from_info(claim, row, index) if row else _without_info(claim, bound, index)
    policy = _policy(persistent, row)
    return replace(
        found,
        claim=claim.key.name,
        namespace=claim.key.namespace,
        volume=bound,
        reclaim_policy=policy,
        restored_as_is=persistent is not None and policy != "Delete" and _untouched(found, row),
        never_binds=persistent is None and _keeps_volume(claim, found),
    )


def _keeps_volume(claim: BackedUpObject, found: BackedUpVolume) -> bool:
    """Return whether the restored claim asks for its old volume though nobody brings that one.

    Velero takes `spec.volumeName` off where it came across the volume itself, or where the CSI
    action did (v1.10 to v1.18 `pkg/restore/restore.go`, pvsToProvision; `csi/pvc_action.go`).
    """
    annotations = objects.mapping(claim.body, "metadata", "annotations")
    return found.method not in {CSI, DATA_MOVER} and SNAPSHOT_ANNOTATION not in annotations


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


def _from_info(claim: BackedUpObject, row: KubeObject, index: _Index) -> BackedUpVolume:
    if objects.mapping(row).get("skipped") is True:
        around = index.around(claim, objects.text(claim.body, "spec", "volumeName"))
        return _skipped(skip_of(objects.text(row, "skippedReason"), index.sources.asked, around))
    method = objects.text(row, "backupMethod") or NONE
    if method == CSI and objects.mapping(row).get("snapshotDataMoved") is True:
        method = DATA_MOVER
    details = objects.mapping(row, _DETAILS.get(method, ""))
    backups = index.saved(claim)
    if method == DATA_MOVER:
        backups = index.moved_by(objects.text(details, "operationID"))
    reason = _trouble(method, row, details, backups)
    miss = None if reason else _miss(method, claim, backups, index)
    found = _entry(
        method=method,
        size=_size(details),
        reason=reason,
        instant=objects.instant(row, "startTimestamp"),
        miss=miss,
    )
    if found.has_data and method in {POD_VOLUME, DATA_MOVER} and _was_empty(backups):
        found = replace(found, was_empty=True)
    found = replace(
        found,
        uploader=_uploader(details),
        all_read=all_read(found.bytes, objects.number(details, "incrementalSize")),
    )
    if method == DATA_MOVER and found.has_data and index.sources.data_uploads is not None:
        return replace(found, doubt=findable.unmarked(claim))
    return found


def _miss(
    method: str, claim: BackedUpObject, backups: tuple[KubeObject, ...], index: _Index
) -> Miss | None:
    """Return why a restore would not find data that was saved."""
    sources = index.sources
    if method == DATA_MOVER:
        key = (claim.key.namespace, claim.key.name)
        row = index.row(key)
        named = objects.text(row, "snapshotDataMovementInfo", "snapshotHandle")
        uploads = index.uploads(key) or (None if index.sources.data_uploads is None else backups)
        return findable.of_data_movement(claim, uploads, moved=bool(named) or not row)
    if method == CSI:
        return findable.of_csi_snapshot(claim, sources.snapshots, sources.contents)
    if method == NATIVE:
        volume = objects.text(claim.body, "spec", "volumeName")
        return findable.of_native_snapshot(volume, index.taken)
    whole = tuple(one for one in backups if _not_completed((one,)) is None)
    return findable.of_pod_volume(whole, index.pods)


def _trouble(
    method: str, row: KubeObject, details: KubeObject, backups: tuple[KubeObject, ...]
) -> str | None:
    """Return why the data is not there, None where everything says that it is."""
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
    """Velero restores pod volumes by their PodVolumeBackup, whatever volumeinfo says.

    One without a snapshot ID is passed over (v1.10 to v1.18 `pkg/podvolume/util.go`).
    """
    states = [objects.text(backup, "status", "phase") or "New" for backup in backups]
    if not states:
        return "there is no PodVolumeBackup for it"
    if "Completed" not in states:
        return f"its PodVolumeBackup is {states[0]}"
    named = any(objects.text(backup, "status", "snapshotID") for backup in backups)
    return None if named or _was_empty(backups) else "its PodVolumeBackup names no snapshot"


def _without_info(claim: BackedUpObject, bound: str, index: _Index) -> BackedUpVolume:
    """Read what Velero wrote without volumeinfo: before 1.13, or of a volume not archived."""
    backups = index.saved(claim)
    if backups:
        best = next((b for b in backups if not _not_completed((b,))), backups[0])
        size = objects.number(best, "status", "progress", "totalBytes")
        found = _entry(
            method=POD_VOLUME,
            size=size,
            reason=_not_completed((best,)),
            instant=objects.instant(best, "status", "startTimestamp"),
            miss=_miss(POD_VOLUME, claim, backups, index),
        )
        return replace(
            found,
            was_empty=found.has_data and _was_empty((best,)),
            uploader=objects.text(best, "spec", "uploaderType"),
            all_read=all_read(size, objects.number(best, "status", "incrementalBytes")),
        )
    if bound in (index.taken or {}):
        return _entry(
            method=NATIVE,
            size=None,
            reason=None,
            instant=None,
            miss=findable.of_native_snapshot(bound, index.taken),
        )
    if index.uploads((claim.key.namespace, claim.key.name)):
        return _entry(
            method=DATA_MOVER,
            size=None,
            reason=None,
            instant=None,
            miss=_miss(DATA_MOVER, claim, (), index),
        )
    annotations = objects.mapping(claim.body, "metadata", "annotations")
    if index.sources.info is None and SNAPSHOT_ANNOTATION in annotations:
        miss = _miss(CSI, claim, (), index)
        return _entry(method=CSI, size=None, reason=None, instant=None, miss=miss)
    return _skipped(absence_of(index.sources.asked, index.around(claim, bound)))


def _by_volume(snapshots: Iterable[KubeObject]) -> Mapping[str, KubeObject]:
    """Return the native snapshots by volume, a completed one before others."""
    found: dict[str, KubeObject] = {}
    for snapshot in snapshots:
        name = objects.text(snapshot, "spec", "persistentVolumeName")
        if name not in found or objects.text(snapshot, "status", "phase") == "Completed":
            found[name] = snapshot
    return found


def _pods(pods: Iterable[PodVolumes]) -> findable.Pods:
    known = {(pod.namespace, pod.name): pod for pod in pods}
    return findable.Pods(known, frozenset(namespace for namespace, _ in known))


def _skipped(skip: Skip) -> BackedUpVolume:
    none = _entry(method=NONE, size=None, reason=skip.message, instant=None)
    return replace(none, absence=skip.absence, remedy=skip.remedy)


def _entry(
    *,
    method: str,
    size: int | None,
    reason: str | None,
    instant: datetime | None,
    miss: Miss | None = None,
) -> BackedUpVolume:
    sure = miss is not None and miss.sure
    absence = Absence.UNREACHABLE if sure else None
    if reason is not None:
        absence = Absence.LOST
    return BackedUpVolume(
        claim="",
        namespace="",
        volume="",
        method=method,
        bytes=size,
        has_data=absence is None,
        reason=reason or (miss.why if miss and sure else ""),
        data_instant=instant if absence is None else None,
        absence=absence,
        remedy=miss.remedy if miss and not reason else "",
        doubt=miss.why if miss and not sure else "",
    )


def _uploader(details: KubeObject) -> str:
    """Return what moved the data; a data mover that is not Velero's own goes by its own name."""
    mover = objects.text(details, "dataMover")
    return mover if mover not in {"", "velero"} else objects.text(details, "uploaderType")


def _size(details: KubeObject) -> int | None:
    size = details.get("size")
    return size if isinstance(size, int) else None
