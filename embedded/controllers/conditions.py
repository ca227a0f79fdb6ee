"""Conditions whose transition times stand still while their status does.

In: the conditions an object has and those it should have. Out: the list to store.
"""

from collections.abc import Iterable

from embedded.json_objects import JsonObject, items


def condition(kind: str, holds: bool | str, reason: str = "", message: str = "") -> JsonObject:
    """Return a condition without its time."""
    made: JsonObject = {"type": kind, "status": str(holds)}
    if reason:
        made["reason"] = reason
    if message:
        made["message"] = message
    return made


def timed(before: JsonObject, conditions: Iterable[JsonObject], now: str) -> list[JsonObject]:
    """Return the conditions with lastTransitionTime, kept from `before` where status is the same.

    Args:
        before: the object as it is stored.
        conditions: the wanted conditions, in order.
        now: the time for those that change.
    """
    known = {one.get("type"): one for one in items(before, "status", "conditions")}
    made = []
    for one in conditions:
        old = known.get(one["type"], {})
        same = old.get("status") == one["status"]
        since = old.get("lastTransitionTime") if same else None
        made.append({**one, "lastTransitionTime": since or now})
    return made


def without_zeros(status: JsonObject) -> JsonObject:
    """Return the status as the real API writes it: counts of zero are left out (omitempty)."""
    return {key: value for key, value in status.items() if value != 0}
