"""Owners and selectors: which pods and ReplicaSets belong to which controller.

In: objects. Out: those that an object controls, adopting orphans that its selector matches, as
the controller reference manager of Kubernetes does.
"""

from collections.abc import Sequence

from embedded.controllers.context import Context
from embedded.json_objects import JsonObject, items, name_of, namespace_of, section


def owner_reference(owner: JsonObject) -> JsonObject:
    """Return the controller reference that a dependent carries."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(obj: JsonObject) -> JsonObject | None:
    """Return the reference of the controller that owns the object, or None."""
    for one in items(obj, "metadata", "ownerReferences"):
        if one.get("controller") and isinstance(one, dict):
            return one
    return None


def selects(selector: JsonObject, obj: JsonObject) -> bool:
    """Return whether a label selector matches the object; an empty selector matches nothing."""
    labels = section(obj, "metadata", "labels")
    wanted = section(selector, "matchLabels")
    expressions = items(selector, "matchExpressions")
    if not wanted and not expressions:
        return False
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(one, labels) for one in expressions
    )


def _holds(expression: JsonObject, labels: JsonObject) -> bool:
    key, values = str(expression.get("key")), expression.get("values") or []
    word = expression.get("operator")
    if word == "In":
        return labels.get(key) in values
    if word == "NotIn":
        return labels.get(key) not in values
    return (key in labels) == (word == "Exists")


def dependents(context: Context, owner: JsonObject, group_resource: str) -> list[JsonObject]:
    """Return what the owner controls, after adopting matching orphans; not to be mutated."""
    uid, namespace = owner["metadata"]["uid"], namespace_of(owner)
    selector = section(owner, "spec", "selector")
    wanted = section(selector, "matchLabels")
    owned = context.objects.owned(group_resource, uid)
    orphans = [
        one
        for one in context.objects.labelled(group_resource, namespace, wanted)
        if controller_of(one) is None and _adoptable(one) and selects(selector, one)
    ]
    found = [
        *(one for one in owned if (controller_of(one) or {}).get("uid") == uid),
        *(_adopt(context, owner, group_resource, one) for one in orphans),
    ]
    return sorted(found, key=name_of)


def _adoptable(obj: JsonObject) -> bool:
    return "deletionTimestamp" not in obj["metadata"]


def _adopt(
    context: Context, owner: JsonObject, group_resource: str, orphan: JsonObject
) -> JsonObject:
    references = [*items(orphan, "metadata", "ownerReferences"), owner_reference(owner)]
    return context.objects.patch(
        group_resource,
        namespace_of(orphan),
        name_of(orphan),
        {"metadata": {"ownerReferences": references}},
    )


def is_active(pod: JsonObject) -> bool:
    """Return whether a pod still runs or will run."""
    gone = section(pod, "status").get("phase") in {"Succeeded", "Failed"}
    return not gone and "deletionTimestamp" not in pod["metadata"]


def is_ready(pod: JsonObject) -> bool:
    """Return whether the pod's Ready condition is true."""
    return any(
        one.get("type") == "Ready" and one.get("status") == "True"
        for one in items(pod, "status", "conditions")
    )


def count_ready(pods: Sequence[JsonObject]) -> int:
    """Return how many of the pods are ready."""
    return sum(is_ready(pod) for pod in pods)
