"""What is special about namespaces.

In: the ledger and a namespace. Out: refusals for namespaces that are missing or going away, the
objects every namespace is born with, and the conditions that say why a deletion does not finish.
Wordings follow the NamespaceLifecycle admission plug-in and the namespace controller at v1.34.
"""

from collections import Counter

from embedded.api_errors import ApiError, forbidden, not_found
from embedded.json_objects import JsonObject, copied_object, items, name_of, section
from embedded.ledger import Entry, Key, Ledger
from embedded.resource_types import ResourceType

BORN_WITH = ("default", "kube-system", "kube-public", "kube-node-lease")
"""The namespaces of a new cluster."""

_IMMORTAL = frozenset({"default", "kube-system", "kube-public"})
_ROOT_CA = "kube-root-ca.crt"
_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nembedded\n-----END CERTIFICATE-----\n"
_NAME_LABEL = "kubernetes.io/metadata.name"


def namespace_type(ledger: Ledger) -> ResourceType:
    """Return the type of namespaces."""
    found = ledger.types.by_group_resource("namespaces")
    if found is None:
        raise LookupError("this registry serves no namespaces; build it from BUILTIN")
    return found


def complete_namespace(body: JsonObject) -> None:
    """Give a namespace the label, finalizer and phase that the API server gives it."""
    metadata = body["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), _NAME_LABEL: metadata["name"]}
    body.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    body.setdefault("status", {}).setdefault("phase", "Active")


def require_open_namespace(ledger: Ledger, t: ResourceType, body: JsonObject) -> None:
    """Refuse to create an object in a namespace that is missing or going away.

    Raises:
        ApiError: 404 without the namespace, 403 while it terminates.
    """
    namespaces = namespace_type(ledger)
    where = str(body["metadata"].get("namespace") or "")
    entry = ledger.find(namespaces, "", where)
    if entry is None:
        raise not_found(namespaces, where)
    if is_terminating(entry):
        raise _terminating(t, name_of(body), where)


def require_mortal(t: ResourceType, entry: Entry) -> None:
    """Refuse to delete a namespace that the cluster cannot be without.

    Raises:
        ApiError: 403.
    """
    name = name_of(entry.body)
    if t.group_resource == "namespaces" and name in _IMMORTAL:
        raise forbidden(t, name, "this namespace may not be deleted")


def is_terminating(entry: Entry) -> bool:
    """Return whether the namespace's deletion has begun."""
    return "deletionTimestamp" in entry.body["metadata"]


def _terminating(t: ResourceType, name: str, where: str) -> ApiError:
    why = f"unable to create new content in namespace {where} because it is being terminated"
    error = forbidden(t, name, why)
    error.details["causes"] = [
        {
            "reason": "NamespaceTerminating",
            "message": f"namespace {where} is being terminated",
            "field": "metadata.namespace",
        }
    ]
    return error


def first_content(namespace: str) -> tuple[JsonObject, ...]:
    """Return what controllers put into every new namespace."""
    place = {"namespace": namespace}
    return (
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "default", **place},
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": _ROOT_CA,
                "annotations": {
                    "kubernetes.io/description": "Contains a CA bundle that can be used to verify "
                    "the kube-apiserver when using internal endpoints."
                },
                **place,
            },
            "data": {"ca.crt": _CERTIFICATE},
        },
    )


def with_conditions(
    ledger: Ledger, body: JsonObject, remaining: list[tuple[Key, Entry]]
) -> JsonObject:
    """Return the terminating namespace with conditions that tell what still holds it."""
    changed = copied_object(body)
    before = {one["type"]: one for one in items(body, "status", "conditions")}
    conditions = [
        _condition(ledger, before, kind, text) for kind, text in _reasons(remaining).items()
    ]
    changed["status"] = {**section(body, "status"), "conditions": conditions}
    return changed


def _reasons(remaining: list[tuple[Key, Entry]]) -> dict[str, tuple[bool, str, str]]:
    kinds = Counter(key.group_resource for key, _ in remaining)
    finalizers = Counter(
        one for _, entry in remaining for one in items(entry.body, "metadata", "finalizers")
    )
    content = "Some resources are remaining: " + ", ".join(
        f"{_group_form(kind)} has {count} resource instances"
        for kind, count in sorted(kinds.items())
    )
    blocked = "Some content in the namespace has finalizers remaining: " + ", ".join(
        f"{name} in {count} resource instances" for name, count in sorted(finalizers.items())
    )
    discovered = "All resources successfully discovered"
    parsed = "All legacy kube types successfully parsed"
    deleted = "All content successfully deleted, may be waiting on finalization"
    removed = "All content successfully removed"
    finalized = "All content-preserving finalizers finished"
    return {
        "NamespaceDeletionDiscoveryFailure": (False, "ResourcesDiscovered", discovered),
        "NamespaceDeletionGroupVersionParsingFailure": (False, "ParsedGroupVersions", parsed),
        "NamespaceDeletionContentFailure": (False, "ContentDeleted", deleted),
        "NamespaceContentRemaining": (
            (True, "SomeResourcesRemain", content) if kinds else (False, "ContentRemoved", removed)
        ),
        "NamespaceFinalizersRemaining": (
            (True, "SomeFinalizersRemain", blocked)
            if finalizers
            else (False, "ContentHasNoFinalizers", finalized)
        ),
    }


def _group_form(group_resource: str) -> str:
    return group_resource if "." in group_resource else f"{group_resource}."


def _condition(
    ledger: Ledger, before: dict[str, JsonObject], kind: str, told: tuple[bool, str, str]
) -> JsonObject:
    holds, reason, message = told
    status = str(holds)
    known = before.get(kind, {})
    since = known.get("lastTransitionTime") if known.get("status") == status else None
    return {
        "type": kind,
        "status": status,
        "lastTransitionTime": since or ledger.timestamp(),
        "reason": reason,
        "message": message,
    }
