"""StorageClasses: which one a claim has, which is the default, and which free volume fits a claim.

In: claims, classes, volumes. Out: names and volumes. Follows the v1 helpers and the volume binder
of Kubernetes 1.34 (pkg/apis/core/v1/helper, pkg/controller/volume/persistentvolume): an absent
class and an empty one are two different wishes.
"""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from embedded.json_objects import JsonObject, items, name_of, section

CLASSES = "storageclasses.storage.k8s.io"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_DEFAULT_MARKS = (DEFAULT_CLASS, "storageclass.beta.kubernetes.io/is-default-class")
_LEGACY = "volume.beta.kubernetes.io/storage-class"
_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_UNITS |= {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18, "m": 0}


def class_name(obj: JsonObject) -> str | None:
    """Return the class that a claim or volume names, None where it names none at all."""
    marks = section(obj, "metadata", "annotations")
    wanted = marks[_LEGACY] if _LEGACY in marks else section(obj, "spec").get("storageClassName")
    return None if wanted is None else str(wanted)


def default_class(classes: Iterable[JsonObject]) -> JsonObject | None:
    """Return the default class: of several the newest, by name where they are of one age."""
    found = [
        one
        for one in classes
        if any(
            section(one, "metadata", "annotations").get(mark) == "true" for mark in _DEFAULT_MARKS
        )
    ]
    found.sort(key=name_of)
    return max(found, key=lambda one: str(one["metadata"].get("creationTimestamp")), default=None)


def smallest_fit(claim: JsonObject, volumes: Iterable[JsonObject]) -> JsonObject | None:
    """Return the smallest of the free volumes that a claim can be bound to, or None."""
    fitting = (volume for volume in volumes if satisfies(claim, volume))
    return min(fitting, key=lambda one: (_size(one, "capacity"), name_of(one)), default=None)


def satisfies(claim: JsonObject, volume: JsonObject) -> bool:
    """Return whether a volume that is kept for nobody has what the claim asks for."""
    spec = section(volume, "spec")
    return (
        "deletionTimestamp" not in volume["metadata"]
        and (class_name(claim) or "") == (class_name(volume) or "")
        and spec.get("volumeMode") == section(claim, "spec").get("volumeMode")
        and set(items(claim, "spec", "accessModes")) <= set(items(volume, "spec", "accessModes"))
        and _size(volume, "capacity") >= _size(claim, "resources", "requests")
        and _selected(section(claim, "spec", "selector", "matchLabels"), volume)
    )


def _selected(wanted: JsonObject, volume: JsonObject) -> bool:
    labels = section(volume, "metadata", "labels")
    return all(labels.get(key) == value for key, value in wanted.items())


def _size(obj: JsonObject, *path: str) -> Decimal:
    """Return a quantity of storage in bytes, zero where it cannot be read."""
    text = str(section(obj, "spec", *path).get("storage", "0"))
    unit = next((one for one in _UNITS if text.endswith(one)), "")
    try:
        return Decimal(text.removesuffix(unit)) * _UNITS.get(unit, 1)
    except InvalidOperation:
        return Decimal(0)
