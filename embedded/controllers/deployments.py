"""Deployments: one current ReplicaSet, older ones scaled down.

In: a Deployment's name. Out: ReplicaSets created, adopted or scaled, and the Deployment's status
with the conditions that a rollout check reads.
"""

from embedded.controllers.conditions import condition, timed, without_zeros
from embedded.controllers.context import Context
from embedded.controllers.ownership import dependents, owner_reference
from embedded.controllers.pod_templates import TEMPLATE_HASH, template_hash, template_of
from embedded.json_objects import JsonObject, copied_object, items, name_of, namespace_of, section

_REVISION = "deployment.kubernetes.io/revision"


def sync_deployment(context: Context, namespace: str, name: str) -> None:
    """Bring a Deployment's ReplicaSets in line and write its status."""
    found = context.objects.peek("deployments.apps", namespace, name)
    if found is None or "deletionTimestamp" in found["metadata"]:
        return
    sets = dependents(context, found, "replicasets.apps")
    current = _current(found, sets)
    if current is None:
        current = context.objects.create("replicasets.apps", _replica_set(found))
    wanted = int(section(found, "spec").get("replicas", 1))
    for one in sets:
        if one["metadata"]["uid"] != current["metadata"]["uid"]:
            _scale(context, one, 0)
    _scale(context, current, wanted)
    _write_status(context, found, [*sets, current], current, wanted)


def _current(deployment: JsonObject, sets: list[JsonObject]) -> JsonObject | None:
    """Return the ReplicaSet of the Deployment's present template, restored or made here."""
    template = template_of(deployment)
    made_here = f"{name_of(deployment)}-{template_hash(deployment)}"
    return next(
        (one for one in sets if name_of(one) == made_here or template_of(one) == template), None
    )


def _replica_set(deployment: JsonObject) -> JsonObject:
    mark = template_hash(deployment)
    spec = section(deployment, "spec")
    template = template_of(deployment)
    template["metadata"]["labels"][TEMPLATE_HASH] = mark
    selector = copied_object(section(deployment, "spec", "selector"))
    selector["matchLabels"] = {**selector.get("matchLabels", {}), TEMPLATE_HASH: mark}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name_of(deployment)}-{mark}",
            "namespace": namespace_of(deployment),
            "labels": dict(template["metadata"]["labels"]),
            "annotations": {_REVISION: "1"},
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {"replicas": spec.get("replicas", 1), "selector": selector, "template": template},
    }


def _scale(context: Context, replica_set: JsonObject, wanted: int) -> None:
    if section(replica_set, "spec").get("replicas", 1) != wanted:
        place, name = namespace_of(replica_set), name_of(replica_set)
        context.objects.patch("replicasets.apps", place, name, {"spec": {"replicas": wanted}})


def _write_status(
    context: Context,
    found: JsonObject,
    sets: list[JsonObject],
    current: JsonObject,
    wanted: int,
) -> None:
    by_uid = {one["metadata"]["uid"]: section(one, "status") for one in sets}
    available = sum(int(one.get("availableReplicas", 0)) for one in by_uid.values())
    status: JsonObject = {
        "observedGeneration": found["metadata"].get("generation", 1),
        "replicas": sum(int(one.get("replicas", 0)) for one in by_uid.values()),
        "updatedReplicas": int(section(current, "status").get("replicas", 0)),
        "readyReplicas": sum(int(one.get("readyReplicas", 0)) for one in by_uid.values()),
        "availableReplicas": available,
    }
    status["unavailableReplicas"] = max(wanted - available, 0)
    status = without_zeros(status)
    conditions = _conditions(current, available, wanted)
    status["conditions"] = timed(found, conditions, context.timestamp())
    context.objects.set_status("deployments.apps", namespace_of(found), name_of(found), status)


def _conditions(current: JsonObject, available: int, wanted: int) -> list[JsonObject]:
    enough = available >= wanted
    made = [
        condition(
            "Available",
            enough,
            "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
            "Deployment has minimum availability."
            if enough
            else "Deployment does not have minimum availability.",
        ),
        condition(
            "Progressing",
            holds=True,
            reason="NewReplicaSetAvailable" if enough else "ReplicaSetUpdated",
            message=f'ReplicaSet "{name_of(current)}" '
            + ("has successfully progressed." if enough else "is progressing."),
        ),
    ]
    failures = items(current, "status", "conditions")
    made += [
        condition("ReplicaFailure", holds=True, reason=one["reason"], message=one["message"])
        for one in failures
        if one.get("type") == "ReplicaFailure"
    ]
    return made
