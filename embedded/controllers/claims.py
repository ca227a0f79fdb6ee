"""Claims and volumes: binding, provisioning, letting go.

In: names of PersistentVolumeClaims and PersistentVolumes. Out: claims bound to static or newly
made (empty) volumes, volumes released or deleted when their claim is gone, protection finalizers
taken off what nobody uses any more.
"""

from embedded.controllers.context import Context
from embedded.controllers.ownership import is_active
from embedded.json_objects import JsonObject, copied_object, name_of, namespace_of, section
from embedded.storage_classes import (
    CLASSES,
    DEFAULT_CLASS,
    class_name,
    default_class,
    satisfies,
    smallest_fit,
)

_CLAIM_PROTECTION = "kubernetes.io/pvc-protection"
_VOLUME_PROTECTION = "kubernetes.io/pv-protection"
_BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
_BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
PROVISIONER = "embedded/empty-volumes"


def sync_claim(context: Context, namespace: str, name: str) -> None:
    """Bind a claim, or let go of one that is being deleted."""
    claim = context.objects.peek("persistentvolumeclaims", namespace, name)
    if claim is None:
        return
    if "deletionTimestamp" in claim["metadata"]:
        if not _users(context, claim):
            context.objects.drop_finalizer(
                "persistentvolumeclaims", namespace, name, _CLAIM_PROTECTION
            )
        return
    if section(claim, "status").get("phase") == "Bound":
        return
    claim = _adopt_default(context, claim)
    volume = _static_volume(context, claim) or _provisioned(context, claim)
    if volume is not None:
        _bind(context, claim, volume)


def sync_volume(context: Context, name: str) -> None:
    """Give a volume its phase; release or delete one whose claim is gone."""
    volume = context.objects.peek("persistentvolumes", "", name)
    if volume is None:
        return
    claim = _claim_of(context, volume)
    if "deletionTimestamp" in volume["metadata"]:
        if claim is None:
            context.objects.drop_finalizer("persistentvolumes", "", name, _VOLUME_PROTECTION)
        return
    reference = section(volume, "spec", "claimRef")
    if claim is None and reference.get("uid"):
        if section(volume, "spec").get("persistentVolumeReclaimPolicy") == "Delete":
            context.objects.delete("persistentvolumes", "", name)
        else:
            context.objects.set_status("persistentvolumes", "", name, {"phase": "Released"})
    elif not reference.get("uid"):
        context.objects.set_status("persistentvolumes", "", name, {"phase": "Available"})


def _users(context: Context, claim: JsonObject) -> list[JsonObject]:
    pods = context.objects.mounting(namespace_of(claim), name_of(claim))
    return [pod for pod in pods if is_active(pod)]


def _claim_of(context: Context, volume: JsonObject) -> JsonObject | None:
    reference = section(volume, "spec", "claimRef")
    place, name = str(reference.get("namespace", "")), str(reference.get("name", ""))
    claim = context.objects.peek("persistentvolumeclaims", place, name) if name else None
    wanted = reference.get("uid")
    same = claim is not None and wanted in {None, claim["metadata"]["uid"]}
    return claim if same else None


def _static_volume(context: Context, claim: JsonObject) -> JsonObject | None:
    """Return the existing volume that the claim names, or one that is kept for the claim."""
    wanted = section(claim, "spec").get("volumeName")
    if wanted:
        volume = context.objects.peek("persistentvolumes", "", str(wanted))
        return volume if volume is not None and _fits(claim, volume) else None
    kept = context.objects.kept_for(namespace_of(claim), name_of(claim))
    own = next((volume for volume in kept if _fits(claim, volume)), None)
    if own is not None or _waits(context, claim):
        return own
    return smallest_fit(claim, context.objects.kept_for("", ""))


def _waits(context: Context, claim: JsonObject) -> bool:
    """Return whether the claim is bound only once a pod uses it, and none does."""
    known = context.objects.peek(CLASSES, "", class_name(claim) or "")
    waits = (known or {}).get("volumeBindingMode") == "WaitForFirstConsumer"
    return waits and not _users(context, claim)


def _fits(claim: JsonObject, volume: JsonObject) -> bool:
    reference = section(volume, "spec", "claimRef")
    if not reference:
        return satisfies(claim, volume)
    same_name = (reference.get("namespace"), reference.get("name")) == (
        namespace_of(claim),
        name_of(claim),
    )
    return same_name and reference.get("uid") in {None, claim["metadata"]["uid"]}


def _provisioned(context: Context, claim: JsonObject) -> JsonObject | None:
    """Return a new, empty volume for the claim, or None while there can be none yet."""
    if section(claim, "spec").get("volumeName"):
        return None  # it waits for that one volume
    storage_class = _class_of(context, claim)
    if storage_class is None:
        return None
    waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
    if waits and not _users(context, claim):
        return None
    made = f"pvc-{claim['metadata']['uid']}"
    known = context.objects.peek("persistentvolumes", "", made)
    return known or context.objects.create("persistentvolumes", _volume(made, claim, storage_class))


def _class_of(context: Context, claim: JsonObject) -> JsonObject | None:
    """Return the class that provisions the claim, or None.

    | storageClassName | class |
    |---|---|
    | absent | the default one, if there is any |
    | empty | none, ever: only a volume without a class will do |
    | a name | that one; made up where unknown ones are |
    """
    wanted = class_name(claim)
    if wanted is None:
        return default_class(context.objects.all(CLASSES))
    if not wanted:
        return None
    found = context.objects.peek(CLASSES, "", wanted)
    if found is None and context.any_storage_class:
        return context.objects.create(CLASSES, storage_class(wanted, invented=True))
    return found


def _adopt_default(context: Context, claim: JsonObject) -> JsonObject:
    """Return the claim with the default class, where it names none and there is one by now."""
    default = default_class(context.objects.all(CLASSES)) if class_name(claim) is None else None
    if default is None:
        return claim
    change = {"spec": {"storageClassName": name_of(default)}}
    place, name = namespace_of(claim), name_of(claim)
    return context.objects.patch("persistentvolumeclaims", place, name, change)


def storage_class(name: str, *, invented: bool = False, default: bool = False) -> JsonObject:
    """Return a StorageClass that provisions empty volumes once a pod wants them.

    Args:
        name: its name.
        invented: whether it is here only because a restored claim asked for it.
        default: whether claims without a class get it.
    """
    annotations = {"embedded/invented": "true"} if invented else {}
    if default:
        annotations[DEFAULT_CLASS] = "true"
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": annotations},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _volume(name: str, claim: JsonObject, storage_class: JsonObject) -> JsonObject:
    spec = section(claim, "spec")
    size = section(claim, "spec", "resources", "requests").get("storage", "1Gi")
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": name,
            "annotations": {_PROVISIONED_BY: PROVISIONER},
            "finalizers": [_VOLUME_PROTECTION],
        },
        "spec": {
            "accessModes": spec.get("accessModes") or ["ReadWriteOnce"],
            "capacity": {"storage": size},
            "claimRef": _reference(claim),
            "csi": {"driver": PROVISIONER, "volumeHandle": name},
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": name_of(storage_class),
            "volumeMode": spec.get("volumeMode", "Filesystem"),
        },
    }


def _reference(claim: JsonObject) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "name": name_of(claim),
        "namespace": namespace_of(claim),
        "uid": claim["metadata"]["uid"],
    }


def _bind(context: Context, claim: JsonObject, volume: JsonObject) -> None:
    objects = context.objects
    volume_name, place, name = name_of(volume), namespace_of(claim), name_of(claim)
    change = {"spec": {"claimRef": _reference(claim)}}
    objects.patch("persistentvolumes", "", volume_name, change)
    objects.set_status("persistentvolumes", "", volume_name, {"phase": "Bound"})
    marks = {_BIND_COMPLETED: "yes", _BOUND_BY_CONTROLLER: "yes"}
    objects.patch(
        "persistentvolumeclaims",
        place,
        name,
        {"metadata": {"annotations": marks}, "spec": {"volumeName": volume_name}},
    )
    spec = copied_object(section(volume, "spec"))
    status = {
        "phase": "Bound",
        "accessModes": spec.get("accessModes") or [],
        "capacity": spec.get("capacity") or {},
    }
    objects.set_status("persistentvolumeclaims", place, name, status)
