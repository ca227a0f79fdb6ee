"""What became of each claim's data in the sandbox, by Velero's own objects. Pure.

In: PodVolumeRestores and DataDownloads of the restore, its volumeinfo, the order. Out: one
RestoredVolume for each claim in scope, and how long the data took.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from drills import objects
from drills.backups import BackedUpVolume
from drills.engine import RestoredVolume, RestoreOrder
from drills.engines.velero.ending import OUTSIDE
from drills.engines.velero.volumes import DATA_MOVER, POD_VOLUME
from drills.objects import KubeObject

RESTORED, EMPTY, FAILED, UNKNOWN = "restored", "empty", "failed", "unknown"
INTERRUPTED = "interrupted"
NOT_BEGUN = re.compile(r"context cancell?ed|error to expose|hosting pod", re.IGNORECASE)
"""Words of a node agent that was stopped, or could not start the pod that moves the data: `error to
expose PVR: error to create hosting pod: ... context canceled` (seen with v1.18)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeWork:
    """What Velero said of volume data in one restore."""

    pod_volume_restores: tuple[KubeObject, ...] = ()
    data_downloads: tuple[KubeObject, ...] = ()
    info: tuple[KubeObject, ...] = ()
    unread: bool = False
    """True where these objects could not be listed."""
    snapshots: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Of claims made of snapshots, by namespace in the sandbox and name: what the storage said."""


def restored_volumes(order: RestoreOrder, work: VolumeWork) -> tuple[RestoredVolume, ...]:
    """Return one entry for each claim in scope."""
    return tuple(
        _restored(volume, order, work)
        for volume in order.inventory.volumes
        if volume.namespace in order.namespaces
    )


def volume_seconds(work: VolumeWork) -> float | None:
    """Return the seconds from the first mover's start to the last one's end, None if unknown."""
    movers = (*work.pod_volume_restores, *work.data_downloads)
    starts = _instants(movers, "startTimestamp")
    ends = _instants(movers, "completionTimestamp")
    return (max(ends) - min(starts)).total_seconds() if starts and ends else None


def _instants(movers: Iterable[KubeObject], word: str) -> list[datetime]:
    found = (objects.instant(mover, "status", word) for mover in movers)
    return [instant for instant in found if instant is not None]


def _restored(volume: BackedUpVolume, order: RestoreOrder, work: VolumeWork) -> RestoredVolume:
    target = order.namespaces[volume.namespace]
    if not volume.has_data:
        return _entry(volume, None, EMPTY)
    if volume.method == POD_VOLUME:
        pods = _volumes_in_pods(order, volume) | _from_info(work.info, target, volume.claim)
        return _by_mover(volume, _pod_volume_restore(work, target, pods), work)
    if volume.method == DATA_MOVER:
        return _by_mover(volume, _data_download(work, target, volume.claim), work)
    said = work.snapshots.get((target, volume.claim), RESTORED)
    if said != RESTORED:
        return _entry(volume, None, said)
    listed = any(_is_claim(row, target, volume.claim) for row in work.info)
    return _entry(volume, volume.bytes if listed else None, RESTORED if listed else UNKNOWN)


def _by_mover(volume: BackedUpVolume, mover: KubeObject | None, work: VolumeWork) -> RestoredVolume:
    """Judge by the object that moved the data; without one the claim came back empty.

    Velero cancels movers when server or node agent start again, never for what is in the backup.
    """
    if mover is None:
        return _entry(volume, None, UNKNOWN if work.unread else EMPTY)
    state = objects.text(mover, "status", "phase")
    moved = objects.number(mover, "status", "progress", "bytesDone")
    if state in {"Canceled", "Canceling"}:
        return _entry(volume, moved, INTERRUPTED)
    if state == "Failed":
        said = objects.text(mover, "status", "message")
        outside = OUTSIDE.search(said) or NOT_BEGUN.search(said)
        return _entry(volume, moved, INTERRUPTED if outside else FAILED)
    if state != "Completed":
        return _entry(volume, moved, UNKNOWN)
    return _entry(volume, moved, EMPTY if volume.bytes and not moved else RESTORED)


def _pod_volume_restore(
    work: VolumeWork, target: str, pods: frozenset[tuple[str, str]]
) -> KubeObject | None:
    for mover in work.pod_volume_restores:
        pod = objects.mapping(mover, "spec", "pod")
        named = (objects.text(pod, "name"), objects.text(mover, "spec", "volume"))
        if objects.text(pod, "namespace") == target and named in pods:
            return mover
    return None


def _data_download(work: VolumeWork, target: str, claim: str) -> KubeObject | None:
    for mover in work.data_downloads:
        volume = objects.mapping(mover, "spec", "targetVolume")
        if (objects.text(volume, "namespace"), objects.text(volume, "pvc")) == (target, claim):
            return mover
    return None


def _volumes_in_pods(order: RestoreOrder, volume: BackedUpVolume) -> frozenset[tuple[str, str]]:
    """Return (pod, its volume's name) for each pod of the backup that mounts the claim."""
    return frozenset(
        (pod.key.name, objects.text(mount, "name"))
        for pod in order.inventory.objects
        if pod.key.resource == "pods" and pod.key.namespace == volume.namespace
        for mount in objects.items(pod.body, "spec", "volumes")
        if objects.text(mount, "persistentVolumeClaim", "claimName") == volume.claim
    )


def _from_info(rows: Iterable[KubeObject], target: str, claim: str) -> frozenset[tuple[str, str]]:
    return frozenset(
        (objects.text(row, "pvrInfo", "podName"), objects.text(row, "pvrInfo", "volumeName"))
        for row in rows
        if _is_claim(row, target, claim)
    )


def _is_claim(row: Mapping[str, object], target: str, claim: str) -> bool:
    return (objects.text(row, "pvcNamespace"), objects.text(row, "pvcName")) == (target, claim)


def _entry(volume: BackedUpVolume, size: int | None, outcome: str) -> RestoredVolume:
    return RestoredVolume(
        claim=volume.claim,
        namespace=volume.namespace,
        method=volume.method,
        bytes=size,
        outcome=outcome,
    )
