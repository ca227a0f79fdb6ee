"""What an object needs to be there before it can live. Pure: one object in, its needs out."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from drills import objects
from drills.companions.named import account_of, pull_secrets
from drills.pod_specs import POD_SPECS_BY_KIND

DEFAULT = "(the default)"
"""Stands for the StorageClass that a claim without one gets."""


class NeedKind(StrEnum):
    """What kind of thing is needed."""

    STORAGE_CLASS = "StorageClass"
    INGRESS_CLASS = "IngressClass"
    PRIORITY_CLASS = "PriorityClass"
    RUNTIME_CLASS = "RuntimeClass"
    SERVICE_ACCOUNT = "ServiceAccount"
    PULL_SECRET = "Secret"  # noqa: S105 - a kind, no secret
    IMAGE = "image"


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """One thing needed; `namespace` is empty for what belongs to the whole cluster."""

    kind: NeedKind
    namespace: str
    name: str


def needs_of(obj: object) -> Iterator[Need]:
    """Yield what `obj` needs, in its own namespace."""
    kind = objects.text(obj, "kind")
    if kind in POD_SPECS_BY_KIND:
        spec = objects.mapping(obj, *POD_SPECS_BY_KIND[kind])
        yield from _pod_needs(spec, objects.namespace(obj))
    if kind == "PersistentVolumeClaim":
        yield from _claim_needs(obj)
    elif kind == "StatefulSet":
        for template in objects.items(obj, "spec", "volumeClaimTemplates"):
            yield from _claim_needs(template)
    elif kind == "Ingress":
        name = objects.text(obj, "spec", "ingressClassName")
        if name:
            yield Need(NeedKind.INGRESS_CLASS, "", name)


def _claim_needs(claim: object) -> Iterator[Need]:
    """Yield the class; an empty one asks for none, and a named volume needs no class."""
    if objects.text(claim, "spec", "volumeName"):
        return
    said = objects.dig(claim, "spec", "storageClassName")
    if said is None:
        yield Need(NeedKind.STORAGE_CLASS, "", DEFAULT)
    elif isinstance(said, str) and said:
        yield Need(NeedKind.STORAGE_CLASS, "", said)


def _pod_needs(spec: object, namespace: str) -> Iterator[Need]:
    for key, kind in (
        ("priorityClassName", NeedKind.PRIORITY_CLASS),
        ("runtimeClassName", NeedKind.RUNTIME_CLASS),
    ):
        if name := objects.text(spec, key):
            yield Need(kind, "", name)
    if account := account_of(spec):
        yield Need(NeedKind.SERVICE_ACCOUNT, namespace, account)
    for name in pull_secrets(spec):
        yield Need(NeedKind.PULL_SECRET, namespace, name)
    for key in ("initContainers", "containers"):
        for image in _texts(spec, key, "image"):
            yield Need(NeedKind.IMAGE, "", image)


def _texts(spec: object, key: str, word: str) -> Iterator[str]:
    found = (objects.text(row, word) for row in objects.items(spec, key))
    return (text for text in found if text)
