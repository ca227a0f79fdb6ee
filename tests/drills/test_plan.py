"""What every restore leaves out, unless the scenario allows it."""

from dataclasses import replace

import pytest

from drills.plan import CLUSTER_WIDE, MONITORING, NETWORK, SHARED, left_out_rules, rule_for
from tests.fakes.drilling import scenario

LEFT_OUT = {
    "networkpolicies.networking.k8s.io": NETWORK,
    "ciliumnetworkpolicies.cilium.io": NETWORK,
    "networkpolicies.projectcalico.org": NETWORK,
    "networkpolicies.crd.antrea.io": NETWORK,
    "clusterrolebindings.rbac.authorization.k8s.io": CLUSTER_WIDE,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": CLUSTER_WIDE,
    "priorityclasses.scheduling.k8s.io": CLUSTER_WIDE,
    "prometheusrules.monitoring.coreos.com": MONITORING,
    "certificates.cert-manager.io": SHARED,
    "pushsecrets.external-secrets.io": SHARED,
    "clusters.postgresql.cnpg.io": SHARED,
    "postgresqls.acid.zalan.do": SHARED,
    "buckets.s3.aws.crossplane.io": SHARED,
    "instances.rds.aws.upbound.io": SHARED,
    "dbinstances.rds.services.k8s.aws": SHARED,
    "sqlinstances.sql.cnrm.cloud.google.com": SHARED,
    "machines.cluster.x-k8s.io": SHARED,
}


@pytest.mark.parametrize(("resource", "reason"), LEFT_OUT.items(), ids=LEFT_OUT)
def test_dangerous_kinds_stay_out(resource: str, reason: str) -> None:
    rule = rule_for(left_out_rules(scenario()), resource)
    assert rule is not None
    assert rule.reason == reason


def test_ordinary_kinds_come_along() -> None:
    rules = left_out_rules(scenario())
    assert rule_for(rules, "deployments.apps") is None
    assert rule_for(rules, "widgets.example.com") is None


def test_the_scenario_may_allow_a_kind() -> None:
    plain = scenario()
    allowing = replace(
        plain, restore=replace(plain.restore, allow=("clusters.postgresql.cnpg.io",))
    )
    assert rule_for(left_out_rules(allowing), "clusters.postgresql.cnpg.io") is None
