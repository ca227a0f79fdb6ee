"""StatefulSets: pods with ordinals, each with claims of its own.

In: a StatefulSet's name. Out: claims and pods in order, one after the other is ready unless
`podManagementPolicy: Parallel`, and the StatefulSet's status.
"""

from embedded.api_errors import ApiError
from embedded.controllers.conditions import without_zeros
from embedded.controllers.context import Context
from embedded.controllers.ownership import count_ready, dependents, is_active, is_ready
from embedded.controllers.pod_templates import pod_from, template_hash
from embedded.json_objects import JsonObject, copied_object, items, name_of, namespace_of, section

_REVISION = "controller-revision-hash"
_POD_NAME = "statefulset.kubernetes.io/pod-name"
_INDEX = "apps.kubernetes.io/pod-index"


def sync_stateful_set(context: Context, namespace: str, name: str) -> None:
    """Bring a StatefulSet's pods in line and write its status."""
    found = context.objects.peek("statefulsets.apps", namespace, name)
    if found is None or "deletionTimestamp" in found["metadata"]:
        return
    pods = {name_of(pod): pod for pod in dependents(context, found, "pods") if is_active(pod)}
    wanted = [f"{name}-{number}" for number in range(section(found, "spec").get("replicas", 1))]
    for surplus in pods.keys() - set(wanted):
        context.objects.delete("pods", namespace, surplus)
        del pods[surplus]
    revision = _revision(found, pods)
    try:
        _raise_pods(context, found, pods, wanted, revision)
    except ApiError:
        pass  # refused, by a quota for instance; the status shows what is missing
    finally:
        _write_status(context, found, list(pods.values()), revision)


def _revision(found: JsonObject, pods: dict[str, JsonObject]) -> str:
    """Return the revision that restored pods carry already, or one made from the template."""
    carried = (section(pod, "metadata", "labels").get(_REVISION) for pod in pods.values())
    return next((one for one in carried if one), f"{name_of(found)}-{template_hash(found)}")


def _raise_pods(
    context: Context,
    found: JsonObject,
    pods: dict[str, JsonObject],
    wanted: list[str],
    revision: str,
) -> None:
    in_order = section(found, "spec").get("podManagementPolicy") != "Parallel"
    for number, name in enumerate(wanted):
        if name not in pods:
            pods[name] = _pod(context, found, name, number, revision)
        if in_order and not is_ready(pods[name]):
            return


def _pod(context: Context, found: JsonObject, name: str, number: int, revision: str) -> JsonObject:
    labels = {_REVISION: revision, _POD_NAME: name, _INDEX: str(number)}
    pod = pod_from(found, name=name, labels=labels)
    pod["spec"]["hostname"] = name
    volumes = pod["spec"].setdefault("volumes", [])
    for template in items(found, "spec", "volumeClaimTemplates"):
        claim = _claim(found, template, name)
        context.objects.ensure("persistentvolumeclaims", claim)
        reference = {"claimName": name_of(claim)}
        volumes.append({"name": name_of(template), "persistentVolumeClaim": reference})
    return context.objects.create("pods", pod)


def _claim(found: JsonObject, template: JsonObject, pod_name: str) -> JsonObject:
    labels = section(found, "spec", "selector", "matchLabels")
    own = section(template, "metadata", "labels")
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": f"{name_of(template)}-{pod_name}",
            "namespace": namespace_of(found),
            "labels": {**own, **labels},
        },
        "spec": copied_object(section(template, "spec")),
    }


def _write_status(
    context: Context, found: JsonObject, pods: list[JsonObject], revision: str
) -> None:
    ready = count_ready(pods)
    counts: JsonObject = {
        "readyReplicas": ready,
        "currentReplicas": len(pods),
        "updatedReplicas": len(pods),
    }
    status = {
        "observedGeneration": found["metadata"].get("generation", 1),
        "replicas": len(pods),
        "availableReplicas": ready,
        **without_zeros(counts),
        "currentRevision": revision,
        "updateRevision": revision,
        "collisionCount": 0,
    }
    context.objects.set_status("statefulsets.apps", namespace_of(found), name_of(found), status)
