"""ReplicaSets: as many pods as asked for.

In: a ReplicaSet's name. Out: pods created, adopted or deleted, and the ReplicaSet's status.
"""

import re

from embedded.api_errors import ApiError
from embedded.controllers.conditions import condition, timed, without_zeros
from embedded.controllers.context import Context
from embedded.controllers.ownership import count_ready, dependents, is_active, is_ready
from embedded.controllers.pod_templates import pod_from
from embedded.json_objects import JsonObject, name_of, section

_NAME = re.compile(r'^pods "[^"]*"')


def sync_replica_set(context: Context, namespace: str, name: str) -> None:
    """Bring a ReplicaSet's pods to the number asked for and write its status."""
    found = context.objects.peek("replicasets.apps", namespace, name)
    if found is None or "deletionTimestamp" in found["metadata"]:
        return
    pods = [pod for pod in dependents(context, found, "pods") if is_active(pod)]
    wanted = int(section(found, "spec").get("replicas", 1))
    refusal = _grow(context, found, pods, wanted - len(pods))
    _shrink(context, pods, len(pods) - wanted)
    _write_status(context, found, pods, refusal)


def _grow(context: Context, owner: JsonObject, pods: list[JsonObject], missing: int) -> str:
    """Create missing pods; return why one was refused, or an empty string."""
    for _ in range(missing):
        try:
            pods.append(context.objects.create("pods", pod_from(owner)))
        except ApiError as refusal:
            # The generated name would make a new status, and a new attempt, of each refusal.
            return _NAME.sub(f'pods "{name_of(owner)}-"', refusal.message)
    return ""


def _shrink(context: Context, pods: list[JsonObject], surplus: int) -> None:
    """Delete surplus pods, those that are not ready first."""
    for pod in sorted(pods, key=is_ready)[: max(surplus, 0)]:
        metadata = pod["metadata"]
        context.objects.delete("pods", metadata["namespace"], metadata["name"])
        pods.remove(pod)


def _write_status(
    context: Context, found: JsonObject, pods: list[JsonObject], refusal: str
) -> None:
    ready = count_ready(pods)
    counts: JsonObject = {
        "observedGeneration": found["metadata"].get("generation", 1),
        "fullyLabeledReplicas": len(pods),
        "readyReplicas": ready,
        "availableReplicas": ready,
    }
    status = {"replicas": len(pods), **without_zeros(counts)}
    if refusal:
        failure = condition("ReplicaFailure", holds=True, reason="FailedCreate", message=refusal)
        status["conditions"] = timed(found, [failure], context.timestamp())
    metadata = found["metadata"]
    context.objects.set_status("replicasets.apps", metadata["namespace"], metadata["name"], status)
