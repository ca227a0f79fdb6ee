"""Pods made from the templates of their controllers.

In: a controller with `spec.template`. Out: a pod body ready to be created.
"""

import hashlib
import json

from embedded.controllers.ownership import owner_reference
from embedded.json_objects import JsonObject, copied_object, name_of, namespace_of, section

TEMPLATE_HASH = "pod-template-hash"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def template_of(owner: JsonObject) -> JsonObject:
    """Return a copy of the owner's pod template without the hash label."""
    template = copied_object(section(owner, "spec", "template"))
    metadata = template.get("metadata") or {}
    labels = dict(metadata.get("labels") or {})
    labels.pop(TEMPLATE_HASH, None)
    kept = {key: value for key, value in metadata.items() if value and key != "labels"}
    template["metadata"] = {**kept, "labels": labels}
    return template


def template_hash(owner: JsonObject) -> str:
    """Return a short name for the owner's pod template, the same for the same template."""
    text = json.dumps(template_of(owner), sort_keys=True)
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    letters = []
    for _ in range(10):
        number, rest = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return "".join(letters)


def pod_from(owner: JsonObject, *, name: str = "", labels: JsonObject | None = None) -> JsonObject:
    """Return a pod for the owner.

    Args:
        owner: the controller whose template it follows.
        name: its name; generated from the owner's when left out.
        labels: labels besides those of the template.
    """
    template = copied_object(section(owner, "spec", "template"))
    metadata = template.get("metadata") or {}
    made: JsonObject = {
        "namespace": namespace_of(owner),
        "labels": {**(metadata.get("labels") or {}), **(labels or {})},
        "annotations": metadata.get("annotations") or {},
        "ownerReferences": [owner_reference(owner)],
    }
    made |= {"name": name} if name else {"generateName": f"{name_of(owner)}-"}
    spec = template.get("spec") or {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": made, "spec": spec}
