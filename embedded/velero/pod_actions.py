"""What Velero changes in pods (velero v1.18, pkg/restore/actions/pod_action.go and others).

In: a pod from the backup. Out: the pod free of its node and of old tokens, and, where a file
system backup of its volumes exists, with the init container that waits for their data.
"""

import json
from collections.abc import Iterator, Sequence

from embedded.json_objects import JsonObject, items, name_of, section
from embedded.velero.volume_backups import VolumeBackups

_WAIT, _LEGACY_WAIT = "restore-wait", "restic-wait"
_IMAGE = "velero/velero:v1.18.3"
_INIT_HOOK = "init.hook.restore.velero.io/"


def restored_pod(pod: JsonObject) -> None:
    """Take node, priority and generated token volumes off a pod, in place."""
    spec = pod.setdefault("spec", {})
    spec.pop("nodeName", None)
    spec.pop("priority", None)
    token = f"{spec.get('serviceAccountName', '')}-token-"
    _drop(spec, "volumes", token)
    for container in [*items(spec, "containers"), *items(spec, "initContainers")]:
        _drop(container, "volumeMounts", token)


def _drop(holder: JsonObject, key: str, prefix: str) -> None:
    if key in holder:
        holder[key] = [one for one in holder[key] if not str(one.get("name")).startswith(prefix)]


def wanted_by_pod(pod: JsonObject, *, claims: bool) -> Iterator[tuple[str, str]]:
    """Yield resource and name of what the pod wants restored before it."""
    spec = section(pod, "spec")
    if not claims:
        if spec.get("priorityClassName"):
            yield "priorityclasses.scheduling.k8s.io", str(spec["priorityClassName"])
        return
    for volume in items(spec, "volumes"):
        claim = volume.get("persistentVolumeClaim")
        if isinstance(claim, dict):
            yield "persistentvolumeclaims", str(claim["claimName"])


def volume_backups(
    backups: VolumeBackups, pod: JsonObject, namespace: str
) -> dict[str, JsonObject]:
    """Return the PodVolumeBackups with data for a pod, by the pod's volume.

    Args:
        backups: all PodVolumeBackups of the backup.
        pod: the pod.
        namespace: where the pod was when it was backed up.
    """
    found = {}
    volumes = {str(one.get("name")): one for one in items(pod, "spec", "volumes")}
    for backup in backups.of_pod(namespace, name_of(pod)):
        volume = str(section(backup, "spec").get("volume"))
        if volume in volumes:
            found[volume] = backup
    return found


def filled_by_velero(
    pod: JsonObject, backups: VolumeBackups, namespace: str, restore_uid: str
) -> None:
    """Put the waiting init container first where volumes are to be filled, in place."""
    spec = pod.setdefault("spec", {})
    others = [
        one for one in items(spec, "initContainers") if one.get("name") not in {_WAIT, _LEGACY_WAIT}
    ]
    volumes = volume_backups(backups, pod, namespace)
    if volumes:
        others = [_waiting(sorted(volumes), restore_uid), *others]
    if others:
        spec["initContainers"] = others
    else:
        spec.pop("initContainers", None)


def hooked_by_velero(pod: JsonObject) -> None:
    """Put the init container of a restore hook in, in place: first, but for the waiting one.

    Velero v1.18, internal/hook/item_hook_handler.go. A command has no shell here: it is one
    word unless it is a list of JSON. Hooks after the start need a container and are not followed.
    """
    annotations = section(pod, "metadata", "annotations")
    image = annotations.get(f"{_INIT_HOOK}container-image")
    if not image:
        return
    made: JsonObject = {
        "name": annotations.get(f"{_INIT_HOOK}container-name") or "velero-restore-init-embedded",
        "image": image,
    }
    if command := str(annotations.get(f"{_INIT_HOOK}command") or ""):
        made["command"] = json.loads(command) if command.startswith("[") else [command]
    spec = pod.setdefault("spec", {})
    others = list(items(spec, "initContainers"))
    waits = bool(others) and others[0].get("name") == _WAIT
    spec["initContainers"] = [*others[:waits], made, *others[waits:]]


def _waiting(volumes: Sequence[str], restore_uid: str) -> JsonObject:
    small = {"cpu": "100m", "memory": "128Mi"}
    return {
        "name": _WAIT,
        "image": _IMAGE,
        "command": ["/velero-restore-helper"],
        "args": [restore_uid],
        "env": [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "resources": {"requests": dict(small), "limits": dict(small)},
        "volumeMounts": [{"name": name, "mountPath": f"/restores/{name}"} for name in volumes],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
