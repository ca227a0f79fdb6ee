"""Rules that make Services harmless: a handful, however many Services there are. Pure.

In: the Services of the order. Out: rules. Velero tries every rule on every object and compiles its
pattern each time, and the ConfigMap of all rules holds 1 MiB, so what can be told by a Service's
type is one rule for all of that type (`internal/resourcemodifiers`, v1.14 and v1.18: `matches`
looks at the object as it was before any rule, and `/spec` is there in every Service).

A node port that somebody chose stays after Velero's own action (`service_action.go`), and a
ClusterIP Service with one is refused. JSON patches take them away: `add` before `remove` makes a
`remove` that never fails, and the index -1 is the last port (evanphx/json-patch, v5.8 and v5.9).
So every Service with one or two ports is served by one rule; those with more need one for each
number of ports, by their names.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from drills import objects
from drills.backups import BackedUpObject
from drills.engines.velero.naming import external_name
from drills.engines.velero.rule import Operation, Patch, Rule, json_rule, merge_rule
from drills.names import NameMap

SERVICES = "services"
DNS_PREFIX = "external-dns.alpha.kubernetes.io/"
CLUSTER_IP, EXTERNAL_NAME = "ClusterIP", "ExternalName"
ENDS = ("0", "-1")
"""The first port and the last one, which may be the same."""

CLOSED: Patch = {
    "type": CLUSTER_IP,
    "externalIPs": None,
    "externalTrafficPolicy": None,
    "allocateLoadBalancerNodePorts": None,
    "healthCheckNodePort": None,
    "loadBalancerClass": None,
    "loadBalancerIP": None,
    "loadBalancerSourceRanges": None,
}
NOWHERE: Patch = {"type": CLUSTER_IP, "clusterIP": "None", "externalName": None}
"""A headless Service without endpoints: its name resolves to nothing."""


def service_rules(scope: Iterable[BackedUpObject], names: NameMap | None) -> Iterator[Rule]:
    """Yield the rules for the Services of `scope`; none where all are harmless.

    | a Service | gets |
    |---|---|
    | with names for external-dns | none of them |
    | of type ClusterIP with external addresses | none of them |
    | of type NodePort, LoadBalancer | type ClusterIP, no node ports |
    | of type ExternalName | an alias inside the sandbox where `names` has one, else no target |
    """
    found = [obj for obj in scope if obj.key.resource == SERVICES]
    kinds: dict[str, list[BackedUpObject]] = defaultdict(list)
    for obj in found:
        kinds[objects.text(obj.body, "spec", "type") or CLUSTER_IP].append(obj)
    yield from _without_names(found)
    yield from _without_addresses(kinds.pop(CLUSTER_IP, []))
    yield from _aliases(kinds.pop(EXTERNAL_NAME, []), names)
    for kind, members in sorted(kinds.items()):
        yield from _closed(kind, members)


def _spaces(members: Iterable[BackedUpObject]) -> set[str]:
    return {obj.key.namespace for obj in members}


def _without_names(found: Iterable[BackedUpObject]) -> Iterator[Rule]:
    keys: dict[str, None] = {}
    named = []
    for obj in found:
        annotations = objects.mapping(obj.body, "metadata", "annotations")
        if dns := [key for key in annotations if key.startswith(DNS_PREFIX)]:
            named.append(obj)
            keys |= dict.fromkeys(dns)
    if named:
        yield merge_rule(SERVICES, _spaces(named), {"metadata": {"annotations": keys}})


def _without_addresses(members: Iterable[BackedUpObject]) -> Iterator[Rule]:
    """Yield what takes external addresses away; of other types they go anyway."""
    open_ones = [obj for obj in members if objects.items(obj.body, "spec", "externalIPs")]
    if open_ones:
        patch = {"spec": {"externalIPs": None, "externalTrafficPolicy": None}}
        where = {"/spec/type": CLUSTER_IP}
        yield merge_rule(SERVICES, _spaces(open_ones), patch, matches=where)


def _aliases(members: Sequence[BackedUpObject], names: NameMap | None) -> Iterator[Rule]:
    """Yield what leads aliases into the sandbox, or nowhere; each name stands in one rule."""
    leading: dict[tuple[str, str], list[str]] = defaultdict(list)
    for obj in members:
        leading[obj.key.namespace, external_name(obj, names)].append(obj.key.name)
    if not any(alias for _, alias in leading):
        if members:
            where = {"/spec/type": EXTERNAL_NAME}
            yield merge_rule(SERVICES, _spaces(members), {"spec": NOWHERE}, matches=where)
        return
    for (namespace, alias), found in leading.items():
        patch = {"externalName": alias} if alias else NOWHERE
        yield merge_rule(SERVICES, (namespace,), {"spec": patch}, names=found)


def _closed(kind: str, members: Sequence[BackedUpObject]) -> Iterator[Rule]:
    """Yield what closes Services of a type that the outside reaches."""
    where = {"/spec/type": kind}
    yield merge_rule(SERVICES, _spaces(members), {"spec": CLOSED}, matches=where)
    sizes: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for obj in members:
        ports = len(objects.items(obj.body, "spec", "ports"))
        sizes[ports][obj.key.namespace].append(obj.key.name)
    portless = sizes.pop(0, {})
    for namespace in sorted(_spaces(members) - set(portless)):
        yield json_rule(SERVICES, (namespace,), _without_ports(ENDS), matches=where)
    for size, spaces in sorted(sizes.items()):
        for namespace, names in sorted(spaces.items()):
            inner = [str(index) for index in range(1, size - 1)]
            places = (*ENDS, *inner) if namespace in portless else inner
            if places:
                yield json_rule(SERVICES, (namespace,), _without_ports(places), names=names)


def _without_ports(places: Iterable[str]) -> Iterator[Operation]:
    for place in places:
        yield "add", f"/spec/ports/{place}/nodePort", "0"
        yield "remove", f"/spec/ports/{place}/nodePort"
