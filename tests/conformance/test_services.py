"""Services: addresses, node ports, and quotas on them."""

import random
from typing import Any

from tests.conformance.api import Api, config_map
from tests.conformance.conftest import eventually


def _service(name: str, kind: str = "ClusterIP", node_port: int = 0) -> dict[str, Any]:
    port: dict[str, Any] = {"port": 80}
    if node_port:
        port["nodePort"] = node_port
    spec = {"type": kind, "selector": {"app": name}, "ports": [port]}
    return {"metadata": {"name": name}, "spec": spec}


def _free_port() -> int:
    return random.randint(31000, 32000)  # noqa: S311  # any port will do


def _quota(api: Api, ns: str, **hard: str) -> None:
    named = {key.replace("__", "/").replace("_", "."): value for key, value in hard.items()}
    body = {"metadata": {"name": "limits"}, "spec": {"hard": named}}
    assert api.post(f"{ns}/resourcequotas", body).status == 201
    assert eventually(
        lambda: api.get(f"{ns}/resourcequotas/limits").body["status"].get("hard") == named
    )


def test_a_service_gets_an_address(api: Api, ns: str) -> None:
    made = api.post(f"{ns}/services", _service("a"))
    spec = made.body["spec"]
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert made.body["status"] == {"loadBalancer": {}}


def test_node_port_and_load_balancer_services_get_node_ports(api: Api, ns: str) -> None:
    for kind in ("NodePort", "LoadBalancer"):
        made = api.post(f"{ns}/services", _service(kind.lower(), kind))
        assert 30000 <= made.body["spec"]["ports"][0]["nodePort"] <= 32767


def test_a_node_port_is_unique_in_the_whole_cluster(api: Api, ns: str) -> None:
    """Two Services may not ask for one port, in whatever namespaces they are."""
    port = _free_port()
    assert api.post(f"{ns}/services", _service("a", "NodePort", port)).status == 201
    body = _service("", "NodePort", port)
    body["metadata"] = {"generateName": "conf-"}
    refused = api.post("/api/v1/namespaces/default/services", body)
    assert (refused.status, refused.reason) == (422, "Invalid")
    assert refused.message.endswith(
        f"spec.ports[0].nodePort: Invalid value: {port}: provided port is already allocated"
    )


def test_a_freed_node_port_can_be_had_again(api: Api, ns: str) -> None:
    port = _free_port()
    api.post(f"{ns}/services", _service("a", "NodePort", port))
    api.delete(f"{ns}/services/a")
    assert api.post(f"{ns}/services", _service("b", "NodePort", port)).status == 201


def test_a_cluster_ip_service_may_name_no_node_port(api: Api, ns: str) -> None:
    """Why a merge patch of only the type fails for a restored NodePort Service."""
    refused = api.post(f"{ns}/services", _service("a", "ClusterIP", _free_port()))
    assert refused.status == 422
    assert refused.message == (
        'Service "a" is invalid: spec.ports[0].nodePort: Forbidden: may not be used when `type` '
        "is 'ClusterIP'"
    )


def test_a_node_port_outside_the_range_is_refused(api: Api, ns: str) -> None:
    refused = api.post(f"{ns}/services", _service("a", "NodePort", 80))
    assert refused.status == 422
    assert "provided port is not in the valid range" in refused.message


def test_changing_the_type_gives_the_port_back(api: Api, ns: str) -> None:
    api.post(f"{ns}/services", _service("a", "NodePort"))
    changed = api.patch(f"{ns}/services/a", {"spec": {"type": "ClusterIP"}})
    assert changed.status == 200, changed.body
    assert "nodePort" not in changed.body["spec"]["ports"][0]


def test_a_headless_service_has_no_address(api: Api, ns: str) -> None:
    body = _service("a")
    body["spec"]["clusterIP"] = "None"
    assert api.post(f"{ns}/services", body).body["spec"]["clusterIPs"] == ["None"]


def test_a_service_without_ports_is_refused(api: Api, ns: str) -> None:
    body = _service("a")
    body["spec"]["ports"] = []
    refused = api.post(f"{ns}/services", body)
    assert (refused.status, refused.reason) == (422, "Invalid")
    assert "spec.ports: Required value" in refused.message


def test_quota_refuses_load_balancers_in_the_real_words(api: Api, ns: str) -> None:
    _quota(api, ns, services_loadbalancers="0")
    refused = api.post(f"{ns}/services", _service("a", "LoadBalancer"))
    assert (refused.status, refused.reason) == (403, "Forbidden")
    assert refused.message == (
        'services "a" is forbidden: exceeded quota: limits, requested: services.loadbalancers=1, '
        "used: services.loadbalancers=0, limited: services.loadbalancers=0"
    )
    assert api.post(f"{ns}/services", _service("b")).status == 201


def test_quota_refuses_node_ports_of_load_balancers_too(api: Api, ns: str) -> None:
    _quota(api, ns, services_nodeports="0")
    for kind in ("NodePort", "LoadBalancer"):
        refused = api.post(f"{ns}/services", _service("a", kind))
        assert refused.status == 403
        assert "exceeded quota: limits, requested: services.nodeports=1" in refused.message


def test_quota_refuses_a_change_to_a_limited_type(api: Api, ns: str) -> None:
    _quota(api, ns, services_loadbalancers="0")
    api.post(f"{ns}/services", _service("a"))
    refused = api.patch(f"{ns}/services/a", {"spec": {"type": "LoadBalancer"}})
    assert refused.status == 403


def test_quota_counts_any_type(api: Api, ns: str) -> None:
    _quota(api, ns, count__cronjobs_batch="0")
    where = ns.replace("/api/v1", "/apis/batch/v1") + "/cronjobs"
    pod = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}
    spec = {"schedule": "0 0 * * *", "jobTemplate": {"spec": {"template": pod}}}
    refused = api.post(where, {"metadata": {"name": "c"}, "spec": spec})
    assert refused.status == 403
    assert refused.message == (
        'cronjobs.batch "c" is forbidden: exceeded quota: limits, requested: '
        "count/cronjobs.batch=1, used: count/cronjobs.batch=0, limited: count/cronjobs.batch=0"
    )


def test_quota_status_says_what_is_used(api: Api, ns: str) -> None:
    _quota(api, ns, configmaps="3")
    api.post(f"{ns}/configmaps", config_map("a"))
    assert eventually(
        lambda: api.get(f"{ns}/resourcequotas/limits").body["status"]["used"] == {"configmaps": "2"}
    )
    api.post(f"{ns}/configmaps", config_map("b"))
    refused = api.post(f"{ns}/configmaps", config_map("c"))
    assert refused.status == 403
    assert "used: configmaps=3, limited: configmaps=3" in refused.message
