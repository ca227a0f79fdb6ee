"""Scale, eviction, binding, and the proxy's refusals."""

from typing import Any

import pytest

from tests.conformance.api import Api
from tests.conformance.conftest import eventually


@pytest.fixture
def pod(api: Api, ns: str) -> str:
    """Return the path of a pod that no scheduler wants."""
    spec = {"containers": [{"name": "c", "image": "i"}], "schedulerName": "nobody"}
    body = {"metadata": {"name": "p", "labels": {"app": "p"}}, "spec": spec}
    assert api.post(f"{ns}/pods", body).status == 201
    return f"{ns}/pods/p"


def _deployment(api: Api, ns: str) -> str:
    where = ns.replace("/api/v1", "/apis/apps/v1") + "/deployments"
    template = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "i"}], "schedulerName": "nobody"},
    }
    spec = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    assert api.post(where, {"metadata": {"name": "d"}, "spec": spec}).status == 201
    return f"{where}/d"


def test_scale_is_read_and_written(api: Api, ns: str) -> None:
    path = _deployment(api, ns)
    shown = api.get(f"{path}/scale").body
    assert (shown["kind"], shown["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert shown["status"]["selector"] == "a=b"
    changed = api.patch(f"{path}/scale", {"spec": {"replicas": 2}})
    assert changed.body["spec"] == {"replicas": 2}
    assert api.get(path).body["spec"]["replicas"] == 2


def test_what_cannot_be_scaled_has_no_scale(api: Api, ns: str) -> None:
    assert api.get(f"{ns}/configmaps/kube-root-ca.crt/scale").status == 404


def test_eviction_removes_a_pod(api: Api, pod: str) -> None:
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    answer = api.post(f"{pod}/eviction", body)
    assert (answer.status, answer.body["status"]) == (201, "Success")
    assert api.get(pod).status == 404


def test_binding_gives_a_pod_its_node_once(api: Api, ns: str, pod: str) -> None:
    node = api.post("/api/v1/nodes", {"metadata": {"generateName": "conf-"}}).metadata["name"]
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "p"},
        "target": {"kind": "Node", "name": node},
    }
    assert api.post(f"{pod}/binding", body).status == 201
    assert api.get(pod).body["spec"]["nodeName"] == node
    assert api.post(f"{pod}/binding", body).status == 409
    api.delete(pod, {"gracePeriodSeconds": 0})
    api.delete(f"/api/v1/nodes/{node}")


def test_proxy_to_a_service_without_pods_is_503(api: Api, ns: str) -> None:
    spec = {"selector": {"app": "nobody"}, "ports": [{"port": 80}]}
    api.post(f"{ns}/services", {"metadata": {"name": "empty"}, "spec": spec})
    path = f"{ns}/services/http:empty:80/proxy/healthz"
    refused = eventually(lambda: (found := api.get(path)).status != 404 and found)
    assert (refused.status, refused.reason) == (503, "ServiceUnavailable")
    assert refused.message == 'no endpoints available for service "empty"'


def test_proxy_to_no_service_is_404(api: Api, ns: str) -> None:
    refused = api.get(f"{ns}/services/nothing:80/proxy/")
    assert (refused.status, refused.message) == (404, 'services "nothing" not found')


def test_proxy_to_an_unknown_port_is_503(api: Api, ns: str) -> None:
    spec = {"selector": {"app": "nobody"}, "ports": [{"port": 80, "name": "web"}]}
    api.post(f"{ns}/services", {"metadata": {"name": "empty"}, "spec": spec})
    path = f"{ns}/services/empty:admin/proxy/"
    assert eventually(lambda: api.get(path).status == 503)


def test_log_of_an_unknown_container_is_400(api: Api, pod: str) -> None:
    refused = api.get(f"{pod}/log", container="other")
    assert refused.status == 400
    assert refused.message == "container other is not valid for pod p"


def test_log_of_an_unknown_pod_is_404(api: Api, ns: str) -> None:
    assert api.get(f"{ns}/pods/nothing/log").status == 404
