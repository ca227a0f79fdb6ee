"""The API server without HTTP: create, read, change, delete and watch Kubernetes objects.

In: resource types and plain objects, as a client or a controller in this process writes them.
Out: copies that nobody else mutates, events, or `ApiError` as the real API server refuses.
Thread-safe; every call is one transaction.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from embedded.admission import (
    admit_new,
    admit_update,
    after_change,
    after_deletion,
    first_namespaces,
)
from embedded.api_errors import ApiError, already_exists, bad_request, not_found
from embedded.applying import Appliers
from embedded.deletion import delete_entry, drop_ownerless, settle
from embedded.event_log import Event, Subscription
from embedded.json_objects import JsonObject, copied_object, name_of, namespace_of, section
from embedded.ledger import Entry, Ledger
from embedded.namespaces import require_mortal
from embedded.patching import APPLY, patched
from embedded.resource_types import BUILTIN, VELERO_TYPES, ResourceType, TypeRegistry
from embedded.selectors import equal_pairs, selector
from embedded.updates import check_base, check_preconditions, updated_body
from embedded.validation import check_kind, new_body

__all__ = ["ApiError", "Event", "Storage", "Subscription"]


def _require_name(wanted: JsonObject, name: str) -> None:
    told = name_of(wanted)
    if told != name:
        message = f"the name of the object ({told}) does not match the name on the URL ({name})"
        raise bad_request(message)


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class Storage:
    """All objects of one embedded cluster, with the semantics of the real API server.

    Args:
        types: the resource types served; by default the built-in and the Velero types.
        now: the clock behind all timestamps.
        history: how many changes per type a late watch can still read before it gets 410.
        backlog: how many unread events a watcher may have before it gets 410.
    """

    def __init__(
        self,
        types: TypeRegistry | None = None,
        now: Callable[[], datetime] = _wall_clock,
        *,
        history: int = 20_000,
        backlog: int = 50_000,
    ) -> None:
        self.types = types or TypeRegistry((*BUILTIN, *VELERO_TYPES))
        self.ledger = Ledger(self.types, now, history=history, backlog=backlog)
        self._appliers = Appliers()
        first_namespaces(self.ledger)

    def create(
        self,
        t: ResourceType,
        obj: JsonObject,
        *,
        namespace: str | None = None,
        dry_run: bool = False,
        uid: str = "",
    ) -> JsonObject:
        """Store a new object and return it; it gets a fresh uid unless `uid` is given.

        Raises:
            ApiError: 400, 403, 404, 409 or 422, as the real server refuses.
        """
        with self.ledger.lock:
            body = new_body(t, obj, namespace)
            admit_new(self.ledger, t, body, uid)
            if self.ledger.find(t, namespace_of(body), name_of(body)) is not None:
                raise already_exists(t, name_of(body))
            if dry_run:
                return body
            entry = self.ledger.put(t, body)
            after_change(self.ledger, t, entry)
            drop_ownerless(self.ledger, t, entry)
            return copied_object(entry.body)

    def get(self, t: ResourceType, namespace: str | None, name: str) -> JsonObject:
        """Return the object.

        Raises:
            ApiError: 404 when it is not there.
        """
        return self._view(t, self.entry(t, namespace, name))

    def find(self, t: ResourceType, namespace: str | None, name: str) -> JsonObject | None:
        """Return the object, or None when it is not there."""
        with self.ledger.lock:
            entry = self.ledger.find(t, namespace or "", name)
        return None if entry is None else self._view(t, entry)

    def list(
        self, t: ResourceType, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> list[JsonObject]:
        """Return the selected objects, ordered by namespace and name."""
        entries, _ = self.entries(t, namespace, labels=labels, fields=fields)
        return [self._view(t, entry) for entry in entries]

    def update(
        self, t: ResourceType, obj: JsonObject, *, subresource: str = "", dry_run: bool = False
    ) -> JsonObject:
        """Replace an object and return it; a replacement that changes nothing is no event.

        Raises:
            ApiError: 404, 409 for a stale resourceVersion or another uid, 403, 422.
        """
        check_kind(t, obj)
        with self.ledger.lock:
            current = self.entry(t, namespace_of(obj), name_of(obj))
            return self._write(t, current, obj, subresource, dry_run=dry_run)

    def patch(
        self,
        t: ResourceType,
        namespace: str | None,
        name: str,
        patch: object,
        *,
        content_type: str = "application/merge-patch+json",
        subresource: str = "",
        dry_run: bool = False,
    ) -> JsonObject:
        """Patch an object and return it; server-side apply creates what is not there.

        Raises:
            ApiError: 404, 409, 415 for a patch type that the resource does not take, 422.
        """
        with self.ledger.lock:
            if content_type == APPLY:
                return self.apply(t, namespace, name, patch, dry_run=dry_run)
            current = self.entry(t, namespace, name)
            wanted = patched(t, current.body, patch, content_type)
            _require_name(wanted, name)
            return self._write(t, current, wanted, subresource, dry_run=dry_run)

    def apply(
        self,
        t: ResourceType,
        namespace: str | None,
        name: str,
        wanted: object,
        *,
        manager: str = "embedded",
        force: bool = False,
        dry_run: bool = False,
    ) -> JsonObject:
        """Apply a configuration on the server's side; creates what is not there.

        Raises:
            ApiError: 409 when another manager applied a different value and this is not forced.
        """
        if not isinstance(wanted, dict):
            raise bad_request("error decoding patch: it is no object")
        with self.ledger.lock:
            current = self.ledger.find(t, namespace or "", name)
            if current is None:
                whole = {**wanted, "metadata": {**section(wanted, "metadata"), "name": name}}
                result = self.create(t, whole, namespace=namespace, dry_run=dry_run)
            else:
                body = self._appliers.applied(t, current.body, wanted, manager, force=force)
                _require_name(body, name)
                result = self._write(t, current, body, "", dry_run=dry_run)
            if not dry_run:
                self._appliers.remember(result["metadata"]["uid"], manager, copied_object(wanted))
            return result

    def delete(
        self,
        t: ResourceType,
        namespace: str | None,
        name: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: str = "Background",
        dry_run: bool = False,
    ) -> JsonObject:
        """Delete an object and return it as it last was.

        Raises:
            ApiError: 404, or 409 when a precondition does not hold.
        """
        with self.ledger.lock:
            entry = self.entry(t, namespace, name)
            require_mortal(t, entry)
            check_preconditions(t, entry.body, uid, resource_version)
            if dry_run:
                return copied_object(entry.body)
            last = delete_entry(self.ledger, t, entry, propagation or "Background")
            if t.namespaced:
                after_deletion(self.ledger, t, namespace or "")
            return copied_object(last)

    def watch(
        self,
        t: ResourceType,
        *,
        namespace: str | None = None,
        since: int | None = None,
        labels: str = "",
        fields: str = "",
    ) -> Subscription:
        """Return the events after `since` (None: from now on); close it when done.

        Raises:
            ApiError: 410 when the history does not reach back that far.
        """
        selects = selector(labels, fields, t)
        with self.ledger.lock:
            return self.ledger.log.subscribe(t, namespace or "", since, selects)

    def snapshot(self) -> dict[tuple[str, str, str], JsonObject]:
        """Return every object, keyed by group_resource, namespace and name."""
        with self.ledger.lock:
            return {
                (key.group_resource, key.namespace, key.name): copied_object(entry.body)
                for key, entry in self.ledger.everything()
            }

    @property
    def version(self) -> int:
        """Return the resourceVersion of the latest change."""
        return self.ledger.version

    @property
    def forgotten(self) -> int:
        """Return the resourceVersion before which history was deliberately forgotten."""
        return self.ledger.log.floor

    def forget_history(self) -> None:
        """Forget all past events, as a compaction does: older watches get 410."""
        with self.ledger.lock:
            self.ledger.log.forget(self.ledger.version)

    def entry(self, t: ResourceType, namespace: str | None, name: str) -> Entry:
        """Return the stored entry, which must not be mutated.

        Raises:
            ApiError: 404 when it is not there.
        """
        with self.ledger.lock:
            found = self.ledger.find(t, namespace or "", name)
        if found is None:
            raise not_found(t, name)
        return found

    def entries(
        self, t: ResourceType, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> tuple[tuple[Entry, ...], int]:
        """Return the selected entries (not to be mutated) and the version they are from."""
        selects, wanted = selector(labels, fields, t), equal_pairs(labels)
        with self.ledger.lock:
            version = self.ledger.version
            if wanted:
                places = self.ledger.indexes.labelled(t.group_resource, wanted)
                found = self.ledger.at(t, places, namespace or "")
            else:
                found = self.ledger.entries(t, namespace or "")
        if selects is not None:
            found = [entry for entry in found if selects(entry.body)]
        return tuple(found), version

    def _write(
        self, t: ResourceType, current: Entry, wanted: JsonObject, door: str, *, dry_run: bool
    ) -> JsonObject:
        check_base(t, current.body, wanted)
        body = updated_body(t, current.body, wanted, door)
        if body == current.body:
            return copied_object(body)
        admit_update(self.ledger, t, body, current.body, door)
        if dry_run:
            return body
        entry = self.ledger.put(t, body)
        after_change(self.ledger, t, entry)
        return copied_object(settle(self.ledger, t, entry))

    @staticmethod
    def _view(t: ResourceType, entry: Entry) -> JsonObject:
        body = copied_object(entry.body)
        body["apiVersion"] = t.api_version
        return body
