"""Which pod and which port stand behind a Service.

In: namespace, Service name, port by number or name, and what to ask there. Out: a ready
pod and the number of its port, resolved as kube-proxy would: selector, targetPort, named ports.
Only TCP is carried there, so a port that UDP shares the number with is the TCP one. A sidecar that
is an init container (restartPolicy Always, Kubernetes 1.29) holds ports as containers do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from drills import objects
from drills.cluster import Cluster, Kind
from drills.errors import CannotAsk, Missing
from drills.findings import Cause
from drills.objects import KubeObject

SERVICE = Kind("v1", "Service")
POD = Kind("v1", "Pod")


class NotListening(Missing):
    """A ready pod is there, but nothing answers on its port."""


class BrokenOff(NotListening):
    """What answers there ended its answer early."""


def request_target(path: str) -> str:
    """Return a path and query as they may stand in a request line."""
    rooted = path if path.startswith("/") else "/" + path
    return quote(rooted, safe="/?&=%:@!$'()*+,;~[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A pod's port."""

    pod: str
    port: int


def behind_service(cluster: Cluster, namespace: str, name: str, port: str) -> Endpoint:
    """Return a ready endpoint; raises Missing without one, CannotAsk where pods cannot tell."""
    service = cluster.get(SERVICE, namespace, name)
    if service is None:
        raise Missing(f"there is no Service {namespace}/{name}")
    target = _target(service, port)
    selector = objects.mapping(service, "spec", "selector")
    if not selector:
        raise CannotAsk(f"Service {namespace}/{name} has no selector: no pod is behind it")
    labels = ",".join(f"{key}={value}" for key, value in selector.items())
    ready = [pod for pod in cluster.list(POD, namespace, labels=labels) if is_ready(pod)]
    if not ready:
        raise Missing(f"Service {namespace}/{name} has no ready endpoint")
    for pod in sorted(ready, key=objects.name):
        number = _number(pod, target)
        if number:
            return Endpoint(pod=objects.name(pod), port=number)
    raise Missing(f"Service {namespace}/{name}: no ready pod has a port named {target}")


def endpoint_of(cluster: Cluster, namespace: str, target: str, port: str) -> Endpoint:
    """Return the endpoint of `service/NAME` or `pod/NAME`; raises Missing, CannotAsk."""
    kind, _, name = target.partition("/")
    find = behind_service if kind == "service" else of_pod
    return find(cluster, namespace, name, port)


def of_pod(cluster: Cluster, namespace: str, name: str, port: str) -> Endpoint:
    """Return a pod's port by number or name; raises Missing."""
    pod = cluster.get(POD, namespace, name)
    if pod is None:
        raise Missing(f"there is no pod {namespace}/{name}")
    number = _number(pod, int(port) if port.isdigit() else port)
    if not number:
        raise Missing(f"pod {namespace}/{name} has no port named {port}")
    return Endpoint(pod=name, port=number)


def pod_path(namespace: str, pod: str, subresource: str) -> str:
    """Return the path of a pod's `exec`, `log` or `portforward`."""
    place = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}"
    return f"{place}/{subresource}"


def is_ready(pod: KubeObject) -> bool:
    """Return whether the pod takes traffic: Ready and not being deleted."""
    if objects.text(pod, "metadata", "deletionTimestamp"):
        return False
    return any(
        objects.text(condition, "type") == "Ready" and objects.text(condition, "status") == "True"
        for condition in objects.items(pod, "status", "conditions")
    )


def _target(service: KubeObject, port: str) -> int | str:
    place = f"{objects.namespace(service)}/{objects.name(service)}"
    ports = objects.items(service, "spec", "ports")
    meant = [
        entry
        for entry in ports
        if port in {str(objects.dig(entry, "port")), objects.text(entry, "name")}
    ]
    for entry in filter(_is_tcp, meant):
        target = objects.dig(entry, "targetPort")
        return target if isinstance(target, int | str) else objects.number(entry, "port")
    if meant:
        raise not_tcp(f"port {port} of Service {place}", objects.text(meant[0], "protocol"))
    raise Missing(f"Service {place} has no port {port}; it has {_listed(ports)}")


def not_tcp(what: str, protocol: str) -> CannotAsk:
    """Return that no way leads to a port of another protocol."""
    return CannotAsk(
        f"{what} is {protocol}, and port-forward carries TCP only",
        hint="ask with exec in a pod, or with a job, which runs beside it",
        cause=Cause.CONFIGURATION,
    )


def _is_tcp(entry: object) -> bool:
    return objects.text(entry, "protocol") in {"", "TCP"}


def _number(pod: KubeObject, target: int | str) -> int:
    """Return the port's number, 0 where the pod has no port of that name."""
    if isinstance(target, int):
        return target
    for container in _containers(pod):
        for entry in objects.items(container, "ports"):
            if objects.text(entry, "name") == target and _is_tcp(entry):
                return objects.number(entry, "containerPort")
    return 0


def _containers(pod: KubeObject) -> Iterator[object]:
    """Yield what runs while the pod does, containers before sidecars."""
    yield from objects.items(pod, "spec", "containers")
    for container in objects.items(pod, "spec", "initContainers"):
        if objects.text(container, "restartPolicy") == "Always":
            yield container


def _listed(ports: Sequence[object]) -> str:
    return ", ".join(
        f"{objects.dig(entry, 'port')} {objects.text(entry, 'name')}".strip() for entry in ports
    )
