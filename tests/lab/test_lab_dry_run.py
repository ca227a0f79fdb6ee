"""The true dry run on the real API server: its own admission says yes and no."""

from collections.abc import Iterator

import pytest

from tests.lab.conftest import Lab
from tests.lab.drilling import Desk

pytestmark = pytest.mark.lab

ADMISSION = "admissionregistration.k8s.io/v1"


@pytest.fixture
def forbidding(lab: Lab, sandbox: str) -> Iterator[str]:
    """A policy of the cluster that lets no ConfigMap into the sandbox."""
    name = f"no-maps-{sandbox}"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    policy = {
        "apiVersion": ADMISSION,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [{**rule, "operations": ["CREATE"]}]},
            "validations": [
                {"expression": f"object.metadata.namespace != '{sandbox}'", "message": "no maps"}
            ],
        },
    }
    binding = {
        "apiVersion": ADMISSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }
    lab.cluster.create(policy)
    lab.cluster.create(binding)
    yield name
    lab.cluster.delete(ADMISSION, "ValidatingAdmissionPolicyBinding", name)
    lab.cluster.delete(ADMISSION, "ValidatingAdmissionPolicy", name)


@pytest.mark.usefixtures("nothing_left")
def test_a_real_api_server_would_take_the_whole_backup(desk: Desk, sandbox: str) -> None:
    """Pods whose ServiceAccount only comes with the restore included."""
    with desk.start("plan", "--dry-run", str(desk.scenario(sandbox))) as command:
        ended = command.end()
    assert ended.code == 0, ended.text
    said = next(line for line in ended.out.splitlines() if line.startswith("dry run"))
    accepted, _, asked = said.split()[2:5]
    assert accepted == asked, ended.text
    assert int(asked) > 10
    assert desk.journals == ()


@pytest.mark.usefixtures("nothing_left")
def test_a_policy_of_the_cluster_is_met_before_a_restore_meets_it(
    desk: Desk, sandbox: str, forbidding: str
) -> None:
    with desk.start("plan", "--dry-run", str(desk.scenario(sandbox))) as command:
        ended = command.end()
    assert ended.code == 3, ended.text
    assert "would be refused (policy): shop-config" in ended.out
    assert forbidding in ended.out
