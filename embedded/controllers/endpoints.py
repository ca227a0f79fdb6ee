"""Endpoints, EndpointSlices and load balancers: what is behind a Service, and what is before it.

In: a Service that changed, or whose pods did. Out: Endpoints and EndpointSlices that follow the
ready pods (restored ones are taken over), and an address for each LoadBalancer Service, so that
the hazard of restoring one shows.
"""

import ipaddress

from embedded.controllers.context import Context
from embedded.controllers.ownership import is_active, is_ready, owner_reference, selects
from embedded.json_objects import JsonObject, copied_object, items, name_of, section

SERVICE_NAME = "kubernetes.io/service-name"
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_MANAGER = "endpointslice-controller.k8s.io"
_BALANCERS = ipaddress.ip_network("203.0.113.0/24")


def sync_service(context: Context, namespace: str, name: str) -> None:
    """Bring endpoints and load balancer of a Service in line."""
    service = context.objects.peek("services", namespace, name)
    if service is None or "deletionTimestamp" in service["metadata"]:
        return
    _balance(context, service)
    selector = section(service, "spec", "selector")
    if selector:
        pods = context.objects.labelled("pods", namespace, selector)
        _follow(context, service, [pod for pod in pods if is_active(pod)])


def _balance(context: Context, service: JsonObject) -> None:
    wanted = section(service, "spec").get("type") == "LoadBalancer"
    has = bool(items(service, "status", "loadBalancer", "ingress"))
    if wanted == has:
        return
    address = str(_BALANCERS[1 + int(service["metadata"]["uid"][:8], 16) % 250])
    ingress = {"ingress": [{"ip": address, "ipMode": "VIP"}]} if wanted else {}
    metadata = service["metadata"]
    context.objects.set_status(
        "services", metadata["namespace"], metadata["name"], {"loadBalancer": ingress}
    )


def _follow(context: Context, service: JsonObject, pods: list[JsonObject]) -> None:
    selector = {"matchLabels": section(service, "spec", "selector")}
    behind = [pod for pod in pods if selects(selector, pod) and section(pod, "status").get("podIP")]
    _write_endpoints(context, service, behind)
    _write_slice(context, service, behind)


def _address(pod: JsonObject) -> JsonObject:
    return {
        "ip": section(pod, "status")["podIP"],
        "nodeName": section(pod, "spec").get("nodeName", ""),
        "targetRef": _target(pod),
    }


def _target(pod: JsonObject) -> JsonObject:
    metadata = pod["metadata"]
    return {
        "kind": "Pod",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "uid": metadata["uid"],
    }


def _ports(service: JsonObject) -> list[JsonObject]:
    made = []
    for port in items(service, "spec", "ports"):
        target = port.get("targetPort")
        number = target if isinstance(target, int) else port.get("port")
        named = {"name": port["name"]} if port.get("name") else {}
        made.append({**named, "port": number, "protocol": port.get("protocol", "TCP")})
    return made


def _write_endpoints(context: Context, service: JsonObject, behind: list[JsonObject]) -> None:
    ready = [_address(pod) for pod in behind if is_ready(pod)]
    waiting = [_address(pod) for pod in behind if not is_ready(pod)]
    subset: JsonObject = {"ports": _ports(service)}
    if ready:
        subset["addresses"] = ready
    if waiting:
        subset["notReadyAddresses"] = waiting
    place = {"name": name_of(service), "namespace": service["metadata"]["namespace"]}
    subsets = [subset] if behind else []
    known = context.objects.get("endpoints", place["namespace"], place["name"])
    if known is None:
        body = {"apiVersion": "v1", "kind": "Endpoints", "metadata": place, "subsets": subsets}
        context.objects.create("endpoints", body)
        return
    known["subsets"] = subsets
    context.objects.storage.update(context.objects.type("endpoints"), known)


def _write_slice(context: Context, service: JsonObject, behind: list[JsonObject]) -> None:
    """Keep one slice per Service; restored slices of the same Service are reused or removed."""
    objects, kind = context.objects, "endpointslices.discovery.k8s.io"
    metadata = service["metadata"]
    label = f"{SERVICE_NAME}={metadata['name']},{_MANAGED_BY}={_MANAGER}"
    known = objects.all(kind, metadata["namespace"], labels=label)
    for surplus in known[1:]:
        objects.delete(kind, metadata["namespace"], name_of(surplus))
    endpoints = [_endpoint(pod) for pod in behind]
    if known:
        body = copied_object(known[0])
        body["metadata"]["ownerReferences"] = [owner_reference(service)]
        body |= {"endpoints": endpoints, "ports": _ports(service)}
        objects.storage.update(objects.type(kind), body)
        return
    labels = {SERVICE_NAME: metadata["name"], _MANAGED_BY: _MANAGER}
    objects.create(
        kind,
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "generateName": f"{metadata['name']}-",
                "namespace": metadata["namespace"],
                "labels": labels,
                "ownerReferences": [owner_reference(service)],
            },
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": _ports(service),
        },
    )


def _endpoint(pod: JsonObject) -> JsonObject:
    ready = is_ready(pod)
    return {
        "addresses": [section(pod, "status")["podIP"]],
        "conditions": {"ready": ready, "serving": ready, "terminating": False},
        "nodeName": section(pod, "spec").get("nodeName", ""),
        "targetRef": _target(pod),
    }
