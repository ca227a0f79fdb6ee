"""The rights of `deploy/`: enough for a drill, and refused where they would do harm."""

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from tests.lab.cluster import Cluster, read_manifest
from tests.lab.conftest import Lab
from tests.lab.drilling import ROOT, SCENARIO, Desk
from tests.lab.processes import wait_until

pytestmark = pytest.mark.lab

_ACCOUNT = "restore-drill/restore-drill"
_OPTIONS = ("--context", "lab", "--sandbox-role", "restore-drill-sandbox",
            "--service-account", _ACCOUNT)  # fmt: skip
_SECONDS = 60.0
_NAMESPACES = "/api/v1/namespaces"
_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/namespaces/{0}/rolebindings"


@pytest.fixture(scope="module")
def account(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A kubeconfig of the runner's ServiceAccount with its rights; all removed at the end."""
    documents = [
        document
        for name in ("namespace", "rbac", "admission")
        for document in read_manifest(ROOT / "deploy" / f"{name}.yaml", {})
    ]
    path = tmp_path_factory.mktemp("account") / "kubeconfig"
    try:
        for document in documents:
            lab.cluster.apply(document)
        token = lab.cluster.token_of(*_ACCOUNT.split("/"))
        path.write_text(_kubeconfig(lab.kubeconfig, token), encoding="utf-8")
        # The API server takes a moment to act on a new policy.
        runner = Cluster(path)
        wait_until("policy", lambda: runner.refusal("post", _NAMESPACES, _unmarked()) != "",
                   seconds=_SECONDS)  # fmt: skip
        runner.close()
        yield path
    finally:
        for document in reversed(documents):
            _delete(lab.cluster, document)
        wait_until(
            "end of namespace restore-drill",
            lambda: lab.cluster.find("v1", "Namespace", "restore-drill") is None,
            seconds=_SECONDS,
        )


def _kubeconfig(admins: Path, token: str) -> str:
    document = yaml.safe_load(admins.read_text(encoding="utf-8"))
    document["users"] = [{"name": "runner", "user": {"token": token}}]
    for context in document["contexts"]:
        context["context"]["user"] = "runner"
    text: str = yaml.safe_dump(document)
    return text


def _unmarked() -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "lab-unmarked"}}


def _delete(cluster: Cluster, document: Mapping[str, Any]) -> None:
    meta = document["metadata"]
    where = (document["apiVersion"], document["kind"], meta["name"], meta.get("namespace"))
    if cluster.find(*where) is not None:
        cluster.delete(*where)


@pytest.fixture
def runner(account: Path) -> Iterator[Cluster]:
    """The API server as the runner's account sees it."""
    cluster = Cluster(account)
    yield cluster
    cluster.close()


def _binding(role: str) -> dict[str, object]:
    namespace, name = _ACCOUNT.split("/")
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "lab-binding"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role,
        },
        "subjects": [{"kind": "ServiceAccount", "namespace": namespace, "name": name}],
    }  # fmt: skip


@pytest.mark.usefixtures("account", "nothing_left")
def test_a_drill_passes_with_the_deployed_rights(account: Path, desk: Desk) -> None:
    with desk.run(SCENARIO, "--kubeconfig", str(account), *_OPTIONS) as drill:
        ended = drill.end()
    assert ended.code == 0, ended.text
    assert ended.report["verdict"] == "passed"
    assert ended.part("cleanup")["outcome"] == "clean"


@pytest.mark.usefixtures("account", "nothing_left")
def test_the_prober_needs_no_other_rights(account: Path, desk: Desk) -> None:
    """Its pods are made and asked; Services of production are known from the backup alone.

    The lab's pods run nothing, so what is asked in them has no answer: not proven, and said.
    """
    options = ("--kubeconfig", str(account), *_OPTIONS, "--prober-image", "busybox:1.36")
    with desk.run(SCENARIO, *options) as drill:
        ended = drill.end()
    assert ended.code == 0, ended.text
    proof = cast("Mapping[str, Any]", ended.part("sandbox")["isolationProof"])
    assert proof["state"] == "unproven"
    assert "did not answer" in proof["message"], proof
    targets = {target["address"] for target in proof["targets"]}
    assert {"shop.production.svc:80", "kubernetes.default:443"} <= targets
    assert {target["aim"] for target in proof["targets"]} >= {"neighbour", "dns", "internet"}
    assert "service" not in {target["aim"] for target in proof["targets"]}


def test_the_account_may_not_delete_production(runner: Cluster) -> None:
    refused = runner.refusal("delete", f"{_NAMESPACES}/production")
    assert "only namespaces that carry its mark" in refused


def test_the_account_may_not_make_an_unmarked_namespace(runner: Cluster) -> None:
    assert "only namespaces that carry its mark" in runner.refusal("post", _NAMESPACES, _unmarked())


def test_the_account_may_not_give_itself_rights_in_production(runner: Cluster) -> None:
    refused = runner.refusal(
        "post", _BINDINGS.format("production"), _binding("restore-drill-sandbox")
    )
    assert "binds roles only inside a sandbox" in refused


def test_the_account_may_bind_no_other_role(runner: Cluster) -> None:
    refused = runner.refusal("post", _BINDINGS.format("production"), _binding("cluster-admin"))
    assert "attempting to grant RBAC permissions not currently held" in refused


@pytest.mark.parametrize("resource", ["secrets", "configmaps", "pods"])
def test_the_account_may_not_read_production(runner: Cluster, resource: str) -> None:
    refused = runner.refusal("get", f"{_NAMESPACES}/production/{resource}")
    assert f'cannot list resource "{resource}"' in refused


@pytest.mark.usefixtures("account", "nothing_left")
def test_a_missing_right_is_named_and_blames_nobody(
    lab: Lab, account: Path, desk: Desk, sandbox: str
) -> None:
    """Without the right to create Restores nothing is restored, and nothing is left."""
    whole = next(
        document for document in read_manifest(ROOT / "deploy" / "rbac.yaml", {})
        if document["kind"] == "Role"
    )  # fmt: skip
    lab.cluster.apply(_without_restores(whole))
    try:
        options = ("--kubeconfig", str(account), *_OPTIONS)
        with desk.run(desk.scenario(sandbox), *options) as drill:
            ended = drill.end()
    finally:
        lab.cluster.apply(whole)
    assert ended.code == 3, ended.text
    reasons = str(ended.rows("reasons"))
    assert "restores" in reasons
    assert "create" in reasons
    assert {reason["cause"] for reason in ended.rows("reasons")} <= {"configuration", "runner"}
    assert ended.part("cleanup")["outcome"] == "clean"


def _without_restores(role: dict[str, object]) -> dict[str, object]:
    changed: dict[str, Any] = copy.deepcopy(role)
    for rule in changed["rules"]:
        if "restores" in rule["resources"]:
            rule["resources"].remove("restores")
    reading = {"apiGroups": ["velero.io"], "resources": ["restores"],
               "verbs": ["get", "list", "watch", "delete"]}  # fmt: skip
    changed["rules"].append(reading)
    return changed
