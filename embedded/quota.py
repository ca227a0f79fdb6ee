"""ResourceQuota: how many objects a namespace may hold.

In: new objects and Service updates. Out: a refusal when a quota would be exceeded, and quotas
whose status says what is used. Counts of objects only; compute resources are not counted.
Wordings follow the ResourceQuota admission plug-in at v1.34.
"""

from collections.abc import Iterator

from embedded.api_errors import forbidden
from embedded.indexes import LOADBALANCERS, NODEPORTS, service_uses
from embedded.json_objects import JsonObject, name_of, namespace_of, section
from embedded.ledger import Entry, Ledger
from embedded.resource_types import ResourceType

_PLAIN = frozenset(
    {
        "pods",
        "services",
        "configmaps",
        "secrets",
        "persistentvolumeclaims",
        "replicationcontrollers",
        "resourcequotas",
    }
)


def uses(t: ResourceType, body: JsonObject) -> dict[str, int]:
    """Return what one object counts against quotas."""
    found = {f"count/{t.group_resource}": 1}
    if t.group_resource in _PLAIN:
        found[t.group_resource] = 1
    if t.group_resource == "services":
        found |= service_uses(body)
    return found


def _quotas(ledger: Ledger, namespace: str) -> list[Entry]:
    t = ledger.types.by_group_resource("resourcequotas")
    return ledger.entries(t, namespace) if t else []


def _number(value: object) -> int | None:
    text = str(value)
    if text.endswith("k"):
        text = text[:-1] + "000"
    return int(text) if text.isdigit() else None


def used(ledger: Ledger, namespace: str, key: str) -> int:
    """Return how much of one quota key the namespace uses."""
    if key in {LOADBALANCERS, NODEPORTS}:
        return ledger.indexes.services[namespace, key]
    return ledger.count(key.removeprefix("count/"), namespace)


def _countable(key: str) -> bool:
    return key.startswith("count/") or key in _PLAIN or key in {LOADBALANCERS, NODEPORTS}


def _limits(quota: Entry) -> Iterator[tuple[str, int]]:
    for key, value in sorted(section(quota.body, "spec", "hard").items()):
        number = _number(value)
        if number is not None and _countable(key):
            yield key, number


def admit_quota(
    ledger: Ledger, t: ResourceType, body: JsonObject, before: JsonObject | None
) -> None:
    """Refuse an object that would exceed a quota of its namespace.

    Raises:
        ApiError: 403 with the quota's name, what was asked, what is used and the limit.
    """
    quotas = _quotas(ledger, namespace_of(body))
    if not quotas:
        return
    old = uses(t, before) if before else {}
    asked = {
        key: count - old.get(key, 0)
        for key, count in uses(t, body).items()
        if count > old.get(key, 0)
    }
    for quota in quotas:
        over = [
            (key, asked[key], used(ledger, namespace_of(body), key), hard)
            for key, hard in _limits(quota)
            if key in asked and used(ledger, namespace_of(body), key) + asked[key] > hard
        ]
        if over:
            raise forbidden(t, name_of(body), _exceeded(name_of(quota.body), over))


def _exceeded(quota: str, over: list[tuple[str, int, int, int]]) -> str:
    requested = ",".join(f"{key}={count}" for key, count, _, _ in over)
    already = ",".join(f"{key}={count}" for key, _, count, _ in over)
    limited = ",".join(f"{key}={hard}" for key, _, _, hard in over)
    return f"exceeded quota: {quota}, requested: {requested}, used: {already}, limited: {limited}"


def quota_status(ledger: Ledger, body: JsonObject) -> JsonObject:
    """Return the status of a quota: its limits and what is used now."""
    hard = section(body, "spec", "hard")
    counted = {
        key: str(used(ledger, namespace_of(body), key)) if _countable(key) else "0" for key in hard
    }
    return {"hard": dict(hard), "used": counted}


def recount(ledger: Ledger, t: ResourceType, namespace: str) -> None:
    """Bring the status of the namespace's quotas up to date after a change of this type."""
    quota_type = ledger.types.by_group_resource("resourcequotas")
    for quota in _quotas(ledger, namespace):
        touched = set(section(quota.body, "spec", "hard")) & set(_keys(t))
        status = quota_status(ledger, quota.body) if touched else None
        if quota_type and status and status != quota.body.get("status"):
            ledger.put(
                quota_type,
                {**quota.body, "metadata": dict(quota.body["metadata"]), "status": status},
            )


def _keys(t: ResourceType) -> tuple[str, ...]:
    extra = (LOADBALANCERS, NODEPORTS) if t.group_resource == "services" else ()
    return (f"count/{t.group_resource}", t.group_resource, *extra)
