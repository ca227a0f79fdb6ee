"""What Velero changes in Services: addresses go, and node ports that nobody asked for.

In: a Service as archived. Out: the same, changed in place. Source: Velero v1.18
`pkg/restore/actions/service_action.go`: a node port is kept where the last applied configuration
names it, or, where there is none, where a manager set it by itself in managedFields. Pure.
"""

import json

from drills import objects

APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def without_addresses(service: dict[str, object]) -> None:
    """Change a Service in place; `preserveNodePorts` is false, as in every drill."""
    spec = service.get("spec")
    if not isinstance(spec, dict):
        return
    if spec.get("clusterIP") != "None":
        spec.pop("clusterIP", None)
        spec.pop("clusterIPs", None)
    if spec.get("type") == "ExternalName":
        return
    ports = [port for port in objects.items(spec, "ports") if isinstance(port, dict)]
    for port in ports:
        if not _explicit(service, port):
            port.pop("nodePort", None)
    if spec.get("type") == "LoadBalancer" and not _health_port_explicit(service):
        spec.pop("healthCheckNodePort", None)


def _explicit(service: object, port: object) -> bool:
    applied = _applied(service)
    if applied is None:
        number, protocol = objects.number(port, "port"), objects.text(port, "protocol") or "TCP"
        wanted = f'k:{{"port":{number},"protocol":"{protocol}"}}'
        return any(
            "f:nodePort" in objects.mapping(fields, "f:ports", wanted)
            for fields in _managed(service)
        )
    name, number = objects.text(port, "name"), objects.number(port, "nodePort")
    return any(
        objects.number(said, "nodePort") > 0
        and (
            objects.text(said, "name") == name
            if name
            else objects.number(said, "nodePort") == number
        )
        for said in objects.items(applied, "spec", "ports")
    )


def _health_port_explicit(service: object) -> bool:
    applied = _applied(service)
    if applied is not None and objects.number(applied, "spec", "healthCheckNodePort"):
        return True
    return any("f:healthCheckNodePort" in fields for fields in _managed(service))


def _applied(service: object) -> object | None:
    """Return the last applied configuration; one that is no JSON says nothing."""
    text = objects.text(service, "metadata", "annotations", APPLIED)
    if not text:
        return None
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found


def _managed(service: object) -> list[dict[str, object]]:
    return [
        dict(objects.mapping(entry, "fieldsV1", "f:spec"))
        for entry in objects.items(service, "metadata", "managedFields")
    ]
