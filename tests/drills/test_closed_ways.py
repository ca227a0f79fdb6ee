"""What the drill itself closed is not asked, and blames nobody; `plan` knows it too."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from drills.backups import BackedUpObject
from drills.closed_ways import CODE, closed_findings, closed_ways
from drills.findings import Cause, Severity
from drills.plan import left_out_rules
from drills.record import Outcome, Verdict
from drills.rehearsal import Ask, rehearse
from scenarios.model import ProbeSpec
from tests.fakes.drilling import DRILL, World, scenario
from tests.fakes.engine import SHOP, SOURCE, backed, inventory, manifest
from tests.fakes.probing import spec

FAR: Mapping[str, object] = {"type": "ExternalName", "externalName": "db.example.com"}
BY_HAND: Mapping[str, object] = {"type": "ClusterIP", "ports": [{"port": 5432}]}
PLAIN: Mapping[str, object] = {"selector": {"app": "shop"}, "ports": [{"port": 80}]}


def service(name: str, of: Mapping[str, object]) -> BackedUpObject:
    return backed(manifest("v1", "Service", name, spec=of))


def asks(name: str, kind: str = "tcp", **question: object) -> ProbeSpec:
    return spec(kind, {"service": name, "port": 5432, **question}, name=name, retries=0)


def endpoints(name: str) -> BackedUpObject:
    found = backed(manifest("v1", "Endpoints", name))
    return replace(found, key=replace(found.key, resource="endpoints"))


HELD = (
    service("far", FAR),
    service("by-hand", BY_HAND),
    service("plain", PLAIN),
    backed(manifest("networking.k8s.io/v1", "Ingress", "web")),
    endpoints("by-hand"),
    endpoints("plain"),
)


def why(probe: ProbeSpec, *, allow: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> str:
    plain = scenario()
    restore = replace(plain.restore, allow=allow, exclude=exclude)
    rules = left_out_rules(replace(plain, restore=restore))
    return closed_ways((probe,), inventory(*HELD), (SOURCE,), rules).get(probe.name, "")


@pytest.mark.parametrize("kind", ["tcp", "http", "sql", "prometheus"])
def test_services_that_lead_out_of_the_sandbox_are_not_asked(kind: str) -> None:
    assert "ExternalName" in why(asks("far", kind))
    assert "the drill closed this way" in why(asks("by-hand", kind))
    assert why(asks("plain", kind)) == ""
    assert why(asks("unknown", kind)) == ""


def test_a_service_named_further_down_is_found() -> None:
    canary = spec("canary", {"id": "a", "sql": {"service": "far"}}, name="canary")
    assert "ExternalName" in why(canary)


@pytest.mark.parametrize("kind", ["endpoints", "endpointslices.discovery.k8s.io"])
def test_endpoints_that_are_allowed_leave_the_way_open(kind: str) -> None:
    assert why(asks("by-hand"), allow=(kind,)) == ""
    assert why(asks("far"), allow=(kind,))


def looks_for(kind: str, version: str, name: str, **expect: object) -> ProbeSpec:
    question = {"kind": kind, "apiVersion": version, "name": name}
    return spec("resource", question, expect, name="looks")


def test_an_object_that_drills_leave_out_is_not_missed() -> None:
    ingress = looks_for("Ingress", "networking.k8s.io/v1", "web")
    assert "the drill leaves ingresses.networking.k8s.io out" in why(ingress)
    assert why(ingress, allow=("ingresses.networking.k8s.io",)) == ""
    assert why(looks_for("Ingress", "networking.k8s.io/v1", "other")) == ""
    assert why(looks_for("Ingress", "networking.k8s.io/v1", "web", exists=False)) == ""


def test_endpoints_that_the_cluster_makes_anew_are_looked_for() -> None:
    assert why(looks_for("Endpoints", "v1", "plain")) == ""
    assert "endpoints" in why(looks_for("Endpoints", "v1", "by-hand"))


def test_a_required_probe_leaves_its_question_open() -> None:
    needed, optional = asks("far"), replace(asks("by-hand"), required=False)
    closed = {"far": "closed", "by-hand": "closed"}
    first, second = closed_findings((needed, optional, asks("plain")), closed)
    assert (first.code, first.unanswered, first.severity) == (CODE, True, Severity.WARNING)
    assert (second.unanswered, second.severity) == (False, Severity.INFO)
    assert first.cause is Cause.ISOLATION


def test_a_drill_does_not_blame_the_backup_and_a_rehearsal_says_so_before() -> None:
    world = World()
    world.engine.inventory = inventory(*SHOP, service("by-hand", BY_HAND))
    asking = scenario(probes=(*scenario().probes, asks("by-hand")))
    record = world.drill(asking)
    assert record.verdict is Verdict.INCONCLUSIVE
    (probe,) = (one for one in record.probes if one.name == "by-hand")
    assert probe.outcome is Outcome.INCONCLUSIVE
    assert probe.cause is Cause.ISOLATION
    assert probe.message.startswith("not asked: the drill closed this way")
    asked = frozenset({Ask.ABILITIES})
    planned = rehearse(asking, world.ports(), drill_id=DRILL, seed=7, asks=asked)
    assert [one.code for one in planned.findings if one.code == CODE] == [CODE]
    assert planned.verdict is Verdict.INCONCLUSIVE
