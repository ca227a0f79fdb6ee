"""Drills on the real control plane, from the command line, as a user runs them."""

import pytest

from tests.lab.conftest import Lab
from tests.lab.drilling import SCENARIO, Desk, action, slow_probe
from tests.lab.footprint import difference, footprint
from tests.lab.processes import wait_until
from tests.lab.restores import NaiveRestore

pytestmark = pytest.mark.lab


def test_the_lab_scenario_passes_and_leaves_everything_as_it_was(lab: Lab, desk: Desk) -> None:
    """The same file that the README names; cluster and bucket are compared object for object."""
    before = footprint(lab.cluster, lab.velero_namespace)
    with desk.run(SCENARIO) as drill:
        ended = drill.end()
    assert ended.code == 0, ended.text
    assert ended.out.splitlines()[-1].startswith("passed  lab  cluster")
    assert (ended.report["verdict"], ended.report["proofLevel"]) == ("passed", "objects")
    assert ended.report["environment"] == "cluster"
    assert ended.part("cleanup")["outcome"] == "clean"
    assert ended.part("completeness")["missing"] == []
    assert ended.part("versions")["velero"] == "v1.18.3"
    assert difference(before, footprint(lab.cluster, lab.velero_namespace)) == {}
    assert desk.journals == ()


@pytest.mark.usefixtures("nothing_left")
def test_the_sandbox_gets_no_address_of_production_and_nothing_that_acts(
    lab: Lab, desk: Desk, sandbox: str
) -> None:
    """What the careless restore brings to life stays dead while the drill runs."""
    with desk.run(desk.scenario(sandbox, probes=slow_probe(3))) as drill:
        drill.wait_for(lambda line: line.get("stage") == "probe")
        slices = lab.cluster.list("discovery.k8s.io/v1", "EndpointSlice", sandbox)
        services = lab.cluster.list("v1", "Service", sandbox)
        billing = lab.cluster.find("batch/v1", "CronJob", "billing", sandbox)
        ingresses = lab.cluster.list("networking.k8s.io/v1", "Ingress", sandbox)
        ended = drill.end()
    assert ended.code == 0, ended.text
    assert "'namespace': 'production'" not in str(slices)
    assert {str(service["spec"]["type"]) for service in services} == {"ClusterIP"}  # type: ignore[index]
    assert len(services) == 3
    assert "'suspend': True" in str(billing)
    assert ingresses == ()


@pytest.mark.usefixtures("nothing_left")
def test_plan_says_what_would_happen_and_does_nothing(desk: Desk) -> None:
    with desk.start("plan", str(SCENARIO)) as command:
        ended = command.end()
    assert ended.code == 0, ended.text
    assert "ingresses.networking.k8s.io" in ended.out
    assert "production" in ended.out
    assert "backup-test" in ended.out


@pytest.mark.usefixtures("nothing_left")
def test_verify_reads_the_backup_and_does_nothing(desk: Desk) -> None:
    with desk.start("verify", str(SCENARIO)) as command:
        ended = command.end()
    assert ended.code == 0, ended.text
    assert "objects, 0 volumes" in ended.out
    assert "backup read, not restored" in ended.out.splitlines()[-1]


def test_a_namespace_of_somebody_else_is_left_exactly_as_it_is(
    lab: Lab, desk: Desk, sandbox: str
) -> None:
    lab.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": sandbox}})
    given = (("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default"))

    def furnished() -> bool:
        """What controllers put into each new namespace is nothing that a drill did."""
        return all(lab.cluster.find("v1", kind, name, sandbox) for kind, name in given)

    try:
        wait_until("a namespace with what controllers put there", furnished, seconds=30)
        before = footprint(lab.cluster, lab.velero_namespace)
        with desk.run(desk.scenario(sandbox)) as drill:
            ended = drill.end()
        assert ended.code == 2, ended.text
        assert f"namespace {sandbox} exists and was not made by a drill" in ended.log
        assert difference(before, footprint(lab.cluster, lab.velero_namespace)) == {}
        assert desk.journals == ()
    finally:
        NaiveRestore(lab.cluster, lab.velero_namespace, sandbox).remove()


@pytest.mark.usefixtures("nothing_left")
def test_of_two_drills_for_one_sandbox_one_is_refused_and_one_may_wait(
    desk: Desk, sandbox: str
) -> None:
    """The first is undisturbed, the impatient one touches nothing, the patient one follows."""
    scenario = desk.scenario(sandbox, name="other")
    with desk.run(desk.scenario(sandbox, probes=slow_probe(4))) as first:
        first.wait_for(action("create", f"Namespace {sandbox}", "success"))
        with desk.run(scenario) as impatient, desk.run(scenario, "--wait", "120") as patient:
            refused, followed = impatient.end(), patient.end()
        passed = first.end()
    assert refused.code == 3, refused.text
    assert f"sandbox {sandbox} is held by" in str(refused.report["findings"])
    assert (passed.code, followed.code) == (0, 0), passed.text + followed.text
    assert desk.journals == ()
