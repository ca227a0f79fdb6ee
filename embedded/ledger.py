"""Where objects are kept: the tables, their indexes, the one counter of versions, the event log.

In: whole objects that admission has already let through. Out: entries, and an event for each
change. It knows nothing of what Kubernetes allows. Callers hold `lock`; a stored object is never
mutated, only replaced, so it may be read without copying.
"""

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from embedded.event_log import ADDED, DELETED, MODIFIED, Change, Event, EventLog
from embedded.indexes import Indexes, Place
from embedded.json_objects import JsonObject, encoded, items, name_of, namespace_of
from embedded.resource_types import ResourceType, TypeRegistry

_TYPE_FIELDS = frozenset({"kind", "apiVersion"})


class Key(NamedTuple):
    """Where an object lives; the namespace is empty for cluster-scoped ones."""

    group_resource: str
    namespace: str
    name: str


@dataclass(slots=True)
class Entry:
    """One stored object with its version and, once asked for, its bytes."""

    body: JsonObject
    version: int
    _whole: bytes | None = None
    _item: bytes | None = None

    def as_json(self, t: ResourceType) -> bytes:
        """Return the object as JSON at the type's version, encoded at most once."""
        if self.body["apiVersion"] != t.api_version:
            return encoded({**self.body, "apiVersion": t.api_version})
        if self._whole is None:
            self._whole = encoded(self.body)
        return self._whole

    def as_item(self, t: ResourceType) -> bytes:
        """Return the object as it stands in a list, encoded at most once.

        The real server leaves kind and apiVersion out of the items of built-in types.
        """
        if t.custom:
            return self.as_json(t)
        if self._item is None:
            bare = {key: self.body[key] for key in self.body if key not in _TYPE_FIELDS}
            self._item = encoded(bare)
        return self._item


class Ledger:
    """All objects of one embedded cluster."""

    def __init__(
        self, types: TypeRegistry, now: Callable[[], datetime], *, history: int, backlog: int
    ) -> None:
        self.lock = threading.RLock()
        self.types = types
        self.log = EventLog(history=history, backlog=backlog)
        self.version = 0
        self._now = now
        self._tables: dict[str, dict[str, dict[str, Entry]]] = {}
        self._by_uid: dict[str, Key] = {}
        self._dependents: dict[str, dict[Key, None]] = {}
        self.sweeping: set[str] = set()
        self.indexes = Indexes()
        self.last_address = 0
        """The number of the cluster address given last; the search for a free one goes on there."""

    def timestamp(self) -> str:
        """Return the current time as metadata carries it: RFC 3339, UTC, whole seconds."""
        return self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def fresh_uid(self) -> str:
        """Return a uid that was never given before."""
        return str(uuid.uuid4())

    def find(self, t: ResourceType, namespace: str, name: str) -> Entry | None:
        """Return the entry, or None."""
        return self._tables.get(t.group_resource, {}).get(namespace, {}).get(name)

    def by_uid(self, uid: str) -> Key | None:
        """Return where the object with this uid lives, or None."""
        return self._by_uid.get(uid)

    def dependents(self, uid: str) -> tuple[Key, ...]:
        """Return where the objects live that name this uid as an owner."""
        return tuple(self._dependents.get(uid, ()))

    def entries(self, t: ResourceType, namespace: str = "") -> list[Entry]:
        """Return the type's entries in the order of namespace and name."""
        table = self._tables.get(t.group_resource, {})
        places = (namespace,) if namespace else sorted(table)
        return [entry for place in places for _, entry in sorted(table.get(place, {}).items())]

    def at(self, t: ResourceType, places: Iterable[Place], namespace: str = "") -> list[Entry]:
        """Return the entries at these places, in order; a namespace leaves the others out."""
        table = self._tables.get(t.group_resource, {})
        found = (place for place in places if not namespace or place[0] == namespace)
        entries = (table.get(space, {}).get(name) for space, name in sorted(found))
        return [entry for entry in entries if entry is not None]

    def count(self, group_resource: str, namespace: str) -> int:
        """Return how many objects of a type a namespace holds."""
        return len(self._tables.get(group_resource, {}).get(namespace, {}))

    def inside(self, namespace: str) -> Iterator[tuple[Key, Entry]]:
        """Yield everything that the namespace holds, as it was when asked."""
        for group_resource in tuple(self._tables):
            for name, entry in tuple(self._tables[group_resource].get(namespace, {}).items()):
                yield Key(group_resource, namespace, name), entry

    def everything(self) -> Iterator[tuple[Key, Entry]]:
        """Yield every entry."""
        for group_resource, table in self._tables.items():
            for namespace, rows in table.items():
                for name, entry in rows.items():
                    yield Key(group_resource, namespace, name), entry

    def type_of(self, key: Key) -> ResourceType | None:
        """Return the type of the object at this key, or None when no longer served."""
        return self.types.by_group_resource(key.group_resource)

    def put(self, t: ResourceType, body: JsonObject) -> Entry:
        """Store the object as a new version and tell the watchers; keeps the object given."""
        namespace, name = namespace_of(body), name_of(body)
        rows = self._tables.setdefault(t.group_resource, {}).setdefault(namespace, {})
        before = rows.get(name)
        self.version += 1
        body["metadata"]["resourceVersion"] = str(self.version)
        entry = rows[name] = Entry(body, self.version)
        key = Key(t.group_resource, namespace, name)
        if before is not None:
            self._unindex(key, before.body)
        self._index(key, body)
        self.indexes.replace(t.group_resource, before.body if before else None, body)
        event = Event(MODIFIED if before else ADDED, body, self.version)
        self.log.record(t, Change(event, before.body if before else None))
        return entry

    def drop(self, t: ResourceType, entry: Entry) -> JsonObject:
        """Remove the object, tell the watchers and return it as of its removal."""
        namespace, name = namespace_of(entry.body), name_of(entry.body)
        del self._tables[t.group_resource][namespace][name]
        self._unindex(Key(t.group_resource, namespace, name), entry.body)
        self.indexes.replace(t.group_resource, entry.body, None)
        self.version += 1
        last = {
            **entry.body,
            "metadata": {**entry.body["metadata"], "resourceVersion": str(self.version)},
        }
        self.log.record(t, Change(Event(DELETED, last, self.version), entry.body))
        return last

    def _index(self, key: Key, body: JsonObject) -> None:
        self._by_uid[str(body["metadata"]["uid"])] = key
        for owner in items(body, "metadata", "ownerReferences"):
            self._dependents.setdefault(str(owner.get("uid")), {})[key] = None

    def _unindex(self, key: Key, body: JsonObject) -> None:
        self._by_uid.pop(str(body["metadata"]["uid"]), None)
        for owner in items(body, "metadata", "ownerReferences"):
            uid = str(owner.get("uid"))
            keys = self._dependents.get(uid, {})
            keys.pop(key, None)
            if not keys:
                self._dependents.pop(uid, None)
