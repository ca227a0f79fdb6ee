"""The sources of volume facts out of what an archive holds. Pure.

Used by a drill's verify stage and by `verify --bucket` alike, so that both know the same.
"""

from collections.abc import Iterable

from drills import objects
from drills.backups import BackedUpObject, BackedUpVolume
from drills.engines.velero.judgement import DATA_UPLOADS, SNAPSHOT_CONTENTS, SNAPSHOTS
from drills.engines.velero.pod_volumes import PodVolumes, pod_volumes
from drills.engines.velero.skips import asked_of
from drills.engines.velero.volumes import VolumeSources, volumes_of
from drills.objects import KubeObject

CLAIMS, VOLUMES, PODS = "persistentvolumeclaims", "persistentvolumes", "pods"
Rows = tuple[KubeObject, ...]


def sources_of(
    found: Iterable[BackedUpObject],
    *,
    pods: Iterable[PodVolumes],
    backup: KubeObject | None,
    info: Rows | None,
    pod_volume_backups: Rows,
    native_snapshots: Rows | None,
) -> VolumeSources:
    """Return the sources; `found` are the archive's objects, or those of them that bear on volumes.

    `info`, `native_snapshots` and `backup` are None where they were not read.
    """
    kinds: dict[str, list[BackedUpObject]] = {
        DATA_UPLOADS: [],
        SNAPSHOTS: [],
        SNAPSHOT_CONTENTS: [],
    }
    for obj in found:
        if obj.key.resource in kinds:
            kinds[obj.key.resource].append(obj)
    return VolumeSources(
        info=info,
        pod_volume_backups=pod_volume_backups,
        native_snapshots=native_snapshots,
        data_uploads=tuple(obj.body for obj in kinds[DATA_UPLOADS] if obj.body),
        snapshots={(o.key.namespace, o.key.name): o.body or {} for o in kinds[SNAPSHOTS]},
        contents={o.key.name: o.body or {} for o in kinds[SNAPSHOT_CONTENTS]},
        pods=tuple(pods),
        asked=None if backup is None else asked_of(backup),
    )


def pods_of(found: Iterable[BackedUpObject]) -> tuple[PodVolumes, ...]:
    """Return what is kept of the pods among `found`."""
    return tuple(pod_volumes(obj) for obj in found if obj.key.resource == PODS)


def claims_in(found: Iterable[BackedUpObject]) -> Iterable[BackedUpObject]:
    """Return the claims among `found`."""
    return (obj for obj in found if obj.key.resource == CLAIMS)


def without_volume(found: Iterable[BackedUpObject]) -> frozenset[tuple[str, str]]:
    """Return the claims, by namespace and name, whose PersistentVolume is not among `found`."""
    members = tuple(found)
    held = {obj.key.name for obj in members if obj.key.resource == VOLUMES}
    return frozenset(
        (claim.key.namespace, claim.key.name)
        for claim in claims_in(members)
        if (name := objects.text(claim.body, "spec", "volumeName")) and name not in held
    )


def archived_volumes(
    found: Iterable[BackedUpObject], sources: VolumeSources
) -> tuple[BackedUpVolume, ...]:
    """Return the claims among `found` with their volumes."""
    members = tuple(found)
    return volumes_of(
        claims_in(members),
        (obj for obj in members if obj.key.resource == VOLUMES),
        sources,
    )
