"""DaemonSets: one pod on each node.

In: a DaemonSet's name. Out: its pods and its status.
"""

from embedded.api_errors import ApiError
from embedded.controllers.conditions import without_zeros
from embedded.controllers.context import Context
from embedded.controllers.ownership import count_ready, dependents, is_active
from embedded.controllers.pod_templates import pod_from
from embedded.json_objects import JsonObject, name_of, namespace_of, section


def sync_daemon_set(context: Context, namespace: str, name: str) -> None:
    """Bring a DaemonSet's pods in line with the nodes and write its status."""
    found = context.objects.peek("daemonsets.apps", namespace, name)
    if found is None or "deletionTimestamp" in found["metadata"]:
        return
    pods = [pod for pod in dependents(context, found, "pods") if is_active(pod)]
    nodes = [name_of(node) for node in context.objects.all("nodes")]
    # A restored pod has lost its node; it counts for whichever node is still without one.
    missing = len(nodes) - len(pods)
    taken = {section(pod, "spec").get("nodeName") for pod in pods}
    free = [node for node in nodes if node not in taken][: max(missing, 0)]
    try:
        pods.extend(_pod(context, found, node) for node in free)
    except ApiError:
        pass  # refused, by a quota for instance; the status shows what is missing
    finally:
        _write_status(context, found, pods, len(nodes))


def _pod(context: Context, found: JsonObject, node: str) -> JsonObject:
    pod = pod_from(found)
    pod["spec"]["nodeName"] = node
    return context.objects.create("pods", pod)


def _write_status(context: Context, found: JsonObject, pods: list[JsonObject], wanted: int) -> None:
    ready = count_ready(pods)
    counts: JsonObject = {
        "updatedNumberScheduled": len(pods),
        "numberAvailable": ready,
        "numberUnavailable": max(wanted - ready, 0),
    }
    status = {
        "observedGeneration": found["metadata"].get("generation", 1),
        "currentNumberScheduled": len(pods),
        "desiredNumberScheduled": wanted,
        "numberMisscheduled": 0,
        "numberReady": ready,
        **without_zeros(counts),
    }
    context.objects.set_status("daemonsets.apps", namespace_of(found), name_of(found), status)
