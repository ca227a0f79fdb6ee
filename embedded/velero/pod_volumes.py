"""Volume data of pods: ordered by the restore, delivered by a node agent that moves no bytes.

In: a restored pod whose volumes have pod volume backups. Out: PodVolumeRestores, waited for, and
their failures as errors of the restore (velero v1.18, pkg/podvolume/restorer.go).
"""

from collections.abc import Callable

from embedded.api_errors import ApiError
from embedded.json_objects import JsonObject, name_of, namespace_of, section
from embedded.velero.durations import go_seconds
from embedded.velero.knobs import WaitedTooLong
from embedded.velero.labels import RESTORE_NAME, RESTORE_UID, label_value
from embedded.velero.pod_actions import volume_backups
from embedded.velero.restore_job import RestoreJob

KIND = "podvolumerestores.velero.io"
TIMEOUT = "velero.io/pod-volume-timeout"
OVER = frozenset({"Completed", "Failed", "Canceled"})


def order_pod_volumes(job: RestoreJob, pod: JsonObject, source: str) -> None:
    """Create a PodVolumeRestore for each volume of a pod that has data in the backup."""
    created = job.objects.peek("pods", namespace_of(pod), name_of(pod))
    if created is None:
        job.results.errors.velero.append(f'pods "{name_of(pod)}" not found')
        return
    for volume, backup in volume_backups(job.volume_backups, pod, source).items():
        try:
            job.objects.create(KIND, _order(job, created, volume, backup, source))
        except ApiError as refusal:
            job.results.errors.velero.append(refusal.message)


def volume_patience(job: RestoreJob, server_seconds: float) -> float:
    """Return how long the restore waits for volumes: what its annotation says, else the server's.

    (velero v1.18, pkg/restore/restore.go: PodVolumeOperationTimeoutAnnotation)
    """
    said = str(section(job.restore, "metadata", "annotations").get(TIMEOUT) or "")
    if not said:
        return server_seconds
    seconds = go_seconds(said)
    if seconds is None:
        job.lines.error(
            f"Unable to parse pod volume timeout annotation {said}, using server value."
        )
        return server_seconds
    return seconds


def wait_for_pod_volumes(job: RestoreJob, seconds: float) -> None:
    """Wait until all ordered volumes are filled or failed, and note the failures.

    Raises:
        GaveUp: when the server's life ended meanwhile.
    """
    errors = job.results.errors.velero
    try:
        job.knobs.wait_until(_all_over(job), job.life, seconds=seconds)
    except WaitedTooLong:
        errors.append("timed out waiting for all PodVolumeRestores to complete")
    for one in _ordered(job):
        message = section(one, "status").get("message", "")
        if _phase(one) == "Failed":
            errors.append(f"pod volume restore failed: {message}")
        elif _phase(one) == "Canceled":
            errors.append(f"pod volume restore canceled: {message}")


def _all_over(job: RestoreJob) -> Callable[[], bool]:
    """Return what tells whether all that was ordered is over; it looks at each only until then."""
    waiting = [(namespace_of(one), name_of(one)) for one in _ordered(job)]

    def all_over() -> bool:
        while waiting:
            one = job.objects.peek(KIND, *waiting[-1])
            if one is not None and _phase(one) not in OVER:
                return False
            waiting.pop()
        return True

    return all_over


def restored_volume_infos(job: RestoreJob) -> list[JsonObject]:
    """Return the content of the restore's volumeinfo file."""
    infos = []
    for one in _ordered(job):
        spec, pod = section(one, "spec"), section(one, "spec", "pod")
        claim = _claim_behind(job, one)
        if claim is None or _phase(one) not in OVER:
            continue
        volume = section(claim, "spec").get("volumeName")
        info: JsonObject = {"pvcName": name_of(claim), "pvcNamespace": namespace_of(claim)}
        info |= {"pvName": volume} if volume else {}
        info |= {"restoreMethod": "PodVolumeRestore", "snapshotDataMoved": False}
        info["pvrInfo"] = {
            "snapshotHandle": spec.get("snapshotID", ""),
            "size": section(one, "status", "progress").get("totalBytes", 0),
            "uploaderType": spec.get("uploaderType", ""),
            "volumeName": spec.get("volume", ""),
            "podName": pod.get("name", ""),
            "podNamespace": pod.get("namespace", ""),
            "Phase": "",
        }
        infos.append(info)
    return infos


def _claim_behind(job: RestoreJob, one: JsonObject) -> JsonObject | None:
    reference = section(one, "spec", "pod")
    place = str(reference.get("namespace"))
    pod = job.objects.peek("pods", place, str(reference.get("name")))
    for volume in section(pod or {}, "spec").get("volumes") or ():
        if volume.get("name") == section(one, "spec").get("volume"):
            claim = section(volume, "persistentVolumeClaim").get("claimName")
            return job.objects.peek("persistentvolumeclaims", place, str(claim))
    return None


def _ordered(job: RestoreJob) -> list[JsonObject]:
    place, uid = str(job.restore["metadata"]["namespace"]), job.restore["metadata"]["uid"]
    return job.objects.all(KIND, place, labels=f"{RESTORE_UID}={uid}")


def _phase(one: JsonObject) -> str:
    return str(section(one, "status").get("phase", ""))


def _order(
    job: RestoreJob, pod: JsonObject, volume: str, backup: JsonObject, source: str
) -> JsonObject:
    metadata, spec = job.restore["metadata"], section(backup, "spec")
    size = section(backup, "status", "progress").get("totalBytes", 0)
    return {
        "apiVersion": "velero.io/v1",
        "kind": "PodVolumeRestore",
        "metadata": {
            "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"],
            "ownerReferences": [
                {
                    "apiVersion": "velero.io/v1",
                    "kind": "Restore",
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                    "controller": True,
                }
            ],
            "labels": {
                RESTORE_NAME: label_value(metadata["name"]),
                RESTORE_UID: metadata["uid"],
                "velero.io/pod-uid": pod["metadata"]["uid"],
            },
        },
        "spec": {
            "pod": {
                "kind": "Pod",
                "namespace": namespace_of(pod),
                "name": name_of(pod),
                "uid": pod["metadata"]["uid"],
            },
            "volume": volume,
            "snapshotID": section(backup, "status").get("snapshotID"),
            "snapshotSize": size,
            "backupStorageLocation": section(job.backup, "spec").get("storageLocation"),
            "repoIdentifier": "",
            "uploaderType": spec.get("uploaderType", "kopia"),
            "sourceNamespace": source,
        },
        "status": {"progress": {}},
    }
