"""The sandbox's manifests: what is let through, and what is carried over."""

import pytest

from drills import objects
from drills.backups import BackedUpObject, ObjectKey
from drills.carried import Carried, carried, mesh_notes
from drills.marks import marks
from drills.sandbox import (
    SandboxRights,
    binding_manifest,
    isolation_words,
    limit_range_manifest,
    namespace_manifest,
    policy_manifest,
    quota_manifest,
)
from scenarios.model import LimitsSpec, NetworkIsolation

MARKS = marks("drill-1", "weekly")
POLICY = policy_manifest("a-test", ("a-test", "b-test"), MARKS)


def test_the_namespace_is_ours_and_left_out_of_backups() -> None:
    labels = objects.labels(namespace_manifest("a-test", MARKS, Carried()))
    assert labels == MARKS


SOURCE = {
    "metadata": {
        "labels": {
            "pod-security.kubernetes.io/enforce": "baseline",
            "istio-injection": "enabled",
            "argocd.argoproj.io/instance": "shop",
        },
        "annotations": {"openshift.io/sa.scc.uid-range": "1000680000/10000", "owner": "shop-team"},
    }
}


def test_only_what_admits_pods_is_carried_over() -> None:
    """Anything else (mesh injection, GitOps tracking) would bind the copy to production's tools."""
    made = namespace_manifest("a-test", MARKS, carried(SOURCE))
    labels = objects.labels(made)
    assert labels["pod-security.kubernetes.io/enforce"] == "baseline"
    assert not {"istio-injection", "argocd.argoproj.io/instance"} & set(labels)
    assert objects.mapping(made, "metadata", "annotations") == {
        "openshift.io/sa.scc.uid-range": "1000680000/10000"
    }


def test_labels_that_the_scenario_wants_come_along() -> None:
    made = namespace_manifest("a-test", MARKS, carried(SOURCE, ("istio-injection",)))
    assert objects.labels(made)["istio-injection"] == "enabled"


@pytest.mark.parametrize(
    ("labels", "wanted", "told"),
    [
        ({"istio-injection": "enabled"}, (), 1),
        ({"istio.io/rev": "1-20"}, (), 1),
        ({"istio-injection": "enabled"}, ("istio-injection",), 0),
        ({"istio-injection": "disabled"}, (), 0),
        ({"app": "shop"}, (), 0),
    ],
)
def test_a_mesh_that_stays_behind_is_told(
    labels: dict[str, str], wanted: tuple[str, ...], told: int
) -> None:
    key = ObjectKey(resource="namespaces", namespace="", name="production")
    body = {"metadata": {"labels": labels}}
    source = BackedUpObject(key=key, api_version="v1", kind="Namespace", body=body)
    assert len(mesh_notes((source,), {"production"}, wanted)) == told
    assert mesh_notes((source,), {"elsewhere"}, wanted) == ()


def test_the_source_cannot_take_our_marks_off() -> None:
    source = Carried(labels=dict.fromkeys(MARKS, "no"))
    labels = objects.labels(namespace_manifest("a-test", MARKS, source))
    assert labels.items() >= MARKS.items()


def test_the_policy_covers_every_pod_both_ways() -> None:
    assert objects.mapping(POLICY, "spec", "podSelector") == {}
    assert objects.items(POLICY, "spec", "policyTypes") == ["Ingress", "Egress"]
    assert objects.labels(POLICY) == MARKS


def test_only_the_drills_own_namespaces_may_talk() -> None:
    (ingress,) = objects.items(POLICY, "spec", "ingress")
    inside, _ = objects.items(POLICY, "spec", "egress")
    for peers in (objects.items(ingress, "from"), objects.items(inside, "to")):
        spaces = {
            objects.text(peer, "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name")
            for peer in peers
        }
        assert spaces == {"a-test", "b-test"}
        assert all(set(objects.mapping(peer)) == {"namespaceSelector"} for peer in peers)


def test_outside_only_dns_can_be_reached() -> None:
    _, outside = objects.items(POLICY, "spec", "egress")
    ports = [objects.mapping(port) for port in objects.items(outside, "ports")]
    assert {port["port"] for port in ports} == {53}
    assert {port["protocol"] for port in ports} == {"UDP", "TCP"}
    selector, block = (objects.mapping(peer) for peer in objects.items(outside, "to"))
    assert objects.mapping(selector, "namespaceSelector", "matchLabels") == {
        "kubernetes.io/metadata.name": "kube-system"
    }
    assert block == {"ipBlock": {"cidr": "169.254.20.10/32"}}


def test_the_quota_forbids_ways_in_from_outside() -> None:
    hard = objects.mapping(quota_manifest("a-test", MARKS), "spec", "hard")
    assert hard == {"services.loadbalancers": "0", "services.nodeports": "0"}


def test_rights_are_bound_inside_the_sandbox_only() -> None:
    rights = SandboxRights(
        cluster_role="restore-drill-sandbox", account_namespace="drills", account_name="runner"
    )
    binding = binding_manifest("a-test", rights, MARKS)
    assert (binding["kind"], objects.namespace(binding)) == ("RoleBinding", "a-test")
    assert objects.items(binding, "subjects") == [
        {"kind": "ServiceAccount", "name": "runner", "namespace": "drills"}
    ]


def test_words_never_claim_enforcement() -> None:
    """A policy that was created is not a policy that is enforced."""
    for embedded in (True, False):
        words = isolation_words(NetworkIsolation.DENY, embedded=embedded)
        assert "created" in words["networkPolicy"]
        assert "enforce" in words["networkPolicy"]
    assert isolation_words(NetworkIsolation.NONE, embedded=False)["networkPolicy"].startswith(
        "none"
    )


def test_limits_are_in_the_quota_and_what_says_nothing_requests_a_little() -> None:
    """A quota of requests alone would refuse every container that requests nothing."""
    limits = LimitsSpec(cpu="4", memory="8Gi", pods=20)
    hard = objects.mapping(quota_manifest("a-test", MARKS, limits), "spec", "hard")
    assert hard == {
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        "requests.cpu": "4",
        "requests.memory": "8Gi",
        "pods": "20",
    }
    defaults = limit_range_manifest("a-test", MARKS, limits)
    (limit,) = objects.items(defaults, "spec", "limits")
    assert limit == {
        "type": "Container",
        "default": {"cpu": "4", "memory": "8Gi"},
        "defaultRequest": {"cpu": "10m", "memory": "16Mi"},
    }
    assert objects.labels(defaults) == MARKS
    words = isolation_words(NetworkIsolation.DENY, embedded=False, limits=limits)
    assert words["resourceQuota"].endswith("at most requests.cpu 4, requests.memory 8Gi, pods 20")


@pytest.mark.parametrize(
    ("limits", "keys"),
    [(LimitsSpec(), None), (LimitsSpec(pods=3), None), (LimitsSpec(cpu="1"), {"cpu"})],
)
def test_defaults_only_for_what_is_limited(limits: LimitsSpec, keys: set[str] | None) -> None:
    made = limit_range_manifest("a-test", MARKS, limits)
    assert (made is None) is (keys is None)
    if made is not None:
        (limit,) = objects.items(made, "spec", "limits")
        assert set(objects.mapping(limit, "default")) == keys
