"""What could act on the world from inside the sandbox, and what makes it harmless."""

import pytest

from drills import objects
from drills.engine import LeftOutRule
from drills.findings import Cause, Severity
from drills.hazards import Hazard, closed_service, finding_of, hazards
from drills.live import LiveSandbox
from drills.marks import marks
from drills.objects import KubeObject
from drills.plan import EXCLUDED, REBUILT, TRAFFIC
from tests.fakes.cluster import merged
from tests.fakes.probing import thing

DNS = {"external-dns.alpha.kubernetes.io/hostname": "shop.example.com", "note": "kept"}


def found(
    resource: str, *live: KubeObject, rules: tuple[LeftOutRule, ...] = ()
) -> tuple[Hazard, ...]:
    sandbox = LiveSandbox(objects={resource: live}, kinds={}, not_served=frozenset(), unread={})
    return hazards(sandbox, rules)


def service(**body: object) -> KubeObject:
    return thing("v1", "Service", "shop", **body)


SERVICES = {
    "load balancer": service(spec={"type": "LoadBalancer"}),
    "node port": service(spec={"type": "NodePort"}),
    "external name": service(spec={"type": "ExternalName", "externalName": "db.example.com"}),
    "external address": service(spec={"type": "ClusterIP", "externalIPs": ["203.0.113.9"]}),
    "published name": service(spec={"type": "ClusterIP"}, metadata={"annotations": DNS}),
}


@pytest.mark.parametrize("live", SERVICES.values(), ids=SERVICES)
def test_services_that_reach_out(live: KubeObject) -> None:
    (hazard,) = found("services", live)
    assert objects.name(hazard.obj) == "shop"
    assert hazard.danger


@pytest.mark.parametrize("live", SERVICES.values(), ids=SERVICES)
def test_the_cure_leaves_no_hazard(live: KubeObject) -> None:
    """What a patch leaves is no hazard any more; where a patch cannot do it, the object goes."""
    (hazard,) = found("services", live)
    if hazard.patch is None:
        assert objects.text(live, "spec", "type") == "ExternalName"
    else:
        cured = merged(live, hazard.patch)
        assert isinstance(cured, dict)
        assert found("services", cured) == ()


def test_a_closed_service_keeps_its_ports_without_node_ports() -> None:
    """The API server refuses a nodePort on a ClusterIP Service."""
    ports = [{"name": "http", "port": 80, "nodePort": 30080}, {"name": "admin", "port": 81}]
    patch = closed_service(service(spec={"type": "LoadBalancer", "ports": ports}))
    assert objects.items(patch, "spec", "ports") == [
        {"name": "http", "port": 80},
        {"name": "admin", "port": 81},
    ]
    for dangling in ("healthCheckNodePort", "loadBalancerClass", "externalTrafficPolicy"):
        assert dangling in objects.mapping(patch, "spec")


def test_only_the_published_names_are_taken_off() -> None:
    cured = merged(SERVICES["published name"], closed_service(SERVICES["published name"]))
    assert objects.mapping(cured, "metadata", "annotations") == {"note": "kept"}


def test_an_inner_service_is_no_hazard() -> None:
    assert found("services", service(spec={"type": "ClusterIP"}), service(spec={})) == ()


@pytest.mark.parametrize(("suspend", "dangerous"), [(None, 1), (False, 1), (True, 0)])
def test_cron_jobs_must_be_suspended(suspend: object, dangerous: int) -> None:
    job = thing("batch/v1", "CronJob", "bill", spec={"suspend": suspend})
    live = found("cronjobs.batch", job)
    assert len(live) == dangerous
    assert all(hazard.patch == {"spec": {"suspend": True}} for hazard in live)


def rule(resource: str, reason: str) -> LeftOutRule:
    return LeftOutRule(resource=resource, reason=reason)


LEFT_OUT = {
    "dangerous": (rule("ingresses.networking.k8s.io", TRAFFIC), 1),
    "dangerous by pattern": (rule("*.networking.k8s.io", TRAFFIC), 1),
    "rebuilt by the cluster": (rule("ingresses.networking.k8s.io", REBUILT), 0),
    "the scenario's own wish": (rule("ingresses.networking.k8s.io", EXCLUDED), 0),
    "another kind": (rule("gateways.gateway.networking.k8s.io", TRAFFIC), 0),
}


@pytest.mark.parametrize(("left_out", "count"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_left_out_but_there(left_out: LeftOutRule, count: int) -> None:
    """A dangerous kind is deleted wherever it comes from."""
    ingress = thing("networking.k8s.io/v1", "Ingress", "shop")
    live = found("ingresses.networking.k8s.io", ingress, rules=(left_out,))
    assert [hazard.patch for hazard in live] == [None] * count


def test_what_the_drill_made_itself_is_no_hazard() -> None:
    """Our own network policy is of a kind that is left out, and stays."""
    ours = thing(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "closed",
        metadata={"labels": marks("drill-1", "weekly")},
    )
    theirs = thing("networking.k8s.io/v1", "NetworkPolicy", "open")
    rules = (rule("networkpolicies.networking.k8s.io", "opens the sandbox"),)
    live = found("networkpolicies.networking.k8s.io", ours, theirs, rules=rules)
    assert [objects.name(hazard.obj) for hazard in live] == ["open"]


def test_a_hazard_is_critical_and_says_what_was_done() -> None:
    (hazard,) = found("services", SERVICES["load balancer"])
    finding = finding_of(hazard, "It was made harmless at once.")
    assert (finding.severity, finding.cause) == (Severity.CRITICAL, Cause.ISOLATION)
    assert finding.subject == "services backup-test/shop"
    assert finding.message.endswith("It was made harmless at once.")
