"""Addresses and ports of Services.

In: Services on their way into the ledger. Out: cluster addresses and node ports given to them, or
a refusal. Wordings follow the Service validation and the port allocator at v1.34.
"""

import ipaddress

from embedded.api_errors import invalid
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
    others = [
        entry.body
        for entry in ledger.entries(t)
        if (namespace_of(entry.body), name_of(entry.body)) != (namespace_of(body), name_of(body))
    ]
    _keep_address(t, body, before)
    _drop_inherited_ports(body, before)
    _check_ports(t, body)
    _give_address(t, body, others)
    _give_ports(t, body, others)


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


def _give_address(t: ResourceType, body: JsonObject, others: list[JsonObject]) -> None:
    spec = body["spec"]
    if spec.get("type") == "ExternalName":
        return
    taken = {section(one, "spec").get("clusterIP") for one in others}
    wanted = spec.get("clusterIP")
    if not wanted:
        wanted = next(str(ip) for ip in _NETWORK.hosts() if str(ip) not in taken)
    elif wanted != "None" and wanted in taken:
        text = (
            f'Invalid value: ["{wanted}"]: failed to allocate IP {wanted}: '
            "provided IP is already allocated"
        )
        raise invalid(t, name_of(body), ("spec.clusterIPs", "FieldValueInvalid", text))
    spec["clusterIP"], spec["clusterIPs"] = wanted, [wanted]
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    spec.setdefault("internalTrafficPolicy", "Cluster")


def _ports_of(service: JsonObject) -> set[tuple[int, str]]:
    return {
        (port["nodePort"], port.get("protocol", "TCP"))
        for port in items(service, "spec", "ports")
        if port.get("nodePort")
    }


def _give_ports(t: ResourceType, body: JsonObject, others: list[JsonObject]) -> None:
    spec = body["spec"]
    if spec.get("type") not in _WITH_NODE_PORTS:
        return
    spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    taken = set().union(*(_ports_of(one) for one in others))
    for number, port in enumerate(items(spec, "ports")):
        wanted, protocol = port.get("nodePort"), port["protocol"]
        if wanted:
            _check_port(t, body, number, (wanted, protocol), taken)
        elif spec.get("allocateLoadBalancerNodePorts", True):
            port["nodePort"] = next(free for free in NODE_PORTS if (free, protocol) not in taken)
        if port.get("nodePort"):
            taken.add((port["nodePort"], protocol))


def _check_port(
    t: ResourceType,
    body: JsonObject,
    number: int,
    wanted: tuple[int, str],
    taken: set[tuple[int, str]],
) -> None:
    why = ""
    if wanted[0] not in NODE_PORTS:
        why = "provided port is not in the valid range. The range of valid ports is 30000-32767"
    elif wanted in taken:
        why = "provided port is already allocated"
    if why:
        field = f"spec.ports[{number}].nodePort"
        text = f"Invalid value: {wanted[0]}: {why}"
        raise invalid(t, name_of(body), (field, "FieldValueInvalid", text))
