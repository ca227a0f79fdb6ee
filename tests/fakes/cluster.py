"""An in-memory cluster that keeps the Cluster port, with scripted reactions.

`react(verb, kind, callback)` plays a controller: the callback gets the stored object after a
create, patch or delete. `refuse(verb, kind, error)` makes calls fail. Time moves only when
somebody waits, through the FakeClock; what a test plans with `clock.at` happens then.
"""

import copy
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from drills import objects
from drills.cluster import Abilities, Change, ChangeType, Kind, ServedKind
from drills.errors import AlreadyExists, Conflicted, DrillError, Missing, NotServed
from drills.objects import KubeObject
from tests.fakes.clock import FakeClock
from tests.fakes.containers import FakeContainers
from tests.fakes.kinds import SERVED
from tests.fakes.selectors import fields_match, labels_match

JsonObject = dict[str, object]
Key = tuple[Kind, str, str]
Reaction = Callable[[KubeObject], None]


def merged(into: object, patch: object) -> object:
    """Return `into` with the JSON merge patch applied (RFC 7396)."""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    result: JsonObject = dict(into) if isinstance(into, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def kind_of(obj: KubeObject) -> Kind:
    """Return the object's kind."""
    return Kind(objects.text(obj, "apiVersion"), objects.text(obj, "kind"))


class FakeCluster(FakeContainers):
    """Keeps `drills.ports.Cluster` in memory."""

    def __init__(self, clock: FakeClock | None = None, *present: KubeObject) -> None:
        super().__init__()
        self.clock = clock or FakeClock()
        self.embedded = False
        self.can = Abilities()
        self.kinds = list(SERVED)
        self.calls: list[tuple[str, Kind, str, str]] = []
        """Every write: verb, kind, namespace, name."""
        self.denied: set[tuple[str, str]] = set()
        """(verb, `plural.group`) for which `may` says no."""
        self._stored: dict[Key, JsonObject] = {}
        self._changes: list[Change] = []
        self._reactions: dict[tuple[str, Kind], list[Reaction]] = defaultdict(list)
        self._refusals: dict[tuple[str, Kind], list[DrillError]] = defaultdict(list)
        self._counter = 0
        self._lock = threading.RLock()
        for obj in present:
            self.put(obj)

    def react(self, verb: str, kind: Kind, callback: Reaction) -> None:
        """Call `callback` after each `create`, `patch` or `delete` of `kind`."""
        self._reactions[verb, kind].append(callback)

    def refuse(self, verb: str, kind: Kind, error: DrillError, *, times: int = 1) -> None:
        """Let the next `times` calls of `verb` on `kind` raise `error`."""
        self._refusals[verb, kind].extend([error] * times)

    def put(self, obj: KubeObject) -> KubeObject:
        """Store `obj` as it is, as a test or a controller would, without reactions."""
        with self._lock:
            return self._keep(obj)

    def change(self, kind: Kind, namespace: str, name: str, patch: KubeObject) -> None:
        """Merge `patch` in as a controller would, without reactions or refusals."""
        with self._lock:
            found = self._stored.get((kind, namespace, name))
            if found is not None:
                self._settle(kind, namespace, name, merged(found, patch))

    def drop(self, kind: Kind, namespace: str, name: str) -> None:
        """Take the object away, whatever its finalizers."""
        with self._lock:
            gone = self._stored.pop((kind, namespace, name), None)
            if gone is not None:
                self._changes.append(Change(ChangeType.DELETED, gone))

    def version(self) -> str:
        """Return a plausible version."""
        return "v1.34.4"

    def abilities(self) -> Abilities:
        """Return what a test says that this cluster can do; everything by default."""
        return self.can

    def identity(self) -> str:
        """Return a fixed uid."""
        return "kube-system-uid"

    def served(self, kind: Kind) -> ServedKind:
        """Return how `kind` is served; raises NotServed."""
        for served in self.kinds:
            if (served.api_version, served.kind) == (kind.api_version, kind.kind):
                return served
        raise NotServed(f"{kind.api_version} {kind.kind} is not served")

    def served_resource(self, resource: str) -> ServedKind:
        """Return how `plural.group` is served; raises NotServed."""
        for served in self.kinds:
            if served.resource == resource:
                return served
        raise NotServed(f"{resource} is not served")

    def versions(self) -> Sequence[str]:
        """Return the versions of the kinds that are served."""
        return tuple(dict.fromkeys(served.api_version for served in self.kinds))

    def kinds_of(self, api_version: str) -> Sequence[ServedKind]:
        """Return the kinds of one version."""
        return tuple(served for served in self.kinds if served.api_version == api_version)

    def get(self, kind: Kind, namespace: str, name: str) -> KubeObject | None:
        """Return the object or None."""
        with self._lock:
            self._check("get", kind)
            return copy.deepcopy(self._stored.get((kind, namespace, name)))

    def list(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
        metadata_only: bool = False,
    ) -> Sequence[KubeObject]:
        """Return the objects that fit."""
        with self._lock:
            self._check("list", kind)
            return tuple(
                copy.deepcopy(obj)
                for (of, space, _), obj in self._stored.items()
                if of == kind
                and namespace in ("", space)
                and labels_match(obj, labels)
                and fields_match(obj, fields)
            )

    def create(self, obj: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """Store a new object and let reactions follow."""
        with self._lock:
            kind = kind_of(obj)
            self._check("create", kind)
            fresh = self._named(obj)
            key = (kind, objects.namespace(fresh), objects.name(fresh))
            if key in self._stored:
                raise AlreadyExists(f"{kind.kind} {key[2]} exists")
            if dry_run:
                return fresh
            self.calls.append(("create", *key))
            kept = self._keep(fresh)
            self._react("create", kept)
            return kept

    def patch(
        self, kind: Kind, namespace: str, name: str, patch: KubeObject, *, dry_run: bool = False
    ) -> KubeObject:
        """Merge-patch a stored object; raises Missing, Conflicted."""
        with self._lock:
            self._check("patch", kind)
            found = self._stored.get((kind, namespace, name))
            if found is None:
                raise Missing(f"{kind.kind} {name} is not there")
            for precondition in ("uid", "resourceVersion"):
                wanted = objects.text(patch, "metadata", precondition)
                if wanted and wanted != objects.text(found, "metadata", precondition):
                    raise Conflicted(f"{kind.kind} {name} has another {precondition}")
            result = merged(found, patch)
            if dry_run:
                return result if isinstance(result, Mapping) else {}
            self.calls.append(("patch", kind, namespace, name))
            kept = self._settle(kind, namespace, name, result)
            self._react("patch", kept)
            return copy.deepcopy(kept)

    def delete(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        *,
        uid: str,
        version: str = "",
        propagation: str = "Background",
    ) -> None:
        """Delete with uid and version as preconditions; finalizers hold the object as they do."""
        with self._lock:
            self._check("delete", kind)
            found: KubeObject | None = self._stored.get((kind, namespace, name))
            if found is None:
                return
            if uid and objects.uid(found) != uid:
                raise Conflicted(f"{kind.kind} {name} has another uid")
            if version and objects.text(found, "metadata", "resourceVersion") != version:
                raise Conflicted(f"{kind.kind} {name} was changed meanwhile")
            self.calls.append(("delete", kind, namespace, name))
            if objects.items(found, "metadata", "finalizers"):
                mark = {"metadata": {"deletionTimestamp": self.clock.now().isoformat()}}
                found = self._settle(kind, namespace, name, merged(found, mark))
            else:
                self.drop(kind, namespace, name)
                self._empty(kind, name)
            self._react("delete", found)

    def watch(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        name: str = "",
        labels: str = "",
        stop: Callable[[], bool],
        idle: float = 1.0,
    ) -> Iterator[Change | None]:
        """Yield what is there, SYNCED, then changes; waiting moves the clock by `idle`."""
        fields = f"metadata.name={name}" if name else ""
        with self._lock:
            self._check("watch", kind)
            seen = len(self._changes)
            present = self.list(kind, namespace, labels=labels, fields=fields)
        yield from (Change(ChangeType.ADDED, obj) for obj in present)
        yield Change(ChangeType.SYNCED, {})
        while not stop():
            with self._lock:
                fresh, seen = self._changes[seen:], len(self._changes)
            for change in fresh:
                obj = change.object
                inside = namespace in ("", objects.namespace(obj)) and kind_of(obj) == kind
                if inside and labels_match(obj, labels) and fields_match(obj, fields):
                    yield Change(change.type, copy.deepcopy(obj))
            if not fresh:
                self.clock.advance(idle)
                yield None

    def may(self, verb: str, resource: str, namespace: str) -> bool:
        """Return True unless the right is in `denied`."""
        return (verb, resource) not in self.denied

    def _check(self, verb: str, kind: Kind) -> None:
        if self._refusals[verb, kind]:
            raise self._refusals[verb, kind].pop(0)
        self.served(kind)

    def _named(self, obj: KubeObject) -> JsonObject:
        self._counter += 1
        meta = dict(objects.mapping(obj, "metadata"))
        if not meta.get("name"):
            meta["name"] = f"{objects.text(meta, 'generateName')}{self._counter:05d}"
        meta["uid"] = f"uid-{self._counter}"
        meta["creationTimestamp"] = self.clock.now().isoformat().replace("+00:00", "Z")
        return {**copy.deepcopy(dict(obj)), "metadata": meta}

    def _keep(self, obj: KubeObject) -> KubeObject:
        key = (kind_of(obj), objects.namespace(obj), objects.name(obj))
        first = key not in self._stored
        if not objects.uid(obj):
            obj = self._named(obj)
        return copy.deepcopy(self._settle(*key, obj, added=first))

    def _settle(
        self, kind: Kind, namespace: str, name: str, value: object, *, added: bool = False
    ) -> KubeObject:
        self._counter += 1
        found: JsonObject = dict(value) if isinstance(value, Mapping) else {}
        meta = {**objects.mapping(found, "metadata"), "resourceVersion": str(self._counter)}
        found["metadata"] = meta
        if meta.get("deletionTimestamp") and not meta.get("finalizers"):
            self._stored.pop((kind, namespace, name), None)
            self._changes.append(Change(ChangeType.DELETED, found))
            return found
        self._stored[kind, namespace, name] = found
        self._changes.append(Change(ChangeType.ADDED if added else ChangeType.MODIFIED, found))
        return found

    def _empty(self, kind: Kind, name: str) -> None:
        if kind == Kind("v1", "Namespace"):
            for of, space, inner in list(self._stored):
                if space == name:
                    self.drop(of, space, inner)

    def _react(self, verb: str, obj: KubeObject) -> None:
        for callback in self._reactions[verb, kind_of(obj)]:
            callback(copy.deepcopy(obj))
