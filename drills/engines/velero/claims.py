"""What became of each claim's data in the sandbox, by Velero's own objects. Pure.

In: PodVolumeRestores and DataDownloads of the restore, its volumeinfo, the order. Out: one
RestoredVolume for each claim in scope, and how long the data took.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from drills import objects
from drills.backups import BackedUpVolume
from drills.engine import RestoredVolume, RestoreOrder
from drills.engines.velero.counted import EMPTY, FAILED, RESTORED, compared
from drills.engines.velero.ending import OUTSIDE
from drills.engines.velero.remarks import unasked
from drills.engines.velero.volumes import DATA_MOVER, POD_VOLUME
from drills.findings import Finding
from drills.objects import KubeObject

UNKNOWN, INTERRUPTED = "unknown", "interrupted"
DAMAGED = re.compile(
    r"corrupt|checksum|(snapshot|manifest|blob|object|content)\b.{0,80}\bnot found",
    re.IGNORECASE,
)
"""Words of a repository that has lost what a snapshot needs; they are kopia's."""
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


class _Work:
    """What Velero said, by what it is looked up by: there may be thousands of each."""

    def __init__(self, order: RestoreOrder, work: VolumeWork) -> None:
        self.unread = work.unread
        self.snapshots = work.snapshots
        self.listed = {(_text(row, "pvcNamespace"), _text(row, "pvcName")) for row in work.info}
        self._fillings = {
            (_text(pod, "namespace"), _text(pod, "name"), _text(mover, "spec", "volume")): mover
            for mover in reversed(work.pod_volume_restores)
            for pod in (objects.mapping(mover, "spec", "pod"),)
        }
        self._downloads = {
            (_text(volume, "namespace"), _text(volume, "pvc")): mover
            for mover in reversed(work.data_downloads)
            for volume in (objects.mapping(mover, "spec", "targetVolume"),)
        }
        self._places: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        for claim, place in (*_by_info(work.info), *_by_pods(order)):
            self._places[claim].append(place)

    def filling(self, target: str, claim: str) -> KubeObject | None:
        """Return the PodVolumeRestore of a claim, by any pod that mounts it."""
        for pod, volume in self._places.get((target, claim), ()):
            if (target, pod, volume) in self._fillings:
                return self._fillings[target, pod, volume]
        return None

    def download(self, target: str, claim: str) -> KubeObject | None:
        """Return the DataDownload of a claim."""
        return self._downloads.get((target, claim))


_text = objects.text


def restored_volumes(order: RestoreOrder, work: VolumeWork) -> tuple[RestoredVolume, ...]:
    """Return one entry for each claim in scope."""
    said = _Work(order, work)
    return tuple(
        _restored(volume, order.namespaces[volume.namespace], said)
        for volume in order.inventory.volumes
        if volume.namespace in order.namespaces
    )


def volume_seconds(work: VolumeWork) -> float | None:
    """Return the seconds from the first mover's start to the last one's end, None if unknown."""
    movers = (*work.pod_volume_restores, *work.data_downloads)
    starts = _instants(movers, "startTimestamp")
    ends = _instants(movers, "completionTimestamp")
    return (max(ends) - min(starts)).total_seconds() if starts and ends else None


def mover_findings(work: VolumeWork) -> Iterator[Finding]:
    """Yield what a mover that failed says, where its words blame nobody that is known."""
    for mover in (*work.pod_volume_restores, *work.data_downloads):
        said = objects.text(mover, "status", "message")
        known = OUTSIDE.search(said) or NOT_BEGUN.search(said) or DAMAGED.search(said)
        if objects.text(mover, "status", "phase") == "Failed" and not known:
            yield unasked(
                "volume-mover-failed",
                f"{objects.text(mover, 'kind') or 'mover'} {objects.name(mover)}",
                f"It failed, and why is not known to this tool: {said or 'it does not say'}.",
                "Look into the node-agent's log on that node, and check the volume repository "
                "(verify --bucket); then drill again.",
            )


def _instants(movers: Iterable[KubeObject], word: str) -> list[datetime]:
    found = (objects.instant(mover, "status", word) for mover in movers)
    return [instant for instant in found if instant is not None]


def _restored(volume: BackedUpVolume, target: str, work: _Work) -> RestoredVolume:
    if not volume.has_data:
        return _entry(volume, None, EMPTY)
    if volume.method == POD_VOLUME:
        return _by_mover(volume, work.filling(target, volume.claim), work)
    if volume.method == DATA_MOVER:
        return _by_mover(volume, work.download(target, volume.claim), work)
    said = work.snapshots.get((target, volume.claim), RESTORED)
    if said != RESTORED:
        return _entry(volume, None, said)
    listed = (target, volume.claim) in work.listed
    return _entry(volume, volume.bytes if listed else None, RESTORED if listed else UNKNOWN)


def _by_mover(volume: BackedUpVolume, mover: KubeObject | None, work: _Work) -> RestoredVolume:
    """Judge by the object that moved the data; without one the claim came back empty.

    Velero cancels movers when server or node agent start again, never for what is in the backup.
    One that failed blames the backup only in words of a damaged repository; see `mover_findings`.
    """
    if mover is None:
        return _unmoved(volume, work)
    state = objects.text(mover, "status", "phase")
    moved = objects.number(mover, "status", "progress", "bytesDone")
    if state in {"Canceled", "Canceling"}:
        return _entry(volume, moved, INTERRUPTED)
    if state == "Failed":
        said = objects.text(mover, "status", "message")
        if OUTSIDE.search(said) or NOT_BEGUN.search(said):
            return _entry(volume, moved, INTERRUPTED)
        return _entry(volume, moved, FAILED if DAMAGED.search(said) else UNKNOWN)
    if state != "Completed":
        return _entry(volume, moved, UNKNOWN)
    total = objects.number(mover, "status", "progress", "totalBytes")
    return _entry(volume, moved, compared(volume, moved, total))


def _unmoved(volume: BackedUpVolume, work: _Work) -> RestoredVolume:
    """Velero moves nothing for a volume that was empty when it was read: it is as it was."""
    if volume.was_empty:
        return _entry(volume, 0, RESTORED)
    return _entry(volume, None, UNKNOWN if work.unread else EMPTY)


Place = tuple[str, str]
"""A pod's name, and its own name for the volume."""


def _by_pods(order: RestoreOrder) -> Iterator[tuple[tuple[str, str], Place]]:
    """Yield (target namespace, claim) and place for each claim that a pod of the backup mounts."""
    for pod in order.inventory.objects:
        if pod.key.resource == "pods" and pod.key.namespace in order.namespaces:
            for mount in objects.items(pod.body, "spec", "volumes"):
                claim = objects.text(mount, "persistentVolumeClaim", "claimName")
                target = order.namespaces[pod.key.namespace]
                yield (target, claim), (pod.key.name, objects.text(mount, "name"))


def _by_info(rows: Iterable[KubeObject]) -> Iterator[tuple[tuple[str, str], Place]]:
    for row in rows:
        place = (_text(row, "pvrInfo", "podName"), _text(row, "pvrInfo", "volumeName"))
        yield (_text(row, "pvcNamespace"), _text(row, "pvcName")), place


def _entry(volume: BackedUpVolume, size: int | None, outcome: str) -> RestoredVolume:
    return RestoredVolume(
        claim=volume.claim,
        namespace=volume.namespace,
        method=volume.method,
        bytes=size,
        outcome=outcome,
    )
