"""Pods: a scheduler and a kubelet that run nothing.

In: a pod's name. Out: the pod put on a node once its claims are bound, and a status that says
Running and Ready, or what keeps it from that: a claim, an image, a missing ConfigMap, volume data
that Velero is still writing, or a fault that a test switched on.
"""

from embedded.controllers.container_starts import absent_mount, held_back
from embedded.controllers.context import Context, Task
from embedded.controllers.ownership import controller_of
from embedded.controllers.pod_faults import PodFault
from embedded.controllers.pod_status import (
    finished,
    gated,
    held_up,
    initializing,
    running,
    unscheduled,
)
from embedded.indexes import claims_of
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
    if gates := items(pod, "spec", "schedulingGates"):
        held = gated(context, pod, [str(gate.get("name")) for gate in gates])
        context.objects.set_status("pods", namespace, name, held)
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
    if not _fits_a_node(context, pod):
        return (
            "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. "
            "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
        )
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


def _fits_a_node(context: Context, pod: JsonObject) -> bool:
    """Return whether a node has the labels that the pod's nodeSelector asks for.

    The node has every label that Kubernetes and its clouds give (`kubernetes.io`, `k8s.io`).
    Where backups of other clusters are restored, as with storage classes, it has any label.
    """
    if context.any_storage_class:
        return True
    wanted = section(pod, "spec", "nodeSelector")
    nodes = [section(node, "metadata", "labels") for node in context.objects.all("nodes")]
    strange = {k: v for k, v in wanted.items() if not _is_given(str(k))}
    return not strange or any(strange.items() <= labels.items() for labels in nodes)


def _is_given(label: str) -> bool:
    prefix = label.partition("/")[0]
    return prefix.endswith(("kubernetes.io", "k8s.io"))


def _status(context: Context, pod: JsonObject) -> JsonObject:
    fault = context.faults.of(pod)
    if before := _before_containers(context, pod):
        return before
    if fault is PodFault.IMAGE_PULL:
        return held_up(context, pod, "ImagePullBackOff", "Back-off pulling image")
    if hold := held_back(context, pod, "containers"):
        return held_up(context, pod, hold.reason, hold.message)
    if fault is PodFault.CRASH_LOOP:
        text = "back-off 10s restarting failed container"
        return held_up(context, pod, "CrashLoopBackOff", text, restarts=5)
    if _runs_to_its_end(pod):
        return finished(context, pod)
    return running(context, pod, ready=fault is not PodFault.NEVER_READY)


def _before_containers(context: Context, pod: JsonObject) -> JsonObject | None:
    """Return the status of a pod whose mounts or init containers are not done, else None."""
    if hold := absent_mount(context, pod):
        return held_up(context, pod, hold.reason, "")
    if _waits_for_data(context, pod):
        return initializing(context, pod, RESTORE_WAIT)
    if hold := held_back(context, pod, "initContainers"):
        return initializing(context, pod, hold.container, hold.reason, hold.message)
    return None


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
