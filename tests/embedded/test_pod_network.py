"""Which addresses a pod is said to reach, by the policies there are."""

from collections.abc import Iterator

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.json_objects import JsonObject
from embedded.pod_network import allowed, exists, home_of

PLACE = "sandbox"
SHOP = "shop.production.svc"


@pytest.fixture(name="cluster", scope="module")
def _cluster() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster() as cluster:
        cluster.objects.create("namespaces", {"metadata": {"name": PLACE}})
        yield cluster


def reaches(cluster: EmbeddedCluster, host: str, port: int, *policies: JsonObject) -> bool:
    """Return whether a pod of the sandbox, labelled `app: shop`, reaches there."""
    names = []
    for at, spec in enumerate(policies):
        names.append(f"policy-{at}")
        body = {"metadata": {"name": names[-1], "namespace": PLACE}, "spec": spec}
        cluster.objects.create("networkpolicies.networking.k8s.io", body)
    pod = {"metadata": {"name": "web", "namespace": PLACE, "labels": {"app": "shop"}}}
    try:
        return allowed(cluster.objects, PLACE, pod, host, port)
    finally:
        for name in names:
            cluster.objects.delete("networkpolicies.networking.k8s.io", PLACE, name)


def egress(*rules: JsonObject, **selector: str) -> JsonObject:
    chosen = {"matchLabels": selector} if selector else {}
    return {"podSelector": chosen, "policyTypes": ["Egress"], "egress": list(rules)}


def to(**peer: object) -> JsonObject:
    return {"to": [peer]}


def named(name: str) -> JsonObject:
    return {"matchLabels": {"kubernetes.io/metadata.name": name}}


POLICIES: dict[str, tuple[tuple[JsonObject, ...], bool]] = {
    "none": ((), True),
    "deny": ((egress(),), False),
    "deny, of another pod": ((egress(app="db"),), True),
    "ingress only": (({"podSelector": {}, "policyTypes": ["Ingress"]},), True),
    "to its namespace": ((egress(to(namespaceSelector=named("production"))),), True),
    "to another namespace": ((egress(to(namespaceSelector=named("velero"))),), False),
    "to every namespace": ((egress(to(namespaceSelector={})),), True),
    "inside only": ((egress(to(podSelector={})),), False),
    "another port": ((egress({"ports": [{"port": 53}]}),), False),
    "its port": ((egress({"ports": [{"port": 80}]}),), True),
    "deny, and one that opens": ((egress(), egress({})), True),
}


@pytest.mark.parametrize(("policies", "reached"), POLICIES.values(), ids=POLICIES)
def test_policies_add_up(
    cluster: EmbeddedCluster, policies: tuple[JsonObject, ...], *, reached: bool
) -> None:
    assert reaches(cluster, SHOP, 80, *policies) is reached


@pytest.mark.parametrize(("block", "reached"), [("1.1.1.0/24", True), ("10.0.0.0/8", False)])
def test_blocks_are_for_addresses(cluster: EmbeddedCluster, block: str, *, reached: bool) -> None:
    policy = egress(to(ipBlock={"cidr": block}))
    assert reaches(cluster, "1.1.1.1", 443, policy) is reached
    assert not reaches(cluster, "db.example.com", 5432, policy)


def test_an_address_has_a_home(cluster: EmbeddedCluster) -> None:
    (service,) = [
        each for each in cluster.objects.all("services", "production")
        if each["metadata"]["name"] == "shop"
    ]  # fmt: skip
    assert home_of(cluster.objects, service["spec"]["clusterIP"]) == "production"
    assert home_of(cluster.objects, SHOP) == "production"
    assert home_of(cluster.objects, "1.1.1.1") == ""


def test_nothing_answers_where_no_service_is(cluster: EmbeddedCluster) -> None:
    assert exists(cluster.objects, SHOP, 80)
    assert not exists(cluster.objects, SHOP, 81)
    assert not exists(cluster.objects, "nobody.production.svc", 80)
    assert exists(cluster.objects, "1.1.1.1", 443)
