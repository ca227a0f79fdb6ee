"""What becomes of PersistentVolumes and claims (velero v1.18, pkg/restore/restore.go).

In: a volume or a claim from the backup and how its data was backed up. Out: the volume as it is to
be restored, or nothing where the claim is to get a new one: filled from a pod volume backup, or
empty where nothing was backed up, which Velero calls success.
"""

import uuid

from embedded.json_objects import JsonObject, section
from embedded.velero.restore_job import RestoreJob

_RENAMED_FROM = "velero.io/original-pv-name"
_BINDING_MARKS = ("pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller")


class VolumeRefused(Exception):
    """A volume cannot be restored; the message is Velero's."""


def restored_volume(job: RestoreJob, volume: JsonObject) -> JsonObject | None:
    """Return the volume to create, or None where its claim gets a new one.

    Raises:
        VolumeRefused: when its snapshot's location is not known here.
    """
    name = str(volume["metadata"]["name"])
    method = _method(job, name, volume)
    if method == "NativeSnapshot":
        return _from_snapshot(job, name, volume)
    policy = section(volume, "spec").get("persistentVolumeReclaimPolicy")
    if method in {"PodVolumeBackup", "CSISnapshot"} or policy == "Delete":
        job.lines.info(
            f"Dynamically re-provisioning persistent volume {name}, backed up by: {method}"
        )
        job.to_provision.add(name)
        return None
    job.lines.info(f"Restoring persistent volume {name} as-is because it has no snapshot")
    _remap_claim(job, volume)
    forget_binding(volume)
    return volume


def _method(job: RestoreJob, name: str, volume: JsonObject) -> str:
    """Return how the volume's data was backed up; empty when it was not."""
    info = job.volume_infos.get(name)
    if info is not None:
        return str(info.get("backupMethod") or "")
    if name in job.snapshots:
        return "NativeSnapshot"
    claim = section(volume, "spec", "claimRef")
    saved = job.volume_backups.has_claim(claim.get("namespace"), claim.get("name"))
    return "PodVolumeBackup" if saved else ""


def _from_snapshot(job: RestoreJob, name: str, volume: JsonObject) -> JsonObject | None:
    snapshot = job.snapshots.get(name)
    if snapshot is None:
        return volume
    location = str(section(snapshot, "spec").get("location"))
    place = str(job.restore["metadata"]["namespace"])
    if job.any_snapshot_location:
        job.lines.info(f"No snapshot comes back here: {name} is provisioned as a new volume")
        job.to_provision.add(name)
        return None
    if job.objects.peek("volumesnapshotlocations.velero.io", place, location) is None:
        raise VolumeRefused(
            f"error executing PVAction for persistentvolumes/{name}: "
            f'VolumeSnapshotLocation.velero.io "{location}" not found'
        )
    mapped = section(volume, "spec", "claimRef").get("namespace") in job.spec.get(
        "namespaceMapping", {}
    )
    _remap_claim(job, volume)
    forget_binding(volume)
    if mapped and job.objects.peek("persistentvolumes", "", name) is not None:
        job.renamed_volumes[name] = f"velero-clone-{uuid.uuid4()}"
        volume["metadata"]["name"] = job.renamed_volumes[name]
        volume["metadata"].setdefault("annotations", {})[_RENAMED_FROM] = name
    return volume


def _remap_claim(job: RestoreJob, volume: JsonObject) -> None:
    reference = section(volume, "spec", "claimRef")
    if reference.get("namespace"):
        reference["namespace"] = job.mapped(reference["namespace"])


def forget_binding(obj: JsonObject) -> None:
    """Take off a volume or claim what ties it to its former other half, in place."""
    reference = section(obj, "spec", "claimRef")
    reference.pop("uid", None)
    reference.pop("resourceVersion", None)
    annotations = section(obj, "metadata", "annotations")
    for mark in _BINDING_MARKS:
        annotations.pop(mark, None)


def restored_claim(job: RestoreJob, claim: JsonObject) -> None:
    """Point a claim at the volume that it will have, in place; at none where a new one comes."""
    spec = section(claim, "spec")
    volume = str(spec.get("volumeName") or "")
    if not volume:
        return
    forget_binding(claim)
    if volume in job.to_provision:
        job.lines.info("Resetting PersistentVolumeClaim for dynamic provisioning")
        spec.pop("volumeName")
    elif volume in job.renamed_volumes:
        spec["volumeName"] = job.renamed_volumes[volume]
