"""Whole drills in a cluster whose operators put something into every new namespace."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from embedded.cluster import EmbeddedCluster
from tests.e2e.living import On, things

POLICIES = "networkpolicies.networking.k8s.io"


@pytest.fixture(name="operator")
def _operator(cluster: EmbeddedCluster) -> Iterator[Callable[..., None]]:
    """Return what lets an operator put objects into each namespace that is made from now on."""
    rules: list[tuple[str, dict[str, Any]]] = []
    made = cluster.storage.watch(cluster.objects.type("namespaces"))

    def work() -> None:
        for event in made:
            for resource, body in rules if event.type == "ADDED" else ():
                namespace = event.object["metadata"]["name"]
                metadata = {"name": "by-operator", "namespace": namespace}
                metadata["labels"] = {"app.kubernetes.io/managed-by": "kyverno"}
                cluster.objects.create(resource, {"metadata": metadata, **body})

    worker = threading.Thread(target=work, daemon=True)
    worker.start()

    def operator(**bodies: dict[str, Any]) -> None:
        words = {
            "policy": POLICIES,
            "quota": "resourcequotas",
            "binding": ROLES,
            "map": "configmaps",
        }
        rules.extend((words[word], body) for word, body in bodies.items())

    yield operator
    made.close()
    worker.join(10)


ROLES = "rolebindings.rbac.authorization.k8s.io"
Operator = Callable[..., None]


def test_what_every_namespace_gets_is_no_fault_of_the_restore(
    cluster: EmbeddedCluster, on: On, operator: Operator
) -> None:
    before = things(cluster)
    operator(
        policy={"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}},
        quota={"spec": {"hard": {"count/configmaps": "100"}}},
        binding={
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "v",
            },
            "subjects": [],
        },
        map={"data": {"a": "b"}},
    )
    done = on()
    assert (done.code, done.verdict) == (0, "passed")
    told = done.findings("info")["sandbox-policy-added"]
    assert told["subject"] == f"{POLICIES} backup-test/by-operator"
    assert "kyverno" in told["message"]
    deleted = [a for a in done.document["audit"] if "by-operator" in a["resource"]]
    assert deleted == []
    assert things(cluster) == before


def test_a_policy_that_opens_the_sandbox_leaves_the_question_open(
    cluster: EmbeddedCluster, on: On, operator: Operator
) -> None:
    """Whether the operator is quicker than the restore or not."""
    before = things(cluster)
    operator(policy={"spec": {"podSelector": {}, "egress": [{}]}})
    done = on()
    assert (done.code, done.verdict) == (3, "inconclusive")
    causes = {reason["cause"] for reason in done.document["reasons"]}
    assert "isolation" in causes
    assert "backup" not in causes
    assert "sandbox-opened" in done.findings("warning")
    assert not done.findings("critical")
    assert done.document["cleanup"]["outcome"] == "clean"
    assert things(cluster) == before
