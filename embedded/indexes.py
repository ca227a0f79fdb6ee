"""Indexes over stored objects, so that a controller finds what concerns it without a look at all.

In: each object as it was and as it is now. Out: the places (namespace, name) of the objects that
have a key. Without them every change of one of many objects would cost a walk through the others.
Bodies may have any shape that a client can send. Callers hold the ledger's lock.
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping

from embedded.json_objects import JsonObject, items, name_of, namespace_of, section

Place = tuple[str, str]
Keys = Callable[[JsonObject], Iterable[Hashable]]

LABEL, CLAIM, SETTING, ADDRESS = "label", "claim", "setting", "address"
LOADBALANCERS, NODEPORTS = "services.loadbalancers", "services.nodeports"
_NOBODY: Mapping[Place, None] = {}


class Index:
    """The places of the objects of one type by what `keys` says of them."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._places: dict[Hashable, dict[Place, None]] = {}

    def replace(self, before: JsonObject | None, now: JsonObject | None) -> None:
        """Take in that an object changed, came (no `before`) or went (no `now`)."""
        old = set(self._keys(before)) if before is not None else set()
        new = set(self._keys(now)) if now is not None else set()
        if old == new:
            return
        body = now if now is not None else before or {}
        place = (namespace_of(body), name_of(body))
        for key in old - new:
            kept = self._places.get(key, {})
            kept.pop(place, None)
            if not kept:
                self._places.pop(key, None)
        for key in new - old:
            self._places.setdefault(key, {})[place] = None

    def places(self, key: Hashable) -> Collection[Place]:
        """Return where the objects with this key are."""
        return self._places.get(key, _NOBODY)


class Selectors:
    """The places of the objects of one type whose own selector could match given labels.

    Each is kept under that one of its wanted pairs which the fewest others have: labels that a
    whole application shares (`app.kubernetes.io/instance`) would bring all of it together.
    """

    def __init__(self, selector: Callable[[JsonObject], JsonObject]) -> None:
        self._selector = selector
        self._under: dict[Place, Hashable] = {}
        self._places: dict[Hashable, dict[Place, None]] = {}

    def replace(self, before: JsonObject | None, now: JsonObject | None) -> None:
        """Take in that an object changed, came or went."""
        body = now if now is not None else before or {}
        place = (namespace_of(body), name_of(body))
        if before and now and self._selector(before) == self._selector(now):
            return
        if place in self._under:
            self._places[self._under.pop(place)].pop(place, None)
        if now is not None:
            key = self._rarest(place[0], self._selector(now))
            self._under[place] = key
            self._places.setdefault(key, {})[place] = None

    def _rarest(self, namespace: str, wanted: JsonObject) -> Hashable:
        keys = [(namespace, str(key), str(value)) for key, value in sorted(wanted.items())]
        held = [len(self._places.get(key, _NOBODY)) for key in keys]
        return keys[held.index(min(held))] if keys else (namespace, "", "")

    def places(self, namespace: str, labels: Mapping[str, object]) -> list[Place]:
        """Return the places of those that may select an object with these labels, in order."""
        keys = [(namespace, key, str(value)) for key, value in labels.items()]
        found = {place for key in (*keys, (namespace, "", "")) for place in self._at(key)}
        return sorted(found)

    def _at(self, key: Hashable) -> Collection[Place]:
        return self._places.get(key, _NOBODY)


class Indexes:
    """All indexes of one ledger, by `plural.group`."""

    def __init__(self) -> None:
        self._labels: dict[str, Index] = {}
        self._special = {key: Index(keys) for key, keys in _SPECIAL.items()}
        self._selectors = {resource: Selectors(of) for resource, of in _SELECTORS.items()}
        self.services: Counter[tuple[str, str]] = Counter()
        """How many load balancers and node ports the Services of a namespace ask for."""

    def replace(
        self, group_resource: str, before: JsonObject | None, now: JsonObject | None
    ) -> None:
        """Take in that an object of this type changed, came or went."""
        self._of_labels(group_resource).replace(before, now)
        for (resource, _), index in self._special.items():
            if resource == group_resource:
                index.replace(before, now)
        if group_resource in self._selectors:
            self._selectors[group_resource].replace(before, now)
        if group_resource == "services":
            self._count(before, -1)
            self._count(now, 1)

    def labelled(self, group_resource: str, pairs: Iterable[tuple[str, str]]) -> Collection[Place]:
        """Return the places of the objects that have the rarest of these labels."""
        index = self._of_labels(group_resource)
        return min((index.places(pair) for pair in pairs), key=len)

    def places(self, group_resource: str, index: str, key: Hashable) -> Collection[Place]:
        """Return the places of the objects that have this key in a special index."""
        return self._special[group_resource, index].places(key)

    def selecting(
        self, group_resource: str, namespace: str, labels: Mapping[str, object]
    ) -> list[Place]:
        """Return the places of those of a namespace that may select an object."""
        return self._selectors[group_resource].places(namespace, labels)

    def _of_labels(self, group_resource: str) -> Index:
        return self._labels.setdefault(group_resource, Index(_labels))

    def _count(self, service: JsonObject | None, sign: int) -> None:
        for key, count in service_uses(service or {}).items():
            self.services[namespace_of(service or {}), key] += sign * count


def service_uses(service: JsonObject) -> dict[str, int]:
    """Return what a Service counts against quotas, besides itself."""
    spec = section(service, "spec")
    ports = len(items(spec, "ports"))
    if spec.get("type") == "NodePort":
        return {NODEPORTS: ports}
    if spec.get("type") == "LoadBalancer":
        if spec.get("allocateLoadBalancerNodePorts") is False:
            ports = sum(1 for port in _maps(items(spec, "ports")) if port.get("nodePort"))
        return {LOADBALANCERS: 1, NODEPORTS: ports}
    return {}


def claims_of(pod: JsonObject) -> list[str]:
    """Return the names of the claims that the pod mounts."""
    claims = (section(one, "persistentVolumeClaim") for one in _maps(items(pod, "spec", "volumes")))
    return [str(one["claimName"]) for one in claims if "claimName" in one]


def settings_of(pod: JsonObject) -> Iterator[tuple[str, str, bool]]:
    """Yield `configmaps` or `secrets`, a name that the containers want, and whether it may lack."""
    for container in _maps(items(pod, "spec", "containers")):
        values = (section(one, "valueFrom") for one in _maps(items(container, "env")))
        for source in (*_maps(items(container, "envFrom")), *values):
            for key, kind in _REFERENCES.items():
                if isinstance(source.get(key), dict):
                    reference = source[key]
                    yield kind, str(reference.get("name")), bool(reference.get("optional"))


_REFERENCES = {
    "configMapRef": "configmaps",
    "configMapKeyRef": "configmaps",
    "secretRef": "secrets",
    "secretKeyRef": "secrets",
}


def _maps(found: Iterable[object]) -> Iterator[JsonObject]:
    return (one for one in found if isinstance(one, dict))


def _labels(obj: JsonObject) -> Iterator[Hashable]:
    for key, value in section(obj, "metadata", "labels").items():
        yield key, str(value)


def _pod_claims(pod: JsonObject) -> Iterator[Hashable]:
    return ((namespace_of(pod), claim) for claim in claims_of(pod))


def _pod_settings(pod: JsonObject) -> Iterator[Hashable]:
    return ((namespace_of(pod), kind, name) for kind, name, _ in settings_of(pod))


def _volume_claim(volume: JsonObject) -> Iterator[Hashable]:
    """Yield the claim that a volume is kept for; one that is kept for none is under ('', '')."""
    reference = section(volume, "spec", "claimRef")
    yield str(reference.get("namespace") or ""), str(reference.get("name") or "")


def _addresses(service: JsonObject) -> Iterator[Hashable]:
    address = section(service, "spec").get("clusterIP")
    if address and address != "None":
        yield str(address)
    for port in _maps(items(service, "spec", "ports")):
        if port.get("nodePort"):
            yield str(port["nodePort"]), str(port.get("protocol", "TCP"))


def _service_selector(service: JsonObject) -> JsonObject:
    return section(service, "spec", "selector")


def _match_labels(owner: JsonObject) -> JsonObject:
    return section(owner, "spec", "selector", "matchLabels")


_SPECIAL: Mapping[tuple[str, str], Keys] = {
    ("pods", CLAIM): _pod_claims,
    ("pods", SETTING): _pod_settings,
    ("persistentvolumes", CLAIM): _volume_claim,
    ("services", ADDRESS): _addresses,
}
_SELECTORS: Mapping[str, Callable[[JsonObject], JsonObject]] = {
    "services": _service_selector,
    "deployments.apps": _match_labels,
    "replicasets.apps": _match_labels,
    "statefulsets.apps": _match_labels,
    "daemonsets.apps": _match_labels,
    "jobs.batch": _match_labels,
}
