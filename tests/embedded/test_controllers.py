"""Simulated controllers: workloads become ready, or say why not."""

from collections.abc import Iterator
from typing import Any

import pytest

from embedded.cluster import EmbeddedCluster

APP = "app"


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster() as one:
        one.objects.create(
            "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": APP}}
        )
        yield one


def _template(**container: Any) -> dict[str, Any]:  # noqa: ANN401  # any container
    whole = {"name": "main", "image": "app:1", **container}
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [whole]}}


def _workload(cluster: EmbeddedCluster, kind: str, group_resource: str, **spec: Any) -> None:  # noqa: ANN401  # any spec
    api_version = "batch/v1" if kind == "Job" else "apps/v1"
    selector = {} if kind == "Job" else {"selector": {"matchLabels": {"app": "web"}}}
    body = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "web", "namespace": APP},
        "spec": {"template": _template(), **selector, **spec},
    }
    cluster.objects.create(group_resource, body)
    assert cluster.settle()


def _deployment(cluster: EmbeddedCluster, **spec: Any) -> dict[str, Any]:  # noqa: ANN401  # any spec
    _workload(cluster, "Deployment", "deployments.apps", **spec)
    return _get(cluster, "deployments.apps", "web")


def _get(cluster: EmbeddedCluster, kind: str, name: str) -> dict[str, Any]:
    found = cluster.objects.get(kind, APP, name)
    assert found is not None
    return found


def _pods(cluster: EmbeddedCluster) -> list[dict[str, Any]]:
    return cluster.objects.all("pods", APP)


def test_a_deployment_rolls_out(cluster: EmbeddedCluster) -> None:
    status = _deployment(cluster, replicas=3)["status"]
    assert status["observedGeneration"] == 1
    assert status["availableReplicas"] == 3
    assert {c["type"]: c["status"] for c in status["conditions"]}["Available"] == "True"
    assert len(cluster.objects.all("replicasets.apps", APP)) == 1


def test_a_new_template_replaces_the_pods(cluster: EmbeddedCluster) -> None:
    _deployment(cluster, replicas=2)
    change = {"spec": {"template": _template(image="app:2")}}
    cluster.objects.patch("deployments.apps", APP, "web", change)
    cluster.settle()
    assert {pod["spec"]["containers"][0]["image"] for pod in _pods(cluster)} == {"app:2"}
    status = _get(cluster, "deployments.apps", "web")["status"]
    assert status["observedGeneration"] == 2
    assert status["updatedReplicas"] == status["replicas"] == 2


def test_scaling_down_leaves_no_pods(cluster: EmbeddedCluster) -> None:
    _deployment(cluster, replicas=2)
    cluster.objects.patch("deployments.apps", APP, "web", {"spec": {"replicas": 0}})
    cluster.settle()
    assert _pods(cluster) == []
    assert "availableReplicas" not in _get(cluster, "deployments.apps", "web")["status"]


def test_a_deleted_pod_comes_back(cluster: EmbeddedCluster) -> None:
    _deployment(cluster, replicas=1)
    first = _pods(cluster)[0]["metadata"]["name"]
    cluster.objects.delete("pods", APP, first)
    cluster.settle()
    assert [pod["metadata"]["name"] != first for pod in _pods(cluster)] == [True]


def test_deleting_a_deployment_takes_everything(cluster: EmbeddedCluster) -> None:
    _deployment(cluster, replicas=2)
    cluster.objects.delete("deployments.apps", APP, "web")
    cluster.settle()
    assert _pods(cluster) == []
    assert cluster.objects.all("replicasets.apps", APP) == []


@pytest.mark.parametrize(
    ("fault", "phase", "reason"),
    [
        ("image-pull", "Pending", "ImagePullBackOff"),
        ("crash-loop", "Running", "CrashLoopBackOff"),
    ],
)
def test_containers_that_wait(
    cluster: EmbeddedCluster, fault: str, phase: str, reason: str
) -> None:
    cluster.pods.add(fault, namespace=APP)
    status = _deployment(cluster, replicas=1)["status"]
    assert status["unavailableReplicas"] == 1
    pod = _pods(cluster)[0]
    assert pod["status"]["phase"] == phase
    assert pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == reason
    cluster.pods.clear()
    cluster.settle()
    assert _get(cluster, "deployments.apps", "web")["status"]["availableReplicas"] == 1


def test_a_pod_that_no_node_takes(cluster: EmbeddedCluster) -> None:
    cluster.pods.add("unschedulable", namespace=APP, name="web-*")
    _deployment(cluster, replicas=1)
    told = _pods(cluster)[0]["status"]["conditions"][0]
    assert (told["type"], told["status"], told["reason"]) == (
        "PodScheduled",
        "False",
        "Unschedulable",
    )
    assert "nodes are available" in told["message"]


def test_a_pod_that_never_gets_ready(cluster: EmbeddedCluster) -> None:
    cluster.pods.add("never-ready", namespace=APP)
    _deployment(cluster, replicas=1)
    assert _pods(cluster)[0]["status"]["phase"] == "Running"
    assert "readyReplicas" not in _get(cluster, "deployments.apps", "web")["status"]


def test_a_missing_config_map_keeps_containers_from_starting(cluster: EmbeddedCluster) -> None:
    template = _template(envFrom=[{"configMapRef": {"name": "settings"}}])
    _deployment(cluster, template=template)
    waiting = _pods(cluster)[0]["status"]["containerStatuses"][0]["state"]["waiting"]
    assert waiting["reason"] == "CreateContainerConfigError"
    cluster.objects.create(
        "configmaps",
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "settings", "namespace": APP},
        },
    )
    cluster.settle()
    assert _get(cluster, "deployments.apps", "web")["status"]["availableReplicas"] == 1


def test_a_quota_shows_on_the_deployment_and_lifts(cluster: EmbeddedCluster) -> None:
    cluster.objects.create(
        "resourcequotas",
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "few", "namespace": APP},
            "spec": {"hard": {"count/pods": "1"}},
        },
    )
    status = _deployment(cluster, replicas=2)["status"]
    told = {one["type"]: one for one in status["conditions"]}
    assert told["ReplicaFailure"]["reason"] == "FailedCreate"
    assert "exceeded quota" in told["ReplicaFailure"]["message"]
    cluster.objects.patch("resourcequotas", APP, "few", {"spec": {"hard": {"count/pods": "5"}}})
    cluster.settle()
    assert _get(cluster, "deployments.apps", "web")["status"]["availableReplicas"] == 2


def test_a_stateful_set_gets_pods_and_claims_in_order(cluster: EmbeddedCluster) -> None:
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    _workload(
        cluster,
        "StatefulSet",
        "statefulsets.apps",
        replicas=2,
        serviceName="web",
        volumeClaimTemplates=[claim],
    )
    assert [pod["metadata"]["name"] for pod in _pods(cluster)] == ["web-0", "web-1"]
    claims = cluster.objects.all("persistentvolumeclaims", APP)
    assert [one["metadata"]["name"] for one in claims] == ["data-web-0", "data-web-1"]
    assert {one["status"]["phase"] for one in claims} == {"Bound"}
    assert _get(cluster, "statefulsets.apps", "web")["status"]["readyReplicas"] == 2


def test_an_ordered_stateful_set_waits_for_its_first_pod(cluster: EmbeddedCluster) -> None:
    cluster.pods.add("never-ready", namespace=APP, name="web-0")
    _workload(cluster, "StatefulSet", "statefulsets.apps", replicas=3)
    assert [pod["metadata"]["name"] for pod in _pods(cluster)] == ["web-0"]


def test_a_daemon_set_has_a_pod_on_each_node(cluster: EmbeddedCluster) -> None:
    _workload(cluster, "DaemonSet", "daemonsets.apps")
    status = _get(cluster, "daemonsets.apps", "web")["status"]
    assert (status["desiredNumberScheduled"], status["numberReady"]) == (1, 1)


def test_a_job_is_said_to_have_succeeded(cluster: EmbeddedCluster) -> None:
    _workload(cluster, "Job", "jobs.batch", completions=2, parallelism=2)
    status = _get(cluster, "jobs.batch", "web")["status"]
    assert status["succeeded"] == 2
    assert status["conditions"][0]["type"] == "Complete"
    for pod in _pods(cluster):
        assert pod["metadata"]["annotations"]["embedded/simulated"] == "true"


def test_a_suspended_job_starts_nothing(cluster: EmbeddedCluster) -> None:
    _workload(cluster, "Job", "jobs.batch", suspend=True)
    assert _pods(cluster) == []


@pytest.mark.parametrize("suspend", [True, False])
def test_a_cron_job_only_shows_that_it_would_fire(
    cluster: EmbeddedCluster,
    suspend: bool,
) -> None:
    body = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "web", "namespace": APP},
        "spec": {"schedule": "* * * * *", "suspend": suspend, "jobTemplate": {}},
    }
    cluster.objects.create("cronjobs.batch", body)
    cluster.settle()
    status = _get(cluster, "cronjobs.batch", "web").get("status") or {}
    assert ("lastScheduleTime" in status) is not suspend
    assert cluster.objects.all("jobs.batch", APP) == []


def _claim(cluster: EmbeddedCluster, **spec: Any) -> dict[str, Any]:  # noqa: ANN401  # any spec
    cluster.objects.create(
        "persistentvolumeclaims",
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": "data",
                "namespace": APP,
                "finalizers": ["kubernetes.io/pvc-protection"],
            },
            "spec": {"accessModes": ["ReadWriteOnce"], **spec},
        },
    )
    cluster.settle()
    return _get(cluster, "persistentvolumeclaims", "data")


def test_a_claim_waits_for_its_first_consumer(cluster: EmbeddedCluster) -> None:
    assert _claim(cluster, storageClassName="local")["status"]["phase"] == "Pending"


def test_an_immediate_class_binds_at_once(cluster: EmbeddedCluster) -> None:
    cluster.objects.create(
        "storageclasses.storage.k8s.io",
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": "now"},
            "provisioner": "x",
            "volumeBindingMode": "Immediate",
        },
    )
    assert _claim(cluster, storageClassName="now")["status"]["phase"] == "Bound"


def test_an_unknown_class_leaves_the_claim_pending(cluster: EmbeddedCluster) -> None:
    assert _claim(cluster, storageClassName="gp3")["status"]["phase"] == "Pending"


def test_a_protected_claim_goes_when_nobody_uses_it(cluster: EmbeddedCluster) -> None:
    _claim(cluster, storageClassName="local")
    cluster.objects.delete("persistentvolumeclaims", APP, "data")
    cluster.settle()
    assert cluster.objects.peek("persistentvolumeclaims", APP, "data") is None


def test_endpoints_follow_ready_pods(cluster: EmbeddedCluster) -> None:
    _deployment(cluster, replicas=2)
    cluster.objects.create(
        "services",
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": APP},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
        },
    )
    cluster.settle()
    addresses = {pod["status"]["podIP"] for pod in _pods(cluster)}
    subset = _get(cluster, "endpoints", "web")["subsets"][0]
    assert {one["ip"] for one in subset["addresses"]} == addresses
    slices = cluster.objects.all("endpointslices.discovery.k8s.io", APP)
    assert len(slices) == 1
    assert all(one["conditions"]["ready"] for one in slices[0]["endpoints"])
    cluster.pods.add("never-ready", namespace=APP)
    cluster.settle()
    assert "addresses" not in _get(cluster, "endpoints", "web")["subsets"][0]
