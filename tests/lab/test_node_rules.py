"""Who may talk to whom, worked out from NetworkPolicies; needs no lab."""

from collections.abc import Mapping
from ipaddress import IPv4Address

from hypothesis import given
from hypothesis import strategies as st

from tests.lab.node.firewall import table
from tests.lab.node.policies import Fence, Pod, fences, selects

NAMESPACES = {
    "shop": {"kubernetes.io/metadata.name": "shop", "team": "shop"},
    "bank": {"kubernetes.io/metadata.name": "bank", "team": "bank"},
}


def pod(address: str, namespace: str, app: str, **ports: int) -> Pod:
    named = {("TCP", name): number for name, number in ports.items()}
    return Pod(address=address, namespace=namespace, labels={"app": app}, named_ports=named)


WEB = pod("10.244.0.10", "shop", "web", http=8080)
DATA = pod("10.244.0.11", "shop", "data", sql=5432)
LEDGER = pod("10.244.0.20", "bank", "ledger", sql=5433)
PODS = (WEB, DATA, LEDGER)


def policy(namespace: str = "shop", **spec: object) -> dict[str, object]:
    return {"metadata": {"namespace": namespace, "name": "p"}, "spec": {"podSelector": {}, **spec}}


def may(
    source: str, target: str, port: int, *policies: Mapping[str, object], protocol: str = "TCP"
) -> bool:
    """Whether a packet passes, asked of the fences as the firewall asks its rules."""
    found = {fence.address: fence for fence in fences(PODS, policies, NAMESPACES)}
    out = found[source].egress if source in found else None
    into = found[target].ingress if target in found else None
    return source == target or all(
        allowed is None
        or any(
            IPv4Address(peer) in entry.peer
            and (
                not entry.ports
                or any(
                    ports.protocol == protocol
                    and (ports.first is None or ports.first <= port <= (ports.last or 0))
                    for ports in entry.ports
                )
            )
            for entry in allowed
        )
        for allowed, peer in ((out, target), (into, source))
    )


def test_without_a_policy_everybody_may() -> None:
    assert may(WEB.address, LEDGER.address, 5433)


def test_an_empty_policy_closes_ingress_only() -> None:
    closed = policy()
    assert not may(LEDGER.address, WEB.address, 8080, closed)
    assert not may(DATA.address, WEB.address, 8080, closed)
    assert may(WEB.address, LEDGER.address, 5433, closed)


def test_egress_is_closed_where_the_policy_says_so() -> None:
    closed = policy(policyTypes=["Egress"])
    assert not may(WEB.address, LEDGER.address, 5433, closed)
    assert not may(WEB.address, "198.18.77.2", 6443, closed)
    assert may(LEDGER.address, WEB.address, 8080, closed)


def test_egress_rules_alone_close_both_ways() -> None:
    """Without `policyTypes` a policy is about ingress too."""
    rules = policy(egress=[{}])
    assert not may(LEDGER.address, WEB.address, 8080, rules)
    assert may(WEB.address, LEDGER.address, 5433, rules)


def test_a_pod_always_reaches_itself() -> None:
    assert may(WEB.address, WEB.address, 8080, policy(policyTypes=["Ingress", "Egress"]))


def test_a_pod_selector_alone_stays_in_its_namespace() -> None:
    rules = policy(ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "ledger"}}}]}])
    assert not may(LEDGER.address, WEB.address, 8080, rules)


def test_both_selectors_of_one_peer_have_to_fit() -> None:
    bank = {"namespaceSelector": {"matchLabels": {"team": "bank"}}}
    ledger = {"podSelector": {"matchLabels": {"app": "ledger"}}}
    teller = {"podSelector": {"matchLabels": {"app": "teller"}}}
    assert may(LEDGER.address, WEB.address, 8080, policy(ingress=[{"from": [bank | ledger]}]))
    assert not may(LEDGER.address, WEB.address, 8080, policy(ingress=[{"from": [bank | teller]}]))
    assert may(LEDGER.address, WEB.address, 8080, policy(ingress=[{"from": [bank, teller]}]))


def test_policies_add_up() -> None:
    closed = policy(policyTypes=["Egress"])
    inside = policy(policyTypes=["Egress"], egress=[{"to": [{"podSelector": {}}]}])
    assert may(WEB.address, DATA.address, 5432, closed, inside)
    assert not may(WEB.address, LEDGER.address, 5433, closed, inside)


def test_a_policy_of_another_namespace_is_nothing_to_us() -> None:
    assert may(WEB.address, DATA.address, 5432, policy("bank", policyTypes=["Ingress", "Egress"]))


def test_ports_are_by_protocol_and_range() -> None:
    rules = policy(ingress=[{"ports": [{"port": 8000, "endPort": 8100}]}])
    assert may(LEDGER.address, WEB.address, 8080, rules)
    assert not may(LEDGER.address, WEB.address, 8101, rules)
    assert not may(LEDGER.address, WEB.address, 8080, rules, protocol="UDP")


def test_a_port_s_name_is_looked_up_in_the_pod_that_is_reached() -> None:
    rules = policy(policyTypes=["Egress"], egress=[{"ports": [{"port": "sql"}]}])
    assert may(WEB.address, DATA.address, 5432, rules)
    assert may(WEB.address, LEDGER.address, 5433, rules)
    assert not may(WEB.address, LEDGER.address, 5432, rules)
    assert not may(DATA.address, WEB.address, 5432, rules)


def test_a_block_leaves_out_its_exceptions() -> None:
    block = {"cidr": "198.18.0.0/16", "except": ["198.18.77.0/30", "198.18.80.0/24"]}
    rules = policy(policyTypes=["Egress"], egress=[{"to": [{"ipBlock": block}]}])
    assert may(WEB.address, "198.18.1.1", 443, rules)
    assert may(WEB.address, "198.18.77.4", 443, rules)
    assert not may(WEB.address, "198.18.77.2", 443, rules)
    assert not may(WEB.address, "198.18.80.9", 443, rules)
    assert not may(WEB.address, "192.0.2.1", 443, rules)


def test_expressions_of_selectors() -> None:
    def fits(operator: str, *values: str, key: str = "app") -> bool:
        wanted = {"key": key, "operator": operator, "values": list(values)}
        return selects({"matchExpressions": [wanted]}, {"app": "web"})

    assert fits("In", "web", "data")
    assert not fits("In", "data")
    assert fits("NotIn", "data")
    assert fits("NotIn", "web", key="tier")
    assert not fits("NotIn", "web")
    assert fits("Exists")
    assert not fits("Exists", key="tier")
    assert fits("DoesNotExist", key="tier")


@given(st.booleans(), st.booleans())
def test_who_has_no_fence_is_closed_off(ingress: bool, egress: bool) -> None:
    """A pod that the enforcer has not heard of yet is let nowhere, whatever the others may."""
    fence = Fence(
        address=WEB.address, ingress=() if ingress else None, egress=() if egress else None
    )
    rules = table((fence,)).splitlines()
    for chain in ("LAB-SOURCES", "LAB-TARGETS"):
        assert [rule for rule in rules if rule.startswith(f"-A {chain} ")][-1] == (
            f"-A {chain} -j DROP"
        )
    closed = {rule.split()[1] for rule in rules if rule.endswith("-j DROP")}
    assert closed == {"LAB-SOURCES", "LAB-TARGETS"} | (
        {f"LAB-IN-{WEB.address}"} if ingress else set()
    ) | ({f"LAB-OUT-{WEB.address}"} if egress else set())
