"""What decides a drill: filters, mapping, existing objects, refusals, finalizers, item actions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.cluster import EmbeddedCluster
from tests.embedded.buckets_made import bucket, config_map, tarball
from tests.embedded.clusters import (
    ask_restore,
    errors_of,
    file_of,
    finished_restore,
    phase_of,
    restored,
    wait_until,
)

INTO_SANDBOX = {"app": "sandbox"}


def _obj(api_version: str, kind: str, name: str, **rest: Any) -> dict[str, Any]:  # noqa: ANN401  # any object
    metadata = {"name": name, "namespace": "app", **rest.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


OBJECTS = (
    {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "app", "labels": {"istio-injection": "enabled"}},
    },
    config_map("settings", labels={"tier": "web"}, finalizers=["example.com/hold"]),
    config_map("other", labels={"tier": "db"}),
    config_map("elsewhere", namespace="second"),
    _obj(
        "v1",
        "Service",
        "web",
        spec={
            "type": "NodePort",
            "clusterIP": "10.96.1.1",
            "clusterIPs": ["10.96.1.1"],
            "ports": [{"port": 80, "protocol": "TCP", "nodePort": 31000}],
        },
    ),
    _obj("batch/v1", "Job", "done", spec={}, status={"completionTime": "2026-11-20T01:00:00Z"}),
    _obj("v1", "Pod", "over", spec={"containers": []}, status={"phase": "Failed"}),
    _obj(
        "v1",
        "Pod",
        "mirrored",
        metadata={"annotations": {"kubernetes.io/config.mirror": "x"}},
        spec={"containers": []},
    ),
    _obj("v1", "Secret", "default-token-abcde", type="kubernetes.io/service-account-token"),
    _obj(
        "v1",
        "Secret",
        "kept-token",
        metadata={"annotations": {"kubernetes.io/service-account.name": "web"}},
        type="kubernetes.io/service-account-token",
        data={"token": "c2VjcmV0", "ca.crt": "Y2E=", "namespace": "YXBw"},
    ),
    _obj("example.com/v1", "Widget", "strange", **{"x-plural": "widgets.example.com"}),
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "app-admin"},
        "roleRef": {"kind": "ClusterRole", "name": "admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "web", "namespace": "app"}],
    },
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(bucket(tmp_path_factory.mktemp("bucket"), OBJECTS))


@pytest.fixture
def cluster(store: str) -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster(store=store) as one:
        yield one


def _listed(cluster: EmbeddedCluster) -> dict[str, list[str]]:
    found = file_of(cluster, "RestoreResourceList")
    assert isinstance(found, dict)
    return found


def test_only_the_mapped_namespace_comes_back(cluster: EmbeddedCluster) -> None:
    restored(cluster, backup="made", mapping=INTO_SANDBOX)
    assert cluster.objects.peek("configmaps", "sandbox", "settings")
    assert cluster.objects.peek("namespaces", "", "second") is None
    assert cluster.objects.peek("namespaces", "", "app") is None


def test_without_a_namespace_list_everything_else_keeps_its_name(cluster: EmbeddedCluster) -> None:
    """A mapping alone does not choose: all other namespaces come back to their own names."""
    name = ask_restore(
        cluster, backup="made", includedNamespaces=None, namespaceMapping=INTO_SANDBOX
    )
    finished_restore(cluster, name)
    assert cluster.objects.peek("configmaps", "second", "elsewhere")
    binding = cluster.objects.peek("clusterrolebindings.rbac.authorization.k8s.io", "", "app-admin")
    assert binding is not None
    assert binding["subjects"][0]["namespace"] == "sandbox"


def test_cluster_scoped_kinds_stay_out_of_a_restore_of_some_namespaces(
    cluster: EmbeddedCluster,
) -> None:
    restored(cluster, backup="made", mapping=INTO_SANDBOX)
    kind = "clusterrolebindings.rbac.authorization.k8s.io"
    assert cluster.objects.peek(kind, "", "app-admin") is None


@pytest.mark.parametrize(
    ("spec", "kept"),
    [
        ({"excludedResources": ["cm"]}, set()),
        ({"includedResources": ["configmaps"]}, {"settings", "other"}),
        ({"labelSelector": {"matchLabels": {"tier": "web"}}}, {"settings"}),
        (
            {"orLabelSelectors": [{"matchLabels": {"tier": t}} for t in ("web", "db")]},
            {"settings", "other"},
        ),
    ],
    ids=["excluded by short name", "included", "label", "either label"],
)
def test_filters(cluster: EmbeddedCluster, spec: dict[str, Any], kept: set[str]) -> None:
    restored(cluster, backup="made", mapping=INTO_SANDBOX, **spec)
    found = {one["metadata"]["name"] for one in cluster.objects.all("configmaps", "sandbox")}
    assert found - {"kube-root-ca.crt"} == kept


def test_items_that_velero_never_restores(cluster: EmbeddedCluster) -> None:
    restored(cluster, backup="made", mapping=INTO_SANDBOX)
    assert cluster.objects.peek("jobs.batch", "sandbox", "done") is None
    assert cluster.objects.all("pods", "sandbox") == []
    assert _listed(cluster)["v1/Pod"] == ["sandbox/mirrored(skipped)"]
    assert "batch/v1/Job" not in _listed(cluster)


def test_a_token_that_belongs_to_nobody_loses_its_secret_parts(cluster: EmbeddedCluster) -> None:
    restored(cluster, backup="made", mapping=INTO_SANDBOX)
    secret = cluster.objects.peek("secrets", "sandbox", "kept-token")
    assert secret is not None
    assert secret["data"] == {"namespace": "YXBw"}


def test_an_automatic_token_is_left_out(cluster: EmbeddedCluster) -> None:
    """Velero asks the ServiceAccounts of the source namespace, so it has to exist here."""
    meta = {"name": "app"}
    cluster.objects.create(
        "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}
    )
    restored(cluster, backup="made", mapping=INTO_SANDBOX)
    assert cluster.objects.peek("secrets", "sandbox", "default-token-abcde") is None
    assert "sandbox/default-token-abcde(skipped)" in _listed(cluster)["v1/Secret"]


def test_node_ports_nobody_asked_for_are_cleared(cluster: EmbeddedCluster) -> None:
    restored(cluster, backup="made", mapping=INTO_SANDBOX)
    service = cluster.objects.peek("services", "sandbox", "web")
    assert service is not None
    assert service["spec"]["ports"][0]["nodePort"] != 31000
    assert service["spec"]["clusterIP"] != "10.96.1.1"


def test_node_ports_are_kept_when_asked(cluster: EmbeddedCluster) -> None:
    restored(cluster, backup="made", mapping=INTO_SANDBOX, preserveNodePorts=True)
    service = cluster.objects.peek("services", "sandbox", "web")
    assert service is not None
    assert service["spec"]["ports"][0]["nodePort"] == 31000


def test_a_kind_that_nobody_serves_is_an_error_and_the_item_failed(
    cluster: EmbeddedCluster,
) -> None:
    """As in v1.18 `pkg/restore/restore.go`: its client posts, and the server has no such path."""
    restore = restored(cluster, backup="made", mapping=INTO_SANDBOX)
    assert restore["status"]["phase"] == "PartiallyFailed"
    said = "error restoring widgets.example.com/sandbox/strange: the server could not find the"
    assert any(said in text for text in errors_of(cluster))
    assert _listed(cluster)["example.com/v1/Widget"] == ["sandbox/strange(failed)"]


def test_finalizers_of_absent_operators_come_along(cluster: EmbeddedCluster) -> None:
    """They hold the namespace when it is deleted, as in a real cluster."""
    restored(cluster, backup="made", mapping=INTO_SANDBOX)
    cluster.objects.delete("namespaces", "", "sandbox")
    namespace = cluster.objects.peek("namespaces", "", "sandbox")
    assert namespace is not None
    told = {one["type"]: one["message"] for one in namespace["status"]["conditions"]}
    assert "example.com/hold" in told["NamespaceFinalizersRemaining"]


def test_a_namespace_that_is_there_is_left_as_it_is(cluster: EmbeddedCluster) -> None:
    meta = {"name": "sandbox", "labels": {"ours": "yes"}}
    cluster.objects.create(
        "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}
    )
    restored(cluster, backup="made", mapping=INTO_SANDBOX)
    namespace = cluster.objects.peek("namespaces", "", "sandbox")
    assert namespace is not None
    assert "istio-injection" not in namespace["metadata"]["labels"]
    assert namespace["metadata"]["labels"]["ours"] == "yes"


def test_a_namespace_that_is_going_away_is_waited_for(cluster: EmbeddedCluster) -> None:
    held = {"name": "held", "namespace": "sandbox", "finalizers": ["example.com/hold"]}
    for kind, metadata in (("Namespace", {"name": "sandbox"}), ("ConfigMap", held)):
        body = {"apiVersion": "v1", "kind": kind, "metadata": metadata}
        cluster.objects.create(f"{kind.lower()}s", body)
    cluster.objects.delete("namespaces", "", "sandbox")
    ask_restore(cluster, backup="made", mapping=INTO_SANDBOX)
    wait_until(cluster, "restores.velero.io", lambda: phase_of(cluster) == "InProgress")
    cluster.objects.drop_finalizer("configmaps", "sandbox", "held", "example.com/hold")
    finished_restore(cluster)
    assert len(errors_of(cluster)) == 1, "that of the kind nobody serves"


@pytest.mark.parametrize(
    ("policy", "value", "action"),
    [(None, "mine", "failed"), ("none", "mine", "failed"), ("update", "value", "updated")],
)
def test_an_object_that_is_there_already(
    cluster: EmbeddedCluster, policy: str | None, value: str, action: str
) -> None:
    cluster.objects.create(
        "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sandbox"}}
    )
    cluster.objects.create(
        "configmaps", {**config_map("other", "sandbox"), "data": {"key": "mine"}}
    )
    restored(cluster, backup="made", mapping=INTO_SANDBOX, existingResourcePolicy=policy)
    assert len(errors_of(cluster)) == 1, "that of the kind nobody serves"
    found = cluster.objects.peek("configmaps", "sandbox", "other")
    assert found is not None
    assert found["data"]["key"] == value
    assert f"sandbox/other({action})" in _listed(cluster)["v1/ConfigMap"]


def test_the_same_object_again_is_skipped(cluster: EmbeddedCluster) -> None:
    restored(cluster, "first", backup="made", mapping=INTO_SANDBOX)
    restored(cluster, backup="made", mapping=INTO_SANDBOX)
    assert "sandbox/other(skipped)" in _listed(cluster)["v1/ConfigMap"]


def test_a_refusal_by_quota_is_an_error(cluster: EmbeddedCluster) -> None:
    cluster.objects.create(
        "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sandbox"}}
    )
    cluster.objects.create(
        "resourcequotas",
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "no-ports", "namespace": "sandbox"},
            "spec": {"hard": {"services.nodeports": "0"}},
        },
    )
    restore = restored(cluster, backup="made", mapping=INTO_SANDBOX)
    assert restore["status"]["phase"] == "PartiallyFailed"
    assert "exceeded quota" in errors_of(cluster)[0]
    assert _listed(cluster)["v1/Service"] == ["sandbox/web(failed)"]


def test_long_restore_names_become_label_values_that_fit(cluster: EmbeddedCluster) -> None:
    name = "drill-" + "x" * 70
    restored(cluster, name, backup="made", mapping=INTO_SANDBOX)
    found = cluster.objects.peek("configmaps", "sandbox", "other")
    assert found is not None
    label = found["metadata"]["labels"]["velero.io/restore-name"]
    assert len(label) == 63
    assert label.startswith(name[:57])


def test_restored_types_can_be_used_at_once(tmp_path: Path) -> None:
    """CustomResourceDefinitions come first, so their objects find a type."""
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "singular": "widget"},
            "versions": [{"name": "v1", "served": True, "storage": True}],
        },
    }
    root = bucket(tmp_path, (*OBJECTS, definition))
    with EmbeddedCluster(store=str(root)) as cluster:
        restored(cluster, backup="made", includedNamespaces=None)
        assert cluster.objects.peek("widgets.example.com", "app", "strange")


def test_an_item_that_is_no_json_is_an_error_of_its_own(tmp_path: Path) -> None:
    path = "resources/configmaps/namespaces/app/broken.json"
    content = tarball(OBJECTS, **{path: b'{"kind": "ConfigMap", '})
    root = bucket(tmp_path, (), content=content)
    with EmbeddedCluster(store=str(root)) as cluster:
        restore = restored(cluster, backup="made", mapping=INTO_SANDBOX)
        assert restore["status"]["phase"] == "PartiallyFailed"
        assert errors_of(cluster)[0].startswith(f'error decoding "{path}"')
        assert cluster.objects.peek("configmaps", "sandbox", "settings")


@pytest.mark.parametrize(
    ("spec", "marks", "kept"),
    [
        ({}, {}, False),
        ({"restoreStatus": {"includedResources": ["pdb"]}}, {}, True),
        ({"restoreStatus": {"includedResources": ["pods"]}}, {}, False),
        ({}, {"velero.io/restore-status": "true"}, True),
    ],
    ids=["default", "by type", "another type", "by annotation"],
)
def test_statuses_come_back_only_when_asked_for(
    tmp_path: Path, spec: dict[str, Any], marks: dict[str, str], kept: bool
) -> None:
    status = {"conditions": [{"type": "Old", "status": "True", "reason": "FromTheBackup"}]}
    budget = _obj(
        "policy/v1",
        "PodDisruptionBudget",
        "web",
        metadata={"annotations": marks},
        spec={"minAvailable": 1},
        status=status,
    )
    root = bucket(tmp_path, (budget,))
    with EmbeddedCluster(store=str(root)) as cluster:
        restored(cluster, backup="made", mapping=INTO_SANDBOX, **spec)
        kind = "poddisruptionbudgets.policy"
        found = cluster.objects.peek(kind, "sandbox", "web")
        assert found is not None
        assert ((found.get("status") or {}) == status) is kept
