"""Subresources that read or change one object in a way of their own.

In: requests for scale, eviction, binding and finalize. Out: the answer, and the object changed.
"""

from embedded.api_errors import ApiError, bad_request, conflict, no_such_resource
from embedded.http_wire import Response, json_response
from embedded.json_objects import JsonObject, items, name_of, namespace_of, section
from embedded.patches import merge
from embedded.routes import Target
from embedded.selectors import matches_labels
from embedded.storage import Storage


def scale_of(body: JsonObject) -> JsonObject:
    """Return the autoscaling/v1 Scale of a workload."""
    metadata = body["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    labels = section(body, "spec", "selector", "matchLabels")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        "spec": {"replicas": section(body, "spec").get("replicas", 0)},
        "status": {
            "replicas": section(body, "status").get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in labels.items()),
        },
    }


def set_scale(storage: Storage, target: Target, asked: object, *, is_patch: bool) -> Response:
    """Change a workload's replicas.

    Raises:
        ApiError: 404 without the object or its scale, 400 for replicas that are no number.
    """
    if not target.type.has_scale:
        raise no_such_resource()
    current = storage.get(target.type, target.namespace, target.name)
    wanted = merge(scale_of(current), asked) if is_patch else asked
    replicas = section(wanted, "spec").get("replicas", 0) if isinstance(wanted, dict) else None
    if not isinstance(replicas, int) or replicas < 0:
        raise bad_request("spec.replicas must be a number of at least 0")
    patch = {"spec": {"replicas": replicas}}
    changed = storage.patch(target.type, target.namespace, target.name, patch)
    return json_response(scale_of(changed))


def evict(storage: Storage, target: Target, asked: JsonObject) -> Response:
    """Delete a pod unless a PodDisruptionBudget forbids it.

    Raises:
        ApiError: 404 without the pod, 429 while a budget allows no disruption, 409 for
            preconditions that do not hold.
    """
    pod = storage.get(target.type, target.namespace, target.name)
    running = section(pod, "status").get("phase") == "Running"
    for budget in _budgets_over(storage, pod) if running else ():
        if section(budget, "status").get("disruptionsAllowed", 0) <= 0:
            name = name_of(budget)
            cause = {
                "reason": "DisruptionBudget",
                "message": f"The disruption budget {name} needs more healthy pods",
            }
            raise ApiError(
                429,
                "TooManyRequests",
                "Cannot evict pod as it would violate the pod's disruption budget.",
                {"causes": [cause]},
            )
    conditions = section(asked, "deleteOptions", "preconditions")
    storage.delete(
        target.type,
        target.namespace,
        target.name,
        uid=conditions.get("uid"),
        resource_version=conditions.get("resourceVersion"),
    )
    return json_response({**success(), "code": 201}, 201)


def _budgets_over(storage: Storage, pod: JsonObject) -> list[JsonObject]:
    t = storage.types.by_group_resource("poddisruptionbudgets.policy")
    budgets = storage.list(t, namespace_of(pod)) if t else []
    return [
        one
        for one in budgets
        if matches_labels(section(one, "spec", "selector", "matchLabels"), pod)
    ]


def bind(storage: Storage, target: Target, asked: JsonObject) -> Response:
    """Give a pod its node.

    Raises:
        ApiError: 404 without the pod, 409 when it has a node already.
    """
    node = section(asked, "target").get("name")
    pod = storage.get(target.type, target.namespace, target.name)
    if not node:
        raise bad_request("target.name is required")
    if section(pod, "spec").get("nodeName"):
        why = f'pod {target.name} is already assigned to node "{pod["spec"]["nodeName"]}"'
        raise conflict(target.type, target.name, why)
    pod["spec"]["nodeName"] = node
    storage.update(target.type, pod)
    return json_response(success(), 201)


def finalize(storage: Storage, target: Target, asked: JsonObject) -> Response:
    """Replace a namespace's own finalizers; without any, a terminating one goes at once.

    Raises:
        ApiError: 404 without the namespace.
    """
    current = storage.get(target.type, None, target.name)
    current["spec"] = {**section(current, "spec"), "finalizers": items(asked, "spec", "finalizers")}
    return json_response(storage.update(target.type, current))


def success(details: JsonObject | None = None) -> JsonObject:
    """Return the Status that says it worked."""
    answer: JsonObject = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    if details:
        answer["details"] = details
    return answer
