"""How objects go away: finalizers, owners and dependents, namespaces.

In: the ledger and what is to be deleted. Out: fewer objects. What the garbage collector and the
namespace controller of a real cluster do in the background happens here at once, in the same
call. Owners find their dependents through the ledger's index, so 5000 objects go in one sweep.
"""

from embedded.custom_types import unregister
from embedded.json_objects import JsonObject, copied_object, items, name_of, namespace_of
from embedded.ledger import Entry, Key, Ledger
from embedded.namespaces import is_terminating, namespace_type, with_conditions
from embedded.resource_types import ResourceType

FOREGROUND = "foregroundDeletion"
_CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
_DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"


def delete_entry(ledger: Ledger, t: ResourceType, entry: Entry, propagation: str) -> JsonObject:
    """Delete an object the way the propagation policy says; return it as it last was.

    An object with finalizers stays and carries a deletionTimestamp until they are gone.
    """
    if propagation == "Orphan":
        _release_dependents(ledger, str(entry.body["metadata"]["uid"]))
    if propagation == "Foreground":
        entry = _mark(ledger, t, entry, extra=FOREGROUND)
        _delete_dependents(ledger, str(entry.body["metadata"]["uid"]), "Foreground")
        return _leave_foreground(ledger, t, entry)
    if t.group_resource == "namespaces":
        return _delete_namespace(ledger, t, entry)
    if t.group_resource == _DEFINITIONS:
        return _delete_definition(ledger, t, entry)
    if items(entry.body, "metadata", "finalizers"):
        return _mark(ledger, t, entry).body
    return _finish(ledger, t, entry)


def settle(ledger: Ledger, t: ResourceType, entry: Entry) -> JsonObject:
    """Remove an object whose deletion has begun and that nothing holds any more."""
    metadata = entry.body["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers"):
        return entry.body
    if t.group_resource == "namespaces":
        return _sweep(ledger, t, entry)
    return _finish(ledger, t, entry)


def drop_ownerless(ledger: Ledger, t: ResourceType, entry: Entry) -> None:
    """Delete an object all of whose owners are gone, as the garbage collector would."""
    owners = items(entry.body, "metadata", "ownerReferences")
    if owners and not any(ledger.by_uid(str(one.get("uid"))) for one in owners):
        delete_entry(ledger, t, entry, "Background")


def _mark(ledger: Ledger, t: ResourceType, entry: Entry, *, extra: str = "") -> Entry:
    """Set deletionTimestamp (and a finalizer); nothing happens where both are there."""
    metadata = entry.body["metadata"]
    held = list(metadata.get("finalizers") or [])
    if "deletionTimestamp" in metadata and (not extra or extra in held):
        return entry
    body = copied_object(entry.body)
    body["metadata"].setdefault("deletionTimestamp", ledger.timestamp())
    body["metadata"].setdefault("deletionGracePeriodSeconds", 0)
    if "generation" in metadata and "deletionTimestamp" not in metadata:
        body["metadata"]["generation"] = metadata["generation"] + 1
    if extra and extra not in held:
        body["metadata"]["finalizers"] = [*held, extra]
    return ledger.put(t, body)


def _leave_foreground(ledger: Ledger, t: ResourceType, entry: Entry) -> JsonObject:
    """Take the foreground finalizer off once no dependent blocks the owner."""
    now = ledger.find(t, namespace_of(entry.body), name_of(entry.body))
    if now is None or FOREGROUND not in items(now.body, "metadata", "finalizers"):
        return entry.body
    uid = str(now.body["metadata"]["uid"])
    if any(_blocks(ledger, key, uid) for key in ledger.dependents(uid)):
        return now.body
    return settle(ledger, t, ledger.put(t, _without_finalizer(now.body, FOREGROUND)))


def _blocks(ledger: Ledger, key: Key, uid: str) -> bool:
    entry = _at(ledger, key)
    owners = items(entry.body, "metadata", "ownerReferences") if entry else []
    return any(one.get("uid") == uid and one.get("blockOwnerDeletion") for one in owners)


def _finish(ledger: Ledger, t: ResourceType, entry: Entry) -> JsonObject:
    """Take the object out and let go of all that depended on it."""
    last = ledger.drop(t, entry)
    if t.group_resource == _DEFINITIONS:
        unregister(ledger.types, entry.body)
    _tell_definition(ledger, t)
    _delete_dependents(ledger, str(entry.body["metadata"]["uid"]), "Background")
    for owner in items(entry.body, "metadata", "ownerReferences"):
        _tell_owner(ledger, str(owner.get("uid")))
    if namespace_of(entry.body):
        _tell_namespace(ledger, namespace_of(entry.body))
    return last


def _delete_definition(ledger: Ledger, t: ResourceType, entry: Entry) -> JsonObject:
    """Delete a custom type: first its objects, then the definition, then the type."""
    entry = _mark(ledger, t, entry, extra=_CLEANUP)
    retired = ledger.types.by_group_resource(name_of(entry.body))
    if retired is not None:
        for one in ledger.entries(retired):
            delete_entry(ledger, retired, one, "Background")
    return _leave_definition(ledger, t, name_of(entry.body)) or entry.body


def _leave_definition(ledger: Ledger, t: ResourceType, name: str) -> JsonObject | None:
    """Let a dying definition go once no object of its type is left."""
    entry, retired = ledger.find(t, "", name), ledger.types.by_group_resource(name)
    if entry is None or _CLEANUP not in items(entry.body, "metadata", "finalizers"):
        return None
    if "deletionTimestamp" not in entry.body["metadata"] or (retired and ledger.entries(retired)):
        return entry.body
    return settle(ledger, t, ledger.put(t, _without_finalizer(entry.body, _CLEANUP)))


def _without_finalizer(body: JsonObject, gone: str) -> JsonObject:
    changed = copied_object(body)
    changed["metadata"]["finalizers"].remove(gone)
    if not changed["metadata"]["finalizers"]:
        del changed["metadata"]["finalizers"]
    return changed


def _tell_definition(ledger: Ledger, t: ResourceType) -> None:
    definitions = ledger.types.by_group_resource(_DEFINITIONS)
    if t.custom and definitions is not None:
        _leave_definition(ledger, definitions, t.group_resource)


def _tell_owner(ledger: Ledger, uid: str) -> None:
    key = ledger.by_uid(uid)
    owner = _at(ledger, key) if key else None
    t = ledger.type_of(key) if key else None
    if owner and t and "deletionTimestamp" in owner.body["metadata"]:
        _leave_foreground(ledger, t, owner)


def _tell_namespace(ledger: Ledger, name: str) -> None:
    namespaces = namespace_type(ledger)
    entry = ledger.find(namespaces, "", name)
    if entry is not None and is_terminating(entry) and name not in ledger.sweeping:
        _sweep(ledger, namespaces, entry)


def _delete_dependents(ledger: Ledger, uid: str, propagation: str) -> None:
    for key in ledger.dependents(uid):
        entry, t = _at(ledger, key), ledger.type_of(key)
        if entry is None or t is None:
            continue
        owners = items(entry.body, "metadata", "ownerReferences")
        others = [one for one in owners if one.get("uid") != uid]
        if any(ledger.by_uid(str(one.get("uid"))) for one in others):
            _disown(ledger, t, entry, uid)
        else:
            delete_entry(ledger, t, entry, propagation)


def _release_dependents(ledger: Ledger, uid: str) -> None:
    for key in ledger.dependents(uid):
        entry, t = _at(ledger, key), ledger.type_of(key)
        if entry is not None and t is not None:
            _disown(ledger, t, entry, uid)


def _disown(ledger: Ledger, t: ResourceType, entry: Entry, uid: str) -> None:
    body = copied_object(entry.body)
    kept = [one for one in items(body, "metadata", "ownerReferences") if one.get("uid") != uid]
    body["metadata"]["ownerReferences"] = kept
    if not kept:
        del body["metadata"]["ownerReferences"]
    ledger.put(t, body)


def _delete_namespace(ledger: Ledger, t: ResourceType, entry: Entry) -> JsonObject:
    if not is_terminating(entry):
        body = copied_object(entry.body)
        body["metadata"]["deletionTimestamp"] = ledger.timestamp()
        body.setdefault("status", {})["phase"] = "Terminating"
        entry = ledger.put(t, body)
    answer = entry.body
    _sweep(ledger, t, entry)
    return answer


def _sweep(ledger: Ledger, t: ResourceType, entry: Entry) -> JsonObject:
    """Delete all that the namespace holds, then itself, or say what holds it."""
    name = name_of(entry.body)
    ledger.sweeping.add(name)
    try:
        for key, _ in ledger.inside(name):
            held, held_type = _at(ledger, key), ledger.type_of(key)
            if held is not None and held_type is not None:
                delete_entry(ledger, held_type, held, "Background")
    finally:
        ledger.sweeping.discard(name)
    remaining = list(ledger.inside(name))
    told = with_conditions(ledger, entry.body, remaining)
    if told != entry.body:
        entry = ledger.put(t, told)
    if remaining or items(entry.body, "metadata", "finalizers"):
        return entry.body
    return _finish(ledger, t, entry)


def _at(ledger: Ledger, key: Key) -> Entry | None:
    t = ledger.type_of(key)
    return ledger.find(t, key.namespace, key.name) if t else None
