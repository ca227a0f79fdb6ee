"""What others put into the sandbox: told apart from what was restored, judged by what it allows."""

import pytest

from drills.bystanders import Origin, bystander_findings, made_by, opened, opens
from drills.engine import EngineItem, ItemOutcome
from drills.findings import Cause, Finding, Severity
from drills.hazards import Hazard
from drills.objects import KubeObject
from tests.fakes.probing import SANDBOX

INSIDE = (SANDBOX, "drill-db")
ELSEWHERE = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
SIBLING = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "drill-db"}}}
SAME = {"podSelector": {"matchLabels": {"app": "shop"}}}
ANYBODY = {"namespaceSelector": {}}
ADDRESS = {"ipBlock": {"cidr": "10.0.0.0/8"}}
CILIUM = "ciliumnetworkpolicies.cilium.io"


def policy(**spec: object) -> KubeObject:
    return {
        "metadata": {"name": "by-operator", "namespace": SANDBOX, "uid": "u1"},
        "spec": {"podSelector": {}, **spec},
    }


@pytest.mark.parametrize(
    ("spec", "out", "in_"),
    [
        ({"policyTypes": ["Ingress", "Egress"]}, False, False),
        ({"policyTypes": ["Ingress"], "ingress": []}, False, False),
        ({"egress": [{}]}, True, False),
        ({"policyTypes": ["Ingress"], "egress": [{}]}, False, False),
        ({"egress": [{"to": [ADDRESS]}]}, True, False),
        ({"egress": [{"to": [ANYBODY]}]}, True, False),
        ({"egress": [{"to": [ELSEWHERE], "ports": [{"port": 443}]}]}, True, False),
        ({"egress": [{"to": [SAME]}, {"to": [SIBLING]}]}, False, False),
        ({"egress": [{"to": [SAME, ADDRESS]}]}, True, False),
        ({"egress": [{"ports": [{"port": 53, "protocol": "UDP"}]}]}, False, False),
        ({"egress": [{"ports": [{"port": 53, "endPort": 60000}]}]}, True, False),
        ({"egress": [{"ports": [{"port": 53}, {"port": 443}]}]}, True, False),
        ({"ingress": [{"from": [ELSEWHERE]}]}, False, True),
        ({"ingress": [{"ports": [{"port": 53}]}]}, False, True),
        ({"ingress": [{"from": [SAME]}]}, False, False),
    ],
)
def test_what_a_policy_lets_through(spec: dict[str, object], *, out: bool, in_: bool) -> None:
    assert opens(policy(**spec), INSIDE, "egress") is out
    assert opens(policy(**spec), INSIDE, "ingress") is in_


def told(obj: KubeObject, resource: str = "", *, closed: bool = True) -> Finding:
    hazard = Hazard(
        resource=resource or "networkpolicies.networking.k8s.io",
        obj=obj,
        danger="would do harm",
        patch=None,
    )
    (finding,) = bystander_findings([(hazard, obj)], INSIDE, closed=closed)
    return finding


def test_a_policy_that_lets_the_copy_out_leaves_the_question_open() -> None:
    found = told(policy(egress=[{}]))
    assert (found.code, found.cause, found.unanswered) == ("sandbox-opened", Cause.ISOLATION, True)
    assert found.subject == f"networkpolicies.networking.k8s.io {SANDBOX}/by-operator"
    assert opened([found])


def test_a_policy_that_lets_others_in_is_a_warning() -> None:
    found = told(policy(ingress=[{"from": [ELSEWHERE]}]))
    assert (found.code, found.severity) == ("sandbox-entered", Severity.WARNING)
    assert not found.unanswered
    assert not opened([found])


def test_a_policy_that_only_denies_is_a_note() -> None:
    found = told(policy(policyTypes=["Ingress", "Egress"]))
    assert (found.code, found.severity) == ("sandbox-policy-added", Severity.INFO)


def test_a_sandbox_that_was_never_closed_cannot_be_opened() -> None:
    assert told(policy(egress=[{}]), closed=False).severity is Severity.INFO


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({}, "sandbox-policy-added"),
        ({"egressDeny": [{}]}, "sandbox-policy-added"),
        ({"egress": [{"action": "Deny"}]}, "sandbox-policy-added"),
        ({"egress": [{"toEntities": ["world"]}]}, "sandbox-opened"),
        ({"egress": [{"action": "Allow"}]}, "sandbox-opened"),
        ({"ingress": [{}]}, "sandbox-entered"),
    ],
)
def test_policies_of_other_kinds_open_with_any_rule(spec: dict[str, object], code: str) -> None:
    assert told(policy(**spec), CILIUM).code == code


def test_anything_else_is_named_with_its_danger() -> None:
    found = told(policy(), "certificates.cert-manager.io")
    assert (found.code, found.severity) == ("sandbox-bystander", Severity.WARNING)
    assert "would do harm" in found.message


@pytest.mark.parametrize(
    ("metadata", "who"),
    [
        ({"managedFields": [{"manager": "kyverno"}]}, "kyverno"),
        (
            {"managedFields": [{"manager": "b"}, {"manager": "a"}], "labels": {}},
            "a, b",
        ),
        ({"managedFields": [{"manager": "kcm", "subresource": "status"}]}, ""),
        ({"labels": {"app.kubernetes.io/managed-by": "capsule"}}, "capsule"),
        ({}, ""),
    ],
)
def test_who_made_it(metadata: dict[str, object], who: str) -> None:
    assert made_by({"metadata": metadata}) == who
    obj = {"metadata": {**metadata, "name": "x", "namespace": SANDBOX}, "spec": {}}
    assert (f"Somebody else ({who})" if who else "Somebody else put") in told(obj).message


def item(outcome: ItemOutcome, name: str = "by-operator") -> EngineItem:
    kind = {"api_version": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    return EngineItem(**kind, namespace=SANDBOX, name=name, outcome=outcome)


@pytest.mark.parametrize(
    ("origin", "restored"),
    [
        (Origin(), True),
        (Origin(before=frozenset({"u1"})), False),
        (Origin(before=frozenset({"u1"}), items=(item(ItemOutcome.CREATED),)), False),
        (Origin(items=()), False),
        (Origin(items=(item(ItemOutcome.CREATED, "other"),)), False),
        (Origin(items=(item(ItemOutcome.CREATED),)), True),
        (Origin(items=(item(ItemOutcome.UNKNOWN),)), True),
        (Origin(items=(item(ItemOutcome.SKIPPED),)), False),
        (Origin(items=(item(ItemOutcome.FAILED),)), False),
    ],
)
def test_where_it_comes_from(origin: Origin, *, restored: bool) -> None:
    """In doubt it was restored: then it is made harmless, and the drill fails."""
    assert origin.restored("NetworkPolicy", policy()) is restored
