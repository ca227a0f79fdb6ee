"""What a prober tries: chosen from the scenario, the live Services and the backup's own.

Pure but for `live_services`, which reads.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from drills import objects
from drills.backups import Inventory
from drills.errors import OutsideRefused
from drills.objects import KubeObject
from drills.ports import Cluster, Kind
from drills.proving.facts import API_SERVER, Aim, Target
from scenarios.model import ProberSpec

SERVICE, SLICE = Kind("v1", "Service"), Kind("discovery.k8s.io/v1", "EndpointSlice")
SERVICES_EACH = 2
"""Services of each source namespace that are tried."""
OF_SERVICE = "kubernetes.io/service-name"
DNS = Target(aim=Aim.DNS, words="the cluster's DNS", host="kubernetes.default.svc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A Service of a source namespace that something should answer behind."""

    namespace: str
    name: str
    port: int
    address: str = ""
    """ClusterIP; empty where it has none, or is only known from the backup."""


def must_be_blocked(spec: ProberSpec, services: Iterable[Known]) -> tuple[Target, ...]:
    """Return what must not be reached from the sandbox."""
    production = [target for service in services for target in _of_service(service)]
    api = Target(aim=Aim.API_SERVER, words="the API server", host=API_SERVER, port=443)
    internet = [_of_address(Aim.INTERNET, "the internet", spec.internet)] if spec.internet else []
    named = [_of_address(Aim.NAMED, "named by the scenario", each) for each in spec.also_blocked]
    return (*production, api, *internet, *named)


def _of_service(service: Known) -> Iterator[Target]:
    words = f"Service {service.namespace}/{service.name}"
    if service.address:
        yield Target(aim=Aim.SERVICE, words=words, host=service.address, port=service.port)
    host = f"{service.name}.{service.namespace}.svc"
    yield Target(aim=Aim.SERVICE_NAME, words=f"{words} by name", host=host, port=service.port)


def _of_address(aim: Aim, words: str, address: str) -> Target:
    host, _, port = address.rpartition(":")
    return Target(aim=aim, words=words, host=host.strip("[]"), port=int(port))


def live_services(cluster: Cluster, namespaces: Sequence[str]) -> tuple[Known, ...] | None:
    """Return the Services of the namespaces that have ready endpoints; None where we may not look.

    Rights inside production are nothing that a drill must have.
    """
    try:
        found = [obj for name in namespaces for obj in cluster.list(SERVICE, name)]
        slices = [obj for name in namespaces for obj in cluster.list(SLICE, name)]
    except OutsideRefused:
        return None
    ready = {
        (objects.namespace(each), objects.labels(each).get(OF_SERVICE, ""))
        for each in slices
        if _has_ready(each)
    }
    return _few(
        known
        for service in found
        if (objects.namespace(service), objects.name(service)) in ready
        and (known := _live(service)) is not None
    )


def backed_up_services(inventory: Inventory | None, namespaces: Sequence[str]) -> tuple[Known, ...]:
    """Return Services that the backup holds, by name only: their addresses may be others' now."""
    return _few(
        known
        for obj in (inventory.objects if inventory else ())
        if obj.key.resource == "services" and obj.key.namespace in namespaces and obj.body
        if (known := _known(obj.body, obj.key.namespace, obj.key.name)) is not None
    )


def planned(
    spec: ProberSpec, inventory: Inventory | None, namespaces: Sequence[str]
) -> tuple[Target, ...]:
    """Return what would be tried, as far as it is known without asking the cluster."""
    return must_be_blocked(spec, backed_up_services(inventory, namespaces))


def _few(services: Iterable[Known]) -> tuple[Known, ...]:
    kept: dict[str, list[Known]] = {}
    for service in sorted(services, key=lambda each: (each.namespace, each.name)):
        kept.setdefault(service.namespace, []).append(service)
    return tuple(each for found in kept.values() for each in found[:SERVICES_EACH])


def _live(service: KubeObject) -> Known | None:
    known = _known(service, objects.namespace(service), objects.name(service))
    address = objects.text(service, "spec", "clusterIP")
    return known and replace(known, address="" if address == "None" else address)


def _known(service: KubeObject, namespace: str, name: str) -> Known | None:
    ports = [
        objects.number(port, "port")
        for port in objects.items(service, "spec", "ports")
        if objects.text(port, "protocol") in {"", "TCP"}
    ]
    if objects.text(service, "spec", "type") == "ExternalName" or not ports or not ports[0]:
        return None
    return Known(namespace=namespace, name=name, port=ports[0])


def _has_ready(endpoint_slice: KubeObject) -> bool:
    """Return whether something is ready; `ready` left out means yes (EndpointSlice v1)."""
    return any(
        objects.dig(endpoint, "conditions", "ready") is not False
        for endpoint in objects.items(endpoint_slice, "endpoints")
    )
