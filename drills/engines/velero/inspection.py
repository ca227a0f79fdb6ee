"""Reads one backup of the cluster wholly and says what it holds and what is wrong with it.

In: the Backup and the namespaces in scope. Out: an Inspection. Damage becomes a critical finding,
what kept us from reading becomes an unanswered one; neither is raised. Reading and judging are
those of `verify --bucket` (`reader/`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from drills import objects
from drills.backups import BackedUpVolume, Backup, Inventory
from drills.engine import Inspection
from drills.engines.velero.kinds import BACKUP
from drills.engines.velero.reader.contents import Contents
from drills.engines.velero.reader.judging import Repositories, judged
from drills.engines.velero.reader.layout import Part
from drills.engines.velero.reader.material import Material, read_backup
from drills.engines.velero.reader.sources import StoreBelow
from drills.engines.velero.reader.vaults import Vaults
from drills.engines.velero.reader.volume_check import Volumes, volumes_in
from drills.engines.velero.reading import Place, SavedPods, files_of, place_of, saved_pods
from drills.engines.velero.remarks import refused, unasked
from drills.engines.velero.repository import Saved, check_objects
from drills.engines.velero.scope import scope_of
from drills.engines.velero.site import Site
from drills.errors import DrillError, Interrupted
from drills.findings import Cause, Finding, warning
from drills.integrity.contract import BucketPorts
from drills.objects import KubeObject

CLUSTER_VERSION = "velero.io/source-cluster-k8s-gitversion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that was read of one backup."""

    backup: Backup
    custom: KubeObject
    material: Material
    contents: Contents
    volumes: Volumes
    saved: SavedPods


def inspect(site: Site, backup: Backup, namespaces: Collection[str]) -> Inspection:
    """Read `backup` to its end; only Interrupted is raised."""
    subject = f"backup {backup.name}"
    try:
        custom = site.ports.cluster.get(BACKUP, site.namespace, backup.name)
        if custom is None:
            why = f"Backup {backup.name} vanished from namespace {site.namespace} meanwhile."
            return _unread(unasked("backup-gone", subject, why, "Drill again."))
        return _read(site, backup, custom, frozenset(namespaces))
    except Interrupted:
        raise
    except DrillError as error:
        return _unread(refused("backup-not-read", subject, error, "The backup could not be read"))


def _unread(*findings: Finding) -> Inspection:
    return Inspection(inventory=None, findings=findings)


def _read(site: Site, backup: Backup, custom: KubeObject, namespaces: frozenset[str]) -> Inspection:
    place, saved = place_of(site, backup), saved_pods(site, backup)
    contents = Contents(namespaces=namespaces)
    material = read_backup(
        files_of(site, custom, backup, place, saved),
        backup.name,
        lambda _: site.check_stop(),
        contents,
    )
    reading = Reading(
        backup=backup,
        custom=custom,
        material=material,
        contents=contents,
        volumes=_volumes(custom, material, saved),
        saved=saved,
    )
    findings = (
        *place.findings,
        *saved.findings,
        *_pod_volume_backups_differ(material, saved),
        *judged(
            material,
            reading.volumes,
            _repositories(site, backup, place),
            site.ports.clock.now(),
            namespaces,
            moves_bytes=not site.ports.cluster.embedded,
        ),
    )
    readable = material.whole and contents.found
    return Inspection(inventory=_inventory(reading) if readable else None, findings=findings)


def _volumes(custom: KubeObject, material: Material, saved: SavedPods) -> Volumes:
    """Return the claims by what Velero restores from: its own objects, else the file."""
    records = material.records
    if saved.found:
        records = replace(records, pod_volume_backups=saved.found)
    audit = material.audit
    return volumes_in(audit.volume_objects, audit.pods, records, custom)


def _pod_volume_backups_differ(material: Material, saved: SavedPods) -> Iterator[Finding]:
    """Yield a warning where the bucket's list is not that of the cluster.

    This cluster restores by its own objects; one that syncs the bucket would go by the list.
    """
    listed = material.records.pod_volume_backups
    if saved.found and listed is not None and _outcomes(saved.found) != _outcomes(listed):
        yield warning(
            "pod-volume-backups-differ",
            f"backup {material.name}",
            "The PodVolumeBackups in this cluster are not those that the bucket lists: a cluster "
            "that syncs the bucket would restore other data than this drill, or none.",
            "See who changed the bucket or the PodVolumeBackups; else take a new backup.",
            cause=Cause.BACKUP,
        )


def _outcomes(backups: Iterable[KubeObject]) -> frozenset[tuple[str, str, str]]:
    return frozenset(
        (
            objects.name(backup),
            objects.text(backup, "status", "phase"),
            objects.text(backup, "status", "snapshotID"),
        )
        for backup in backups
    )


def _repositories(site: Site, backup: Backup, place: Place) -> Repositories:
    """Return what looks at repositories: in the store at hand, else in Velero's own objects."""
    if place.store is None:
        return lambda saved: check_objects(site, backup.location or "", saved)
    store = StoreBelow(place.store, place.prefix)
    vaults = Vaults(BucketPorts(store=store, clock=site.ports.clock))
    return _looking(vaults, site.check_stop)


def _looking(vaults: Vaults, pause: Callable[[], None]) -> Repositories:
    """Return the bucket's own look, without the note that a snapshot was not opened.

    The drill opens it.
    """

    def look(saved: Iterable[Saved]) -> Iterator[Finding]:
        found = vaults.findings(saved, lambda _: pause())
        return (one for one in found if one.code != "snapshots-by-structure")

    return look


def _inventory(reading: Reading) -> Inventory:
    contents = reading.contents
    found = contents.found.values()
    claims = reading.volumes.claims
    in_scope = [claim for claim in claims if claim.namespace in contents.namespaces]
    backups = reading.saved.found or reading.material.records.pod_volume_backups or ()
    return Inventory(
        objects=tuple(sorted(found, key=lambda obj: obj.key)),
        volumes=claims,
        namespaces=frozenset(o.key.namespace for o in found if o.key.namespace),
        recovery_point=_recovery_point(reading.backup.started_at, in_scope),
        bytes=reading.material.files.bytes_of(Part.ARCHIVE),
        filled_pods=frozenset(
            (objects.text(b, "spec", "pod", "namespace"), objects.text(b, "spec", "pod", "name"))
            for b in backups
        ),
        reaches=tuple(contents.reaches),
        named=tuple(contents.named),
        address_uses=tuple(contents.address_uses),
        addresses=contents.addresses,
        bindings=tuple(contents.bindings),
        operated=tuple(contents.operated),
        versions=reading.material.audit.versions,
        makers=tuple(contents.makers),
        scope=scope_of(reading.custom),
        cluster_version=objects.text(reading.custom, "metadata", "annotations", CLUSTER_VERSION),
    )


def _recovery_point(started: datetime | None, volumes: Iterable[BackedUpVolume]) -> datetime | None:
    """Return the earliest instant that any of the restored data is from."""
    instants = [volume.data_instant for volume in volumes if volume.data_instant]
    return min([started, *instants]) if started else min(instants, default=None)
