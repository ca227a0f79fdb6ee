"""Which pod and which port stand behind a Service.

In: namespace, Service name, port by number or name, and what to ask there. Out: a ready
pod and the number of its port, resolved as kube-proxy would: selector, targetPort, named ports.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from drills import objects
from drills.cluster import Cluster, Kind
from drills.errors import CannotAsk, Missing
from drills.objects import KubeObject

SERVICE = Kind("v1", "Service")
POD = Kind("v1", "Pod")


class NotListening(Missing):
    """A ready pod is there, but nothing answers on its port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """What to ask which Service; `seconds` is the time for the whole answer."""

    namespace: str
    service: str
    port: str
    path: str
    scheme: str
    method: str
    headers: Mapping[str, str]
    seconds: float

    @property
    def what(self) -> str:
        """Return `GET http://shop.backup-test:80/healthz`, without the query."""
        place = f"{self.service}.{self.namespace}:{self.port}"
        return f"{self.method} {self.scheme}://{place}{self.path.partition('?')[0]}"

    @property
    def target(self) -> str:
        """Return the path as it may stand in a request line."""
        rooted = self.path if self.path.startswith("/") else "/" + self.path
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
    ports = objects.items(service, "spec", "ports")
    for entry in ports:
        if port in {str(objects.dig(entry, "port")), objects.text(entry, "name")}:
            target = objects.dig(entry, "targetPort")
            return target if isinstance(target, int | str) else objects.number(entry, "port")
    place = f"{objects.namespace(service)}/{objects.name(service)}"
    raise Missing(f"Service {place} has no port {port}; it has {_listed(ports)}")


def _number(pod: KubeObject, target: int | str) -> int:
    """Return the port's number, 0 where the pod has no port of that name."""
    if isinstance(target, int):
        return target
    for container in objects.items(pod, "spec", "containers"):
        for entry in objects.items(container, "ports"):
            if objects.text(entry, "name") == target:
                return objects.number(entry, "containerPort")
    return 0


def _listed(ports: Sequence[object]) -> str:
    return ", ".join(
        f"{objects.dig(entry, 'port')} {objects.text(entry, 'name')}".strip() for entry in ports
    )
