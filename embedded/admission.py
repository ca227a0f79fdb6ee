"""What an object passes on its way into the ledger, and what happens right after.

In: a complete object body. Out: the body with everything the server adds, or a refusal. The order
is that of the real server: namespace, defaults, type-specific allocation, quota.
"""

from embedded.content import check_content
from embedded.custom_types import accept, register
from embedded.defaults import apply_defaults
from embedded.json_objects import JsonObject, name_of, namespace_of
from embedded.ledger import Entry, Ledger
from embedded.namespaces import (
    BORN_WITH,
    first_content,
    namespace_type,
    require_open_namespace,
)
from embedded.quota import admit_quota, quota_status, recount
from embedded.resource_types import ResourceType
from embedded.services import admit_service
from embedded.storage_classes import CLASSES, class_name, default_class


def admit_new(ledger: Ledger, t: ResourceType, body: JsonObject, uid: str = "") -> None:
    """Complete a new object in place; it gets a fresh uid unless one is given.

    Raises:
        ApiError: 403, 404 or 422.
    """
    if t.namespaced:
        require_open_namespace(ledger, t, body)
    if t.has_status:
        body.pop("status", None)
    metadata = body["metadata"]
    for empty in [key for key, value in metadata.items() if value in (None, {}, [])]:
        del metadata[empty]
    metadata["uid"] = uid or ledger.fresh_uid()
    metadata["creationTimestamp"] = ledger.timestamp()
    metadata.pop("generation", None)
    if t.has_generation:
        metadata["generation"] = 1
    if not t.custom:
        apply_defaults(body)
        _give_class(ledger, t, body)
        if t.has_status:
            body.setdefault("status", {})
    _admit(ledger, t, body, None)


def _give_class(ledger: Ledger, t: ResourceType, body: JsonObject) -> None:
    """Give a claim that names no class the default one; an empty name is a name."""
    classes = ledger.types.by_group_resource(CLASSES)
    if t.group_resource != "persistentvolumeclaims" or class_name(body) is not None or not classes:
        return
    default = default_class(entry.body for entry in ledger.entries(classes))
    if default is not None:
        body["spec"]["storageClassName"] = name_of(default)


def admit_update(
    ledger: Ledger, t: ResourceType, body: JsonObject, before: JsonObject, subresource: str
) -> None:
    """Complete a changed object in place.

    Raises:
        ApiError: 403 or 422.
    """
    if t.group_resource in {"secrets", "namespaces"}:
        apply_defaults(body)
    if not subresource:
        _admit(ledger, t, body, before)


def _admit(ledger: Ledger, t: ResourceType, body: JsonObject, before: JsonObject | None) -> None:
    check_content(t, body)
    if t.group_resource == "services":
        admit_service(ledger, t, body, before)
    if t.group_resource == "resourcequotas":
        body["status"] = quota_status(ledger, body)
    if t.kind == "CustomResourceDefinition":
        accept(body, ledger.timestamp())
    if t.namespaced:
        admit_quota(ledger, t, body, before)


def after_change(ledger: Ledger, t: ResourceType, entry: Entry) -> None:
    """Do at once what the controllers of a real cluster do a moment later."""
    if t.kind == "CustomResourceDefinition":
        register(ledger.types, entry.body)
    if t.namespaced:
        recount(ledger, t, namespace_of(entry.body))
    if t.group_resource == "namespaces" and "deletionTimestamp" not in entry.body["metadata"]:
        _fill(ledger, entry)


def after_deletion(ledger: Ledger, t: ResourceType, namespace: str) -> None:
    """Bring quotas up to date, and back what every living namespace has."""
    recount(ledger, t, namespace)
    place = ledger.find(namespace_type(ledger), "", namespace)
    refilled = t.group_resource in {"configmaps", "serviceaccounts"}
    if refilled and place is not None and "deletionTimestamp" not in place.body["metadata"]:
        _fill(ledger, place)


def _fill(ledger: Ledger, namespace: Entry) -> None:
    """Put the default ServiceAccount and the root certificate into a namespace."""
    for body in first_content(namespace.body["metadata"]["name"]):
        t = ledger.types.by_kind(body["apiVersion"], body["kind"])
        metadata = body["metadata"]
        if t is None or ledger.find(t, metadata["namespace"], metadata["name"]) is not None:
            continue
        admit_new(ledger, t, body)
        ledger.put(t, body)


def first_namespaces(ledger: Ledger) -> None:
    """Create the namespaces that every cluster is born with."""
    t = namespace_type(ledger)
    for name in BORN_WITH:
        body: JsonObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        admit_new(ledger, t, body)
        after_change(ledger, t, ledger.put(t, body))
