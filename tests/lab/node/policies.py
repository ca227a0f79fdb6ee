"""What NetworkPolicies mean for the pods that run: pure, from objects to who may talk to whom.

In come policies, namespaces and pods with their addresses, as the API server writes them; out
come, for each pod, the peers that it may be reached by and that it may reach. As with every
enforcing network: what is already connected stays so, and a pod can always reach itself.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
_ANYWHERE = (ipaddress.IPv4Network("0.0.0.0/0"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """A range of ports of one protocol; all ports where there is no range."""

    protocol: str
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """A network that a pod may talk to or be talked to by; on every port where none is named."""

    peer: ipaddress.IPv4Network
    ports: tuple[Ports, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A pod with its address."""

    address: str
    namespace: str
    labels: Mapping[str, str]
    named_ports: Mapping[tuple[str, str], int]
    """Protocol and name to number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What one pod may do; None where no policy of that direction selects it: anything."""

    address: str
    ingress: tuple[Allowed, ...] | None
    egress: tuple[Allowed, ...] | None


def pod_of(document: Object, address: str) -> Pod:
    """Reads a Pod object that has this address."""
    containers = document["spec"]["containers"]
    ports = [port for container in containers for port in container.get("ports") or ()]
    return Pod(
        address=address,
        namespace=document["metadata"]["namespace"],
        labels=document["metadata"].get("labels") or {},
        named_ports={
            (port.get("protocol", "TCP"), port["name"]): port["containerPort"]
            for port in ports if "name" in port
        },
    )  # fmt: skip


def fences(
    pods: Sequence[Pod], policies: Iterable[Object], namespaces: Mapping[str, Mapping[str, str]]
) -> tuple[Fence, ...]:
    """What each pod may do.

    Args:
        pods: Every pod that has an address.
        policies: Every NetworkPolicy.
        namespaces: Name to labels.
    """
    known = tuple(policies)
    return tuple(
        Fence(
            address=pod.address,
            ingress=_allowed(pod, known, "Ingress", pods, namespaces),
            egress=_allowed(pod, known, "Egress", pods, namespaces),
        )
        for pod in pods
    )


def selects(selector: Object, labels: Mapping[str, str]) -> bool:
    """Whether a label selector fits; an empty one fits everything."""
    exact = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in exact.items()) and all(
        _fits(wanted, labels) for wanted in selector.get("matchExpressions") or ()
    )


def _fits(wanted: Object, labels: Mapping[str, str]) -> bool:
    value, among = labels.get(wanted["key"]), wanted.get("values") or ()
    answers = {
        "In": value in among,
        "NotIn": value not in among,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return answers[wanted["operator"]]


def _allowed(
    pod: Pod,
    policies: Sequence[Object],
    direction: str,
    pods: Sequence[Pod],
    namespaces: Mapping[str, Mapping[str, str]],
) -> tuple[Allowed, ...] | None:
    binding = [
        policy for policy in policies
        if policy["metadata"]["namespace"] == pod.namespace
        and direction in _directions(policy["spec"])
        and selects(policy["spec"].get("podSelector") or {}, pod.labels)
    ]  # fmt: skip
    if not binding:
        return None
    found: list[Allowed] = []
    for policy in binding:
        for rule in policy["spec"].get(direction.lower()) or ():
            peers = rule.get("from" if direction == "Ingress" else "to")
            for network, other in _networks(peers, pod.namespace, pods, namespaces):
                # A port's name is looked up in the pod that is reached.
                ports = _ports(rule, pod if direction == "Ingress" else other)
                if ports is not None:
                    found.append(Allowed(peer=network, ports=ports))
    return tuple(found)


def _directions(spec: Object) -> Sequence[str]:
    given: Sequence[str] | None = spec.get("policyTypes")
    return given or (("Ingress", "Egress") if spec.get("egress") else ("Ingress",))


def _networks(
    peers: Sequence[Object] | None,
    namespace: str,
    pods: Sequence[Pod],
    namespaces: Mapping[str, Mapping[str, str]],
) -> Iterator[tuple[ipaddress.IPv4Network, Pod | None]]:
    if not peers:  # everybody; each pod on its own too, for ports that only they can name
        yield from ((network, None) for network in _ANYWHERE)
        yield from ((_single(pod), pod) for pod in pods)
    for peer in peers or ():
        if "ipBlock" in peer:
            yield from ((network, None) for network in _block(peer["ipBlock"]))
            continue
        for pod in pods:
            if _names(peer, pod, namespace, namespaces):
                yield _single(pod), pod


def _names(
    peer: Object, pod: Pod, namespace: str, namespaces: Mapping[str, Mapping[str, str]]
) -> bool:
    chosen = peer.get("namespaceSelector")
    if chosen is None:
        there = pod.namespace == namespace
    else:
        there = selects(chosen, namespaces.get(pod.namespace, {}))
    return there and selects(peer.get("podSelector") or {}, pod.labels)


def _single(pod: Pod) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(pod.address)


def _block(block: Object) -> list[ipaddress.IPv4Network]:
    """The networks that are left of a block without its exceptions."""
    try:
        left = [ipaddress.IPv4Network(block["cidr"], strict=False)]
    except ValueError:
        return []  # of the other address family, which no pod here has
    for text in block.get("except") or ():
        hole = ipaddress.IPv4Network(text, strict=False)
        left = [
            part for network in left
            for part in ((network,) if not network.overlaps(hole) else _without(network, hole))
        ]  # fmt: skip
    return left


def _without(
    network: ipaddress.IPv4Network, hole: ipaddress.IPv4Network
) -> Iterable[ipaddress.IPv4Network]:
    return () if network.subnet_of(hole) else network.address_exclude(hole)


def _ports(rule: Object, reached: Pod | None) -> tuple[Ports, ...] | None:
    """The ports of a rule; empty for all of them, None where this peer has none of them."""
    if not rule.get("ports"):
        return ()
    found = [_port(port, reached) for port in rule["ports"]]
    return tuple(port for port in found if port is not None) or None


def _port(port: Object, reached: Pod | None) -> Ports | None:
    protocol, number = port.get("protocol", "TCP"), port.get("port")
    if isinstance(number, str):
        number = reached.named_ports.get((protocol, number)) if reached is not None else None
        if number is None:
            return None
    last = port.get("endPort", number)
    return Ports(protocol=protocol, first=number, last=last)
