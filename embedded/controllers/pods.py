"""Pods: a scheduler and a kubelet that run nothing.

In: a pod's name. Out: the pod put on a node once its claims are bound, and a status that says
Running and Ready, or what keeps it from that: a claim, an image, a missing ConfigMap, volume data
that Velero is still writing, or a fault that a test switched on.
"""

from embedded.controllers.context import Context, Task
from embedded.controllers.ownership import controller_of
from embedded.controllers.pod_faults import PodFault
from embedded.controllers.pod_status import (
    finished,
    held_up,
    initializing,
    running,
    unscheduled,
)
from embedded.indexes import claims_of, settings_of
from embedded.json_objects import JsonObject, items, name_of, namespace_of, section

RESTORE_WAIT = "restore-wait"
"""The init container that Velero adds to pods whose volumes it fills (velero v1.18 actions)."""


def sync_pod(context: Context, namespace: str, name: str) -> None:
    """Bring one pod as far as it can get."""
    pod = context.objects.peek("pods", namespace, name)
    if pod is None or "deletionTimestamp" in pod["metadata"]:
        return
    if section(pod, "status").get("phase") in {"Succeeded", "Failed"}:
        return
    if not section(pod, "spec").get("nodeName"):
        obstacle = _obstacle(context, pod)
        if obstacle:
            context.objects.set_status("pods", namespace, name, unscheduled(context, pod, obstacle))
            return
        pod = context.objects.patch("pods", namespace, name, {"spec": {"nodeName": _node(context)}})
    context.objects.set_status("pods", namespace, name, _status(context, pod))


def _node(context: Context) -> str:
    nodes = context.objects.all("nodes")
    return name_of(nodes[0]) if nodes else "embedded"


def _obstacle(context: Context, pod: JsonObject) -> str:
    """Return why the scheduler cannot place the pod, in its own words, or an empty string."""
    if context.faults.of(pod) is PodFault.UNSCHEDULABLE:
        return "0/1 nodes are available: 1 Insufficient memory."
    for claim_name in claims_of(pod):
        claim = context.objects.peek("persistentvolumeclaims", namespace_of(pod), claim_name)
        if claim is None:
            return f'persistentvolumeclaim "{claim_name}" not found'
        if section(claim, "status").get("phase") != "Bound":
            context.note(Task("persistentvolumeclaims", namespace_of(pod), claim_name))
            return "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    return ""


def _status(context: Context, pod: JsonObject) -> JsonObject:
    fault = context.faults.of(pod)
    if _waits_for_data(context, pod):
        return initializing(context, pod, RESTORE_WAIT)
    if fault is PodFault.IMAGE_PULL:
        return held_up(context, pod, "ImagePullBackOff", "Back-off pulling image")
    absent = _absent_reference(context, pod)
    if absent:
        return held_up(context, pod, "CreateContainerConfigError", absent)
    if fault is PodFault.CRASH_LOOP:
        text = "back-off 10s restarting failed container"
        return held_up(context, pod, "CrashLoopBackOff", text, restarts=5)
    if _runs_to_its_end(pod):
        return finished(context, pod)
    return running(context, pod, ready=fault is not PodFault.NEVER_READY)


def _runs_to_its_end(pod: JsonObject) -> bool:
    """Return whether the pod ends by itself; one that is nobody's and listens on a port stays."""
    owner = controller_of(pod)
    if owner is not None and owner.get("kind") == "Job":
        return True
    listens = owner is None and any(items(one, "ports") for one in items(pod, "spec", "containers"))
    return section(pod, "spec").get("restartPolicy") in {"Never", "OnFailure"} and not listens


def _waits_for_data(context: Context, pod: JsonObject) -> bool:
    """Return whether Velero's init container still waits for volume data.

    It waits for a file that is written when a PodVolumeRestore completes, so after a failed one
    it waits for ever (velero v1.18, pkg/restorehelper).
    """
    waiting = [
        one for one in items(pod, "spec", "initContainers") if one.get("name") == RESTORE_WAIT
    ]
    if not waiting:
        return False
    volumes = {
        str(mount.get("name"))
        for mount in items(waiting[0], "volumeMounts")
        if str(mount.get("mountPath", "")).startswith("/restores/")
    }
    restores = context.objects.all(
        "podvolumerestores.velero.io", labels=f"velero.io/pod-uid={pod['metadata']['uid']}"
    )
    done = {
        section(one, "spec").get("volume")
        for one in restores
        if section(one, "status").get("phase") == "Completed"
    }
    return not volumes <= done


def _absent_reference(context: Context, pod: JsonObject) -> str:
    """Return which ConfigMap or Secret the containers need and do not find, or an empty string."""
    for kind, name, optional in settings_of(pod):
        if not optional and context.objects.peek(kind, namespace_of(pod), name) is None:
            return f'{kind.removesuffix("s")} "{name}" not found'
    return ""
