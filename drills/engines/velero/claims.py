"""What became of each claim's data in the sandbox, by Velero's own objects. Pure.

In: PodVolumeRestores and DataDownloads of the restore, its volumeinfo, the order. Out: one
RestoredVolume for each claim in scope, and how long the data took.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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


def restored_volumes(order: RestoreOrder, work: VolumeWork) -> tuple[RestoredVolume, ...]:
    """Return one entry for each claim in scope."""
    found = _Found.of(order, work)
    return tuple(
        _restored(volume, order.namespaces[volume.namespace], found)
        for volume in order.inventory.volumes
        if volume.namespace in order.namespaces
    )


Place = tuple[str, str]
Mount = tuple[str, str, str]
"""Namespace, pod, name of the pod's volume."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Velero's objects by what they moved, so that each claim finds its own at once."""

    mounts: Mapping[Place, Sequence[Mount]]
    """By claim of the source: where the backup's pods mount it, with the sandbox's namespace."""
    told: Mapping[Place, Sequence[Mount]]
    """By claim in the sandbox: where volumeinfo says that it was filled; empty, but there, for
    one that it lists without saying."""
    pod_volume_restores: Mapping[Mount, tuple[int, KubeObject]]
    data_downloads: Mapping[Place, KubeObject]
    unread: bool

    @classmethod
    def of(cls, order: RestoreOrder, work: VolumeWork) -> "_Found":
        mounts: dict[Place, list[Mount]] = defaultdict(list)
        for obj in order.inventory.objects:
            if obj.key.resource == "pods" and obj.key.namespace in order.namespaces:
                for name, claim in _mounted(obj.body):
                    target = order.namespaces[obj.key.namespace]
                    mounts[obj.key.namespace, claim].append((target, obj.key.name, name))
        told: dict[Place, list[Mount]] = defaultdict(list)
        for row in work.info:
            place = (objects.text(row, "pvcNamespace"), objects.text(row, "pvcName"))
            said = objects.mapping(row, "pvrInfo")
            pod, name = objects.text(said, "podName"), objects.text(said, "volumeName")
            told[place].append((place[0], pod, name))
        return cls(
            mounts=mounts,
            told=told,
            pod_volume_restores=_by_mount(work.pod_volume_restores),
            data_downloads=_by_claim(work.data_downloads),
            unread=work.unread,
        )


def _mounted(pod: object) -> Iterator[tuple[str, str]]:
    """Yield the pod's name of each of its volumes, and the claim behind it."""
    for volume in objects.items(pod, "spec", "volumes"):
        claim = objects.text(volume, "persistentVolumeClaim", "claimName")
        if claim:
            yield objects.text(volume, "name"), claim


def _by_mount(movers: Iterable[KubeObject]) -> dict[Mount, tuple[int, KubeObject]]:
    found: dict[Mount, tuple[int, KubeObject]] = {}
    for number, mover in enumerate(movers):
        pod = objects.mapping(mover, "spec", "pod")
        place = (objects.text(pod, "namespace"), objects.text(pod, "name"))
        found.setdefault((*place, objects.text(mover, "spec", "volume")), (number, mover))
    return found


def _by_claim(movers: Iterable[KubeObject]) -> dict[Place, KubeObject]:
    found: dict[Place, KubeObject] = {}
    for mover in movers:
        volume = objects.mapping(mover, "spec", "targetVolume")
        place = (objects.text(volume, "namespace"), objects.text(volume, "pvc"))
        found.setdefault(place, mover)
    return found


def volume_seconds(work: VolumeWork) -> float | None:
    """Return the seconds from the first mover's start to the last one's end, None if unknown."""
    movers = (*work.pod_volume_restores, *work.data_downloads)
    starts = _instants(movers, "startTimestamp")
    ends = _instants(movers, "completionTimestamp")
    return (max(ends) - min(starts)).total_seconds() if starts and ends else None


def _instants(movers: Iterable[KubeObject], word: str) -> list[datetime]:
    found = (objects.instant(mover, "status", word) for mover in movers)
    return [instant for instant in found if instant is not None]


def _restored(volume: BackedUpVolume, target: str, found: _Found) -> RestoredVolume:
    if not volume.has_data:
        return _entry(volume, None, EMPTY)
    place = (target, volume.claim)
    if volume.method == POD_VOLUME:
        mounts = (
            *found.mounts.get((volume.namespace, volume.claim), ()),
            *found.told.get(place, ()),
        )
        movers = [
            found.pod_volume_restores[one] for one in mounts if one in found.pod_volume_restores
        ]
        first = min(movers, key=lambda one: one[0], default=(0, None))
        return _by_mover(volume, first[1], unread=found.unread)
    if volume.method == DATA_MOVER:
        return _by_mover(volume, found.data_downloads.get(place), unread=found.unread)
    listed = place in found.told
    return _entry(volume, volume.bytes if listed else None, RESTORED if listed else UNKNOWN)


def _by_mover(volume: BackedUpVolume, mover: KubeObject | None, *, unread: bool) -> RestoredVolume:
    """Judge by the object that moved the data; without one the claim came back empty.

    Velero cancels movers when server or node agent start again, never for what is in the backup.
    """
    if mover is None:
        return _entry(volume, None, UNKNOWN if unread else EMPTY)
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


def _entry(volume: BackedUpVolume, size: int | None, outcome: str) -> RestoredVolume:
    return RestoredVolume(
        claim=volume.claim,
        namespace=volume.namespace,
        method=volume.method,
        bytes=size,
        outcome=outcome,
    )
