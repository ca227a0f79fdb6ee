"""How the controllers of the embedded cluster read and write objects: the storage, by short names.

In: `plural.group` names as in backups. Out: bodies. What `peek` and `all` return is shared with the
storage and must not be mutated; what `get` returns is the caller's own.
"""

from collections.abc import Hashable, Mapping

from embedded.api_errors import ApiError
from embedded.indexes import CLAIM, SETTING
from embedded.json_objects import JsonObject, namespace_of, section
from embedded.resource_types import ResourceType
from embedded.storage import Storage

_NOT_FOUND = 404


class Objects:
    """A client inside the process: no HTTP, no faults, every right."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def type(self, group_resource: str) -> ResourceType:
        """Return the served type; raises LookupError for one that is not served."""
        found = self.storage.types.by_group_resource(group_resource)
        if found is None:
            raise LookupError(f"the embedded cluster serves no {group_resource}")
        return found

    def peek(self, group_resource: str, namespace: str, name: str) -> JsonObject | None:
        """Return the stored body, not to be mutated, or None."""
        try:
            return self.storage.entry(self.type(group_resource), namespace, name).body
        except ApiError as refusal:
            if refusal.code != _NOT_FOUND:
                raise
            return None

    def get(self, group_resource: str, namespace: str, name: str) -> JsonObject | None:
        """Return a copy of the object, or None."""
        return self.storage.find(self.type(group_resource), namespace, name)

    def all(
        self, group_resource: str, namespace: str | None = None, *, labels: str = ""
    ) -> list[JsonObject]:
        """Return the stored bodies in order of namespace and name, not to be mutated."""
        t = self.type(group_resource)
        return [entry.body for entry in self.storage.entries(t, namespace, labels=labels)[0]]

    def mounting(self, namespace: str, claim: str) -> list[JsonObject]:
        """Return the pods that mount a claim, not to be mutated."""
        return self._indexed("pods", CLAIM, (namespace, claim))

    def reading(self, namespace: str, kind: str, name: str) -> list[JsonObject]:
        """Return the pods that take settings from a ConfigMap or Secret, not to be mutated."""
        return self._indexed("pods", SETTING, (namespace, kind, name))

    def kept_for(self, namespace: str, claim: str) -> list[JsonObject]:
        """Return the volumes whose claimRef names a claim (empty: none), not to be mutated."""
        return self._indexed("persistentvolumes", CLAIM, (namespace, claim))

    def owned(self, group_resource: str, uid: str) -> list[JsonObject]:
        """Return the objects of a type that name this uid as an owner, not to be mutated."""
        t, ledger = self.type(group_resource), self.storage.ledger
        with ledger.lock:
            keys = [key for key in ledger.dependents(uid) if key.group_resource == group_resource]
            return [entry.body for entry in ledger.at(t, [(k.namespace, k.name) for k in keys])]

    def labelled(
        self, group_resource: str, namespace: str, labels: Mapping[str, object]
    ) -> list[JsonObject]:
        """Return the objects that may have all of these labels, not to be mutated."""
        t, ledger = self.type(group_resource), self.storage.ledger
        if not labels:
            return self.all(group_resource, namespace)
        with ledger.lock:
            pairs = [(key, str(value)) for key, value in labels.items()]
            places = ledger.indexes.labelled(group_resource, pairs)
            return [entry.body for entry in ledger.at(t, places, namespace)]

    def selecting(self, group_resource: str, obj: JsonObject) -> list[str]:
        """Return the names of the Services or workloads whose selector may match an object."""
        labels, namespace = section(obj, "metadata", "labels"), namespace_of(obj)
        with self.storage.ledger.lock:
            found = self.storage.ledger.indexes.selecting(group_resource, namespace, labels)
        return [name for _, name in found]

    def _indexed(self, group_resource: str, index: str, key: Hashable) -> list[JsonObject]:
        t, ledger = self.type(group_resource), self.storage.ledger
        with ledger.lock:
            places = ledger.indexes.places(group_resource, index, key)
            return [entry.body for entry in ledger.at(t, places)]

    def create(self, group_resource: str, body: JsonObject, uid: str = "") -> JsonObject:
        """Create an object, with a fresh uid unless one is given; raises ApiError."""
        return self.storage.create(self.type(group_resource), body, uid=uid)

    def ensure(self, group_resource: str, body: JsonObject) -> None:
        """Create an object unless its name is taken; raises ApiError for other refusals."""
        metadata = body["metadata"]
        if self.peek(group_resource, metadata.get("namespace") or "", metadata["name"]) is None:
            self.create(group_resource, body)

    def patch(
        self, group_resource: str, namespace: str, name: str, change: JsonObject
    ) -> JsonObject:
        """Merge a change into an object; raises ApiError."""
        return self.storage.patch(self.type(group_resource), namespace, name, change)

    def set_status(
        self, group_resource: str, namespace: str, name: str, status: JsonObject
    ) -> JsonObject:
        """Replace the whole status through the door that the type has; raises ApiError."""
        t = self.type(group_resource)
        change = [{"op": "add", "path": "/status", "value": status}]
        return self.storage.patch(
            t,
            namespace,
            name,
            change,
            content_type="application/json-patch+json",
            subresource="status" if t.has_status else "",
        )

    def delete(self, group_resource: str, namespace: str, name: str) -> None:
        """Delete an object; nothing happens where it is gone already."""
        try:
            self.storage.delete(self.type(group_resource), namespace, name)
        except ApiError as refusal:
            if refusal.code != _NOT_FOUND:
                raise

    def drop_finalizer(
        self, group_resource: str, namespace: str, name: str, finalizer: str
    ) -> None:
        """Take one finalizer off an object; nothing happens where it has none such."""
        body = self.get(group_resource, namespace, name)
        if body is None or finalizer not in (body["metadata"].get("finalizers") or []):
            return
        body["metadata"]["finalizers"].remove(finalizer)
        self.storage.update(self.type(group_resource), body)
