"""The statuses that pods get.

In: a pod and what is true of it. Out: the whole `status`, as a kubelet of Kubernetes 1.34 would
write it, with times that stand still while nothing changes.
"""

import ipaddress

from embedded.controllers.conditions import condition, timed
from embedded.controllers.context import Context
from embedded.json_objects import JsonObject, items, section

SIMULATED = "embedded/simulated"
"""Annotation on pods that are said to have run to their end."""

_PODS = ipaddress.ip_network("10.244.0.0/16")
_HOST = "192.0.2.1"


def unscheduled(context: Context, pod: JsonObject, why: str) -> JsonObject:
    """Return the status of a pod that no node takes."""
    refusal = condition("PodScheduled", holds=False, reason="Unschedulable", message=why)
    return {
        "phase": "Pending",
        "qosClass": _quality(pod),
        "conditions": timed(pod, [refusal], context.timestamp()),
    }


def gated(context: Context, pod: JsonObject, gates: list[str]) -> JsonObject:
    """Return the status of a pod that no scheduler looks at (Kubernetes 1.27 and later)."""
    why = f"Scheduling is blocked due to non-empty scheduling gates: {gates}"
    held = condition("PodScheduled", holds=False, reason="SchedulingGated", message=why)
    return {
        "phase": "Pending",
        "qosClass": _quality(pod),
        "conditions": timed(pod, [held], context.timestamp()),
    }


def initializing(
    context: Context, pod: JsonObject, container: str, reason: str = "", message: str = ""
) -> JsonObject:
    """Return the status of a pod whose init container still runs, or waits for the reason given."""
    running: JsonObject = {"running": {"startedAt": _started(context, pod)}}
    waiting: JsonObject = {"waiting": {"reason": reason, "message": message}}
    init = {
        **_container(pod, container, "initContainerStatuses"),
        "ready": False,
        "started": not reason,
        "state": waiting if reason else running,
    }
    status = _status(context, pod, "Pending", ready=False, initialized=False)
    status["initContainerStatuses"] = [init]
    status["containerStatuses"] = [
        _waiting(pod, name, "PodInitializing", "") for name in _names(pod, "containers")
    ]
    return status


def held_up(
    context: Context, pod: JsonObject, reason: str, message: str, *, restarts: int = 0
) -> JsonObject:
    """Return the status of a pod whose containers wait for the reason given."""
    phase = "Running" if restarts else "Pending"
    status = _status(context, pod, phase, ready=False)
    status["containerStatuses"] = [
        {**_waiting(pod, name, reason, message), "restartCount": restarts}
        for name in _names(pod, "containers")
    ]
    return status


def running(context: Context, pod: JsonObject, *, ready: bool) -> JsonObject:
    """Return the status of a pod that runs."""
    status = _status(context, pod, "Running", ready=ready)
    since = _started(context, pod)
    status["containerStatuses"] = [
        {
            **_container(pod, name, "containerStatuses"),
            "ready": ready,
            "started": True,
            "state": {"running": {"startedAt": since}},
        }
        for name in _names(pod, "containers")
    ]
    return status


def finished(context: Context, pod: JsonObject) -> JsonObject:
    """Return the status of a pod that is said to have succeeded."""
    now = context.timestamp()
    status = _status(context, pod, "Succeeded", ready=False, reason="PodCompleted")
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}
    status["containerStatuses"] = [
        {
            **_container(pod, name, "containerStatuses"),
            "ready": False,
            "started": False,
            "state": {"terminated": ended},
        }
        for name in _names(pod, "containers")
    ]
    return status


def _status(
    context: Context,
    pod: JsonObject,
    phase: str,
    *,
    ready: bool,
    initialized: bool = True,
    reason: str = "",
) -> JsonObject:
    why = reason or ("" if ready else "ContainersNotReady")
    conditions = [
        condition("PodReadyToStartContainers", phase != "Succeeded"),
        condition("Initialized", initialized, reason),
        condition("Ready", ready, why),
        condition("ContainersReady", ready, why),
        condition("PodScheduled", holds=True),
    ]
    address = section(pod, "status").get("podIP") or _address(pod)
    return {
        "phase": phase,
        "qosClass": _quality(pod),
        "hostIP": _HOST,
        "hostIPs": [{"ip": _HOST}],
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": section(pod, "status").get("startTime") or context.timestamp(),
        "conditions": timed(pod, conditions, context.timestamp()),
    }


def _quality(pod: JsonObject) -> str:
    return str(section(pod, "status").get("qosClass") or "BestEffort")


def _address(pod: JsonObject) -> str:
    """Return an address that follows from the pod's uid."""
    place = int(str(pod["metadata"]["uid"]).replace("-", "")[:8], 16)
    return str(_PODS[1 + place % (_PODS.num_addresses - 2)])


def _started(context: Context, pod: JsonObject) -> str:
    return str(section(pod, "status").get("startTime") or context.timestamp())


def _names(pod: JsonObject, kind: str) -> list[str]:
    return [str(one.get("name")) for one in items(pod, "spec", kind)]


def _container(pod: JsonObject, name: str, kind: str) -> JsonObject:
    containers = [*items(pod, "spec", "containers"), *items(pod, "spec", "initContainers")]
    image = next((one.get("image", "") for one in containers if one.get("name") == name), "")
    before: JsonObject = next(
        (one for one in items(pod, "status", kind) if one.get("name") == name), {}
    )
    return {
        "name": name,
        "image": image,
        "imageID": "",
        "lastState": {},
        "restartCount": before.get("restartCount", 0),
    }


def _waiting(pod: JsonObject, name: str, reason: str, message: str) -> JsonObject:
    waiting = {"reason": reason, "message": message} if message else {"reason": reason}
    return {
        **_container(pod, name, "containerStatuses"),
        "ready": False,
        "started": False,
        "state": {"waiting": waiting},
    }
