"""Volumes whose data cannot come back in this cluster, known before the restore.

In: the order and the target cluster. Out: an Unfillable for each such method. Sources (v1.18): a
native snapshot's location is looked up by name and a missing one ends that volume's restore
(`pkg/restore/restore.go`, `pkg/restore/pv_restorer.go`); a CSI snapshot comes back through
VolumeSnapshot objects (`pkg/restore/actions/csi`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from drills.backups import BackedUpVolume
from drills.engine import RestoreOrder, Unfillable
from drills.engines.velero.kinds import V1
from drills.engines.velero.site import Site
from drills.engines.velero.volumes import CSI, DATA_MOVER, NATIVE, POD_VOLUME
from drills.errors import NotServed, OutsideRefused
from drills.ports import Abilities, Kind, VolumeMeans

MEANS: Mapping[str, VolumeMeans] = {
    POD_VOLUME: VolumeMeans.FILES,
    CSI: VolumeMeans.CSI_SNAPSHOT,
    NATIVE: VolumeMeans.NATIVE_SNAPSHOT,
    DATA_MOVER: VolumeMeans.DATA_MOVEMENT,
}
SNAPSHOT = Kind("snapshot.storage.k8s.io/v1", "VolumeSnapshot")
SNAPSHOT_LOCATION = Kind(V1, "VolumeSnapshotLocation")


def unfillable(site: Site, order: RestoreOrder) -> Iterator[Unfillable]:
    """Yield what this cluster cannot fill; what cannot be asked is left to the restore."""
    by_method: dict[str, list[BackedUpVolume]] = defaultdict(list)
    for volume in order.inventory.volumes:
        if volume.namespace in order.namespaces and volume.has_data:
            by_method[volume.method].append(volume)
    abilities = site.ports.cluster.abilities()
    for method, volumes in by_method.items():
        means = MEANS.get(method)
        limit = _limit(site, means, abilities) if means else None
        if means and limit:
            yield Unfillable(
                means=str(means),
                claims=tuple((volume.namespace, volume.claim) for volume in volumes),
                why=limit.why,
                remedy=limit.remedy,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """Why a cluster cannot, and what to do."""

    why: str
    remedy: str


def _limit(site: Site, means: VolumeMeans, abilities: Abilities) -> _Limit | None:
    """Return what keeps the cluster from it, None where nothing speaks against it."""
    if not abilities.fills(means):
        name = abilities.name[:1].upper() + abilities.name[1:]
        remedy = (
            "Drill on a real cluster with the same storage for the data; here objects and volumes "
            "by file-system backup can be drilled."
        )
        why = f"{name} has no storage system and brings back no volume by {means}"
        return _Limit(why=why, remedy=remedy)
    if means is VolumeMeans.CSI_SNAPSHOT and not _serves(site, SNAPSHOT):
        remedy = (
            "Install the CSI snapshot CRDs, the snapshot controller and the driver, or drill on a "
            "cluster that has them."
        )
        why = f"This cluster does not serve {SNAPSHOT.api_version}, by which a {means} comes back"
        return _Limit(why=why, remedy=remedy)
    if means is VolumeMeans.NATIVE_SNAPSHOT and _none(site, SNAPSHOT_LOCATION):
        remedy = (
            "Create the VolumeSnapshotLocation that the backup names, with its plugin and its "
            "credentials, or drill on a cluster that has it."
        )
        where = f"Namespace {site.namespace} has no VolumeSnapshotLocation"
        return _Limit(why=f"{where}, by which a {means} comes back", remedy=remedy)
    return None


def _serves(site: Site, kind: Kind) -> bool:
    try:
        site.ports.cluster.served(kind)
    except NotServed:
        return False
    except OutsideRefused:
        return True
    return True


def _none(site: Site, kind: Kind) -> bool:
    try:
        return not site.ports.cluster.list(kind, site.namespace, metadata_only=True)
    except OutsideRefused:
        return False
