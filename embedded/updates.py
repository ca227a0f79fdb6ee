"""What an update may change.

In: the stored object and what a client wants it to be. Out: the object as it will be stored.
Identity stays, status and the rest are written through different doors, and the generation counts
changes of what was asked for.
"""

from typing import Any

from embedded.api_errors import ApiError, conflict, invalid, stale
from embedded.json_objects import JsonObject, copied_object, name_of, section, without_nulls
from embedded.resource_types import ResourceType

_KEPT = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "generation")
_KEPT_TOO = ("deletionGracePeriodSeconds", "generateName", "resourceVersion")
_NOT_SPECIFICATION = ("apiVersion", "kind", "metadata", "status")


def check_base(t: ResourceType, current: JsonObject, wanted: JsonObject) -> None:
    """Refuse a write that is based on an older version or on another object of the name.

    Raises:
        ApiError: 409 Conflict.
    """
    metadata, stored = section(wanted, "metadata"), current["metadata"]
    version = metadata.get("resourceVersion")
    if version not in {None, "", "0", stored["resourceVersion"]}:
        raise stale(t, name_of(current))
    if metadata.get("uid") and metadata["uid"] != stored["uid"]:
        raise _other_uid(t, name_of(current), metadata["uid"], stored["uid"])


def check_preconditions(
    t: ResourceType, current: JsonObject, uid: str | None, version: str | None
) -> None:
    """Refuse a deletion whose preconditions do not hold.

    Raises:
        ApiError: 409 Conflict.
    """
    stored = current["metadata"]
    why = ""
    if uid and uid != stored["uid"]:
        why = (
            f"the UID in the precondition ({uid}) does not match the UID in record "
            f"({stored['uid']}). The object might have been deleted and then recreated"
        )
    elif version and version != stored["resourceVersion"]:
        why = (
            f"the ResourceVersion in the precondition ({version}) does not match the "
            f"ResourceVersion in record ({stored['resourceVersion']}). The object might have "
            "been modified"
        )
    if why:
        kind = f"{t.kind}.{t.group}" if t.group else t.kind
        details: JsonObject = {"name": name_of(current), "kind": t.kind}
        message = f'Operation cannot be fulfilled on {kind} "{name_of(current)}": {why}'
        raise ApiError(409, "Conflict", message, details)


def _other_uid(t: ResourceType, name: str, asked: str, stored: str) -> ApiError:
    why = f"Precondition failed: UID in precondition: {asked}, UID in object meta: {stored}"
    return conflict(t, name, why)


def updated_body(
    t: ResourceType, current: JsonObject, wanted: JsonObject, subresource: str
) -> JsonObject:
    """Return the object that the update leads to; equal to `current` when nothing changes."""
    body = _through_door(t, current, wanted, subresource)
    body["apiVersion"], body["kind"] = current["apiVersion"], current["kind"]
    stored = current["metadata"]
    metadata = {
        key: value for key, value in body["metadata"].items() if value not in (None, {}, [])
    }
    for key in (*_KEPT, *_KEPT_TOO):
        metadata.pop(key, None)
        if key in stored:
            metadata[key] = stored[key]
    for dropped in ("managedFields", "selfLink"):
        metadata.pop(dropped, None)
    body["metadata"] = metadata
    if "generation" in stored and _asks_more(t, current, body):
        metadata["generation"] = stored["generation"] + 1
    _check_finalizers(t, stored, body)
    return body


def _through_door(
    t: ResourceType, current: JsonObject, wanted: JsonObject, subresource: str
) -> JsonObject:
    if subresource == "status":
        body = copied_object(current)
        _replace(body, "status", wanted)
        if not t.custom:
            body["metadata"] = {**body["metadata"], **_decoration(wanted)}
        return body
    body = copied_object(wanted) if t.untyped else dict(without_nulls(wanted))
    body["metadata"] = dict(section(body, "metadata"))
    if t.has_status:
        _replace(body, "status", current)
    return body


def _replace(body: JsonObject, key: str, source: JsonObject) -> None:
    body.pop(key, None)
    if key in source:
        body[key] = source[key]


def _decoration(wanted: JsonObject) -> JsonObject:
    metadata = section(wanted, "metadata")
    return {key: metadata[key] for key in ("labels", "annotations") if key in metadata}


def _asks_more(t: ResourceType, current: JsonObject, body: JsonObject) -> bool:
    """Return whether more than metadata (and status, where it has its own door) differs."""
    aside = _NOT_SPECIFICATION if t.has_status or not t.custom else _NOT_SPECIFICATION[:-1]
    return _rest(current, aside) != _rest(body, aside)


def _rest(obj: JsonObject, aside: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in obj.items() if key not in aside}


def _check_finalizers(t: ResourceType, stored: JsonObject, body: JsonObject) -> None:
    """Refuse new finalizers on an object that is being deleted."""
    if "deletionTimestamp" not in stored:
        return
    new = set(body["metadata"].get("finalizers") or []) - set(stored.get("finalizers") or [])
    if new:
        listed = ", ".join(f'"{one}"' for one in sorted(new))
        text = (
            "Forbidden: no new finalizers can be added if the object is being deleted, found new "
            f"finalizers []string{{{listed}}}"
        )
        raise invalid(t, name_of(body), ("metadata.finalizers", "FieldValueForbidden", text))
