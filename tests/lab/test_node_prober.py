"""The prober on a real node: what it says where policies are enforced, ignored, or given up."""

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from tests.lab.backups import NAMESPACE, run_velero
from tests.lab.conftest import Lab
from tests.lab.drilling import Desk, Ended, stage
from tests.lab.node.bench import bench
from tests.lab.node.images import BUSYBOX
from tests.lab.node.switch import policies_state, set_policies
from tests.lab.processes import REAL_NODE

pytestmark = [
    pytest.mark.node,
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("own_node", "switched_back"),
]

_SECONDS = 200.0
_TCP = ("service", "serviceName", "apiServer")
Document = Mapping[str, Any]


@pytest.fixture(scope="module")
def production(node_lab: Lab) -> Iterator[str]:
    """A namespace with a Service that answers, and a backup of the same name."""
    name = f"lab-prod-{secrets.token_hex(4)}"
    with bench(node_lab.cluster, node_lab.kubeconfig, name):
        run_velero(REAL_NODE, "backup", "create", name, "--include-namespaces", name, "--wait")
        yield name
    node_lab.cluster.delete("velero.io/v1", "Backup", name, NAMESPACE)


@pytest.fixture
def switched_back() -> Iterator[None]:
    """Leaves the enforcement of policies as it was."""
    before = policies_state()
    yield
    set_policies(enforced=before == "on")


def scenario(desk: Desk, production: str, *, required: bool, delay: str = "0s") -> Path:
    """Writes a drill of `production` that asks one thing, after `delay`."""
    what = {"apiVersion": "v1", "kind": "Service", "name": "web"}
    document = {
        "apiVersion": "drills/v1",
        "kind": "RestoreDrill",
        "metadata": {"name": "prober", "owner": "lab"},
        "spec": {
            "cluster": {"context": "lab"},
            "backup": {"engine": "velero", "namespace": NAMESPACE, "name": production},
            "restore": {"namespaces": {production: f"{production}-test"}, "deadline": "3m"},
            "isolation": {"requireProof": required, "prober": {"image": BUSYBOX}},
            "probes": [{"name": "web came back", "resource": what, "initialDelay": delay}],
        },
    }
    file = desk.folder / "prober.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def drilled(desk: Desk, production: str, *, required: bool) -> Ended:
    with desk.run(
        scenario(desk, production, required=required), "--kubeconfig", str(desk.kubeconfig)
    ) as drill:
        return drill.end(_SECONDS)


def proof(ended: Ended) -> Document:
    return cast("Document", ended.part("sandbox")["isolationProof"])


def outcomes(ended: Ended, *aims: str) -> set[str]:
    return {row["outcome"] for row in proof(ended)["targets"] if row["aim"] in aims}


def test_an_enforced_policy_is_proven(node_desk: Desk, production: str) -> None:
    set_policies(enforced=True)
    ended = drilled(node_desk, production, required=True)
    assert (ended.code, proof(ended)["state"]) == (0, "proven"), ended.text
    assert proof(ended)["simulated"] is False
    assert outcomes(ended, *_TCP) == {"blocked"}, proof(ended)
    assert outcomes(ended, "dns", "neighbour") == {"works"}
    own = [row for row in proof(ended)["targets"] if "workload" not in row]
    assert all(row["afterRestore"] is not None for row in own)
    assert "restore" in {found["name"] for found in ended.rows("stages")}
    assert ended.part("cleanup")["outcome"] == "clean"


def test_an_ignored_policy_warns(node_desk: Desk, production: str) -> None:
    set_policies(enforced=False)
    ended = drilled(node_desk, production, required=False)
    assert (ended.code, ended.report["verdict"]) == (0, "warned"), ended.text
    assert (proof(ended)["state"], outcomes(ended, *_TCP)) == ("open", {"open"}), proof(ended)
    assert "isolation-open" in {reason["code"] for reason in ended.rows("reasons")}
    assert "restore" in {found["name"] for found in ended.rows("stages")}


def test_an_ignored_policy_gets_no_data_where_proof_is_wanted(
    node_desk: Desk, production: str
) -> None:
    set_policies(enforced=False)
    ended = drilled(node_desk, production, required=True)
    assert (ended.code, ended.report["verdict"]) == (3, "inconclusive"), ended.text
    assert "restore" not in {found["name"] for found in ended.rows("stages")}
    assert ended.part("cleanup")["outcome"] == "clean"


def test_a_plugin_that_gives_up_after_the_restore_fails_the_drill(
    node_desk: Desk, production: str
) -> None:
    set_policies(enforced=True)
    path = scenario(node_desk, production, required=True, delay="1s")
    with node_desk.run(path, "--kubeconfig", str(node_desk.kubeconfig)) as drill:
        drill.wait_for(stage("restore"))
        set_policies(enforced=False)
        ended = drill.end(_SECONDS)
    assert ended.code == 1, ended.text
    assert "sandbox-opened" in {reason["code"] for reason in ended.rows("reasons")}
    assert {row["after"] for row in proof(ended)["targets"] if row["aim"] in _TCP} == {False}
    assert ended.part("cleanup")["outcome"] == "clean"
