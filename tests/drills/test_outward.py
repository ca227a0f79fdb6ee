"""What the configuration of a backup names outside the sandbox is told, without secrets."""

from dataclasses import replace

from drills.backups import ObjectKey, Reach
from drills.engine import Inspection
from drills.findings import Finding, Severity
from drills.outward import SHOWN, outward_findings
from drills.stages.verify import verify
from tests.fakes.cluster import FakeCluster
from tests.fakes.drilling import scenario
from tests.fakes.engine import SHOP, SOURCE, FakeEngine, backup, inventory


def reach(
    host: str,
    namespace: str = "",
    *,
    service: bool = False,
    kind: str = "configmaps",
    key: str = "H",
) -> Reach:
    source = ObjectKey(resource=kind, namespace=SOURCE, name="settings")
    return Reach(source=source, key=key, host=host, namespace=namespace, service=service)


def told(*found: Reach, closed: bool = True) -> tuple[Finding, ...]:
    return outward_findings(found, [SOURCE], [SOURCE], closed=closed)


def test_services_of_production_are_named() -> None:
    (finding,) = told(
        reach("db.production.svc", "production", service=True), reach("db.production", "production")
    )
    assert (finding.code, finding.severity) == ("points-at-production", Severity.INFO)
    assert "configmaps production/settings key H (db.production.svc)" in finding.message


def test_hosts_outside_are_named_apart() -> None:
    (finding,) = told(reach("example.com", "com"))
    assert finding.code == "points-outside"


def test_without_a_closed_network_it_is_a_warning() -> None:
    (finding,) = told(reach("mail.example.com"), closed=False)
    assert finding.severity is Severity.WARNING


def test_of_a_secret_only_the_key_is_shown() -> None:
    (finding,) = told(reach("", "production", service=True, kind="secrets", key="url"))
    assert "secrets production/settings key url." in finding.message


def test_many_are_one_finding() -> None:
    (finding,) = told(*(reach(f"h{n}.example.com") for n in range(SHOWN + 3)))
    assert "and 3 more" in finding.message


def test_other_namespaces_and_the_clusters_own_services_are_no_matter() -> None:
    dns = reach("kube-dns.kube-system.svc", "kube-system", service=True)
    assert told(dns) == ()
    assert outward_findings([reach("a.example.com")], ["staging"], [], closed=True) == ()


def test_a_drill_tells_it_and_goes_on() -> None:
    engine = FakeEngine(FakeCluster())
    pointing = replace(
        inventory(*SHOP), reaches=(reach("db.production.svc", SOURCE, service=True),)
    )
    engine.on_inspect = lambda _: Inspection(inventory=pointing)
    found = verify(engine, scenario(), backup())
    assert [finding.code for finding in found.findings] == ["points-at-production"]
    assert found.restorable
