"""What Velero changes in Services (velero v1.18, pkg/restore/actions/service_action.go).

In: a Service from the backup. Out: the Service without cluster addresses, and without the node
ports that nobody asked for: those named in the last applied configuration stay, or, where there is
none, those that a manager set by itself in managedFields.
"""

import json
from collections.abc import Iterator

from embedded.json_objects import JsonObject, items, section

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def restored_service(service: JsonObject, *, keep_node_ports: bool) -> None:
    """Change a Service in place.

    Raises:
        ValueError: when the last applied configuration is no JSON.
    """
    spec = service.setdefault("spec", {})
    if spec.get("clusterIP") != "None":
        spec.pop("clusterIP", None)
        spec.pop("clusterIPs", None)
    if keep_node_ports or spec.get("type") == "ExternalName":
        return
    explicit = _explicit_ports(service)
    for port in items(spec, "ports"):
        if not _is_explicit(port, explicit, applied=_applied(service) is not None):
            port.pop("nodePort", None)
    if "healthCheckNodePort" in spec and not _health_port_is_explicit(service):
        spec.pop("healthCheckNodePort", None)


def _applied(service: JsonObject) -> JsonObject | None:
    text = section(service, "metadata", "annotations").get(_APPLIED)
    if text is None:
        return None
    found = json.loads(text)
    return found if isinstance(found, dict) else {}


def _explicit_ports(service: JsonObject) -> set[str | int]:
    """Return what tells explicit ports: names and numbers, or keys of managedFields."""
    applied = _applied(service)
    if applied is None:
        return {
            key
            for fields in _managed(service)
            for key, port in section(fields, "f:ports").items()
            if isinstance(port, dict) and "f:nodePort" in port
        }
    found: set[str | int] = set()
    for port in items(applied, "spec", "ports"):
        if int(port.get("nodePort") or 0) > 0:
            found.add(port["name"] if "name" in port else int(port["nodePort"]))
    return found


def _is_explicit(port: JsonObject, explicit: set[str | int], *, applied: bool) -> bool:
    if applied:
        return (port.get("name") or port.get("nodePort")) in explicit
    return f'k:{{"port":{port.get("port")},"protocol":"{port.get("protocol")}"}}' in explicit


def _health_port_is_explicit(service: JsonObject) -> bool:
    if section(service, "spec").get("type") != "LoadBalancer":
        return True
    applied = _applied(service)
    if applied is not None and section(applied, "spec").get("healthCheckNodePort"):
        return True
    return any("f:healthCheckNodePort" in fields for fields in _managed(service))


def _managed(service: JsonObject) -> Iterator[JsonObject]:
    for entry in items(service, "metadata", "managedFields"):
        yield section(entry, "fieldsV1", "f:spec")
