"""Addresses and ports of Services.

In: Services on their way into the ledger. Out: cluster addresses and node ports given to them, or
a refusal. Wordings follow the Service validation and the port allocator at v1.34.
"""

import ipaddress
from collections.abc import Hashable

from embedded.api_errors import ApiError, invalid
from embedded.indexes import ADDRESS
from embedded.json_objects import JsonObject, items, name_of, namespace_of, section
from embedded.ledger import Ledger
from embedded.resource_types import ResourceType

NODE_PORTS = range(30000, 32768)
_NETWORK = ipaddress.ip_network("10.96.0.0/16")
_WITH_NODE_PORTS = frozenset({"NodePort", "LoadBalancer"})


def admit_service(
    ledger: Ledger, t: ResourceType, body: JsonObject, before: JsonObject | None
) -> None:
    """Give a Service what it needs, in place.

    Raises:
        ApiError: 422 for a node port that is taken or not allowed for the Service's type.
    """
    _keep_address(t, body, before)
    _drop_inherited_ports(body, before)
    _check_ports(t, body)
    _give_address(ledger, t, body)
    _give_ports(ledger, t, body)


def _keep_address(t: ResourceType, body: JsonObject, before: JsonObject | None) -> None:
    """Keep the address where a client leaves it out, and refuse another one."""
    was, now = section(before or {}, "spec").get("clusterIP"), body["spec"].get("clusterIP")
    if not was or body["spec"].get("type") == "ExternalName":
        return
    if now and now != was:
        text = f'Invalid value: ["{now}"]: may not change once set'
        raise invalid(t, name_of(body), ("spec.clusterIPs[0]", "FieldValueInvalid", text))
    body["spec"]["clusterIP"] = was


def _drop_inherited_ports(body: JsonObject, before: JsonObject | None) -> None:
    """Let go of node ports that only the former type of the Service needed."""
    was = section(before or {}, "spec")
    leaves = was.get("type") in _WITH_NODE_PORTS and body["spec"].get("type") == "ClusterIP"
    if leaves and items(was, "ports") == items(body, "spec", "ports"):
        body["spec"]["ports"] = [
            {key: value for key, value in port.items() if key != "nodePort"}
            for port in items(body, "spec", "ports")
        ]


def _check_ports(t: ResourceType, body: JsonObject) -> None:
    spec = body["spec"]
    causes = []
    if (
        not items(spec, "ports")
        and spec.get("type") != "ExternalName"
        and spec.get("clusterIP") != "None"
    ):
        causes.append(("spec.ports", "FieldValueRequired", "Required value"))
    for number, port in enumerate(items(spec, "ports")):
        field = f"spec.ports[{number}]"
        if not isinstance(port.get("port"), int):
            causes.append(
                (
                    f"{field}.port",
                    "FieldValueInvalid",
                    "Invalid value: 0: must be between 1 and 65535, inclusive",
                )
            )
        if port.get("nodePort") and spec.get("type") == "ClusterIP":
            text = "Forbidden: may not be used when `type` is 'ClusterIP'"
            causes.append((f"{field}.nodePort", "FieldValueForbidden", text))
    if causes:
        raise invalid(t, name_of(body), *causes)


def _give_address(ledger: Ledger, t: ResourceType, body: JsonObject) -> None:
    spec = body["spec"]
    if spec.get("type") == "ExternalName":
        return
    wanted = spec.get("clusterIP")
    if not wanted:
        wanted = _free_address(ledger, t, body)
    elif wanted != "None" and _taken(ledger, body, str(wanted)):
        text = (
            f'Invalid value: ["{wanted}"]: failed to allocate IP {wanted}: '
            "provided IP is already allocated"
        )
        raise invalid(t, name_of(body), ("spec.clusterIPs", "FieldValueInvalid", text))
    spec["clusterIP"], spec["clusterIPs"] = wanted, [wanted]
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    spec.setdefault("internalTrafficPolicy", "Cluster")


def _taken(ledger: Ledger, body: JsonObject, key: Hashable) -> bool:
    """Return whether another Service has this address or node port."""
    places = ledger.indexes.places("services", ADDRESS, key)
    return any(place != (namespace_of(body), name_of(body)) for place in places)


def _free_address(ledger: Ledger, t: ResourceType, body: JsonObject) -> str:
    hosts = _NETWORK.num_addresses - 2
    for step in range(hosts):
        number = (ledger.last_address + step) % hosts + 1
        if not _taken(ledger, body, str(_NETWORK[number])):
            ledger.last_address = number
            return str(_NETWORK[number])
    raise _full(t, body, "a serviceIP")


def _full(t: ResourceType, body: JsonObject, what: str) -> ApiError:
    details: JsonObject = {"name": name_of(body), "kind": t.plural}
    message = f"Internal error occurred: failed to allocate {what}: range is full"
    return ApiError(500, "InternalError", message, details)


def _give_ports(ledger: Ledger, t: ResourceType, body: JsonObject) -> None:
    spec = body["spec"]
    if spec.get("type") not in _WITH_NODE_PORTS:
        return
    spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    own: set[tuple[int, str]] = set()
    for number, port in enumerate(items(spec, "ports")):
        wanted, protocol = port.get("nodePort"), port["protocol"]
        if wanted:
            taken = (wanted, protocol) in own or _taken(ledger, body, (str(wanted), protocol))
            _check_port(t, body, number, wanted, taken=taken)
        elif spec.get("allocateLoadBalancerNodePorts", True):
            port["nodePort"] = _free_port(ledger, t, body, protocol, own)
        if port.get("nodePort"):
            own.add((port["nodePort"], protocol))


def _free_port(
    ledger: Ledger, t: ResourceType, body: JsonObject, protocol: str, own: set[tuple[int, str]]
) -> int:
    for free in NODE_PORTS:
        if (free, protocol) not in own and not _taken(ledger, body, (str(free), protocol)):
            return free
    raise _full(t, body, "a nodePort")


def _check_port(
    t: ResourceType,
    body: JsonObject,
    number: int,
    wanted: int,
    *,
    taken: bool,
) -> None:
    why = ""
    if wanted not in NODE_PORTS:
        why = "provided port is not in the valid range. The range of valid ports is 30000-32767"
    elif taken:
        why = "provided port is already allocated"
    if why:
        field = f"spec.ports[{number}].nodePort"
        text = f"Invalid value: {wanted}: {why}"
        raise invalid(t, name_of(body), (field, "FieldValueInvalid", text))
