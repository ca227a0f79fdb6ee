"""Discovery and the official client in all its forms."""

from pathlib import Path

import pytest
import urllib3
from kubernetes import client, dynamic, watch

from tests.conformance.api import Api, config_map, fresh


def test_version_and_health(api: Api) -> None:
    assert api.get("/version").body["gitVersion"].startswith("v1.34")
    assert api.get("/healthz").body == "ok"
    assert api.get("/readyz").status == 200


@pytest.mark.parametrize("path", ["/api", "/api/", "/apis", "/apis/", "/version/", "/api/v1/"])
def test_discovery_answers_with_and_without_a_slash(api: Api, path: str) -> None:
    assert api.get(path).status == 200


def test_groups_and_resources(api: Api) -> None:
    groups = {one["name"]: one for one in api.get("/apis").body["groups"]}
    assert {"apps", "batch", "policy", "networking.k8s.io", "coordination.k8s.io"} <= set(groups)
    assert groups["apps"]["preferredVersion"]["groupVersion"] == "apps/v1"
    rows = {one["name"]: one for one in api.get("/apis/apps/v1").body["resources"]}
    assert {"deployments", "deployments/status", "deployments/scale", "statefulsets"} <= set(rows)
    assert rows["deployments"]["shortNames"] == ["deploy"]
    assert set(rows["deployments"]["verbs"]) >= {"create", "delete", "get", "list", "watch"}
    assert api.get("/apis/no.such.group/v1").status == 404


def test_core_resources_are_those_of_the_real_server(api: Api) -> None:
    rows = {one["name"]: one for one in api.get("/api/v1").body["resources"]}
    assert {"pods/log", "pods/exec", "pods/portforward", "services/proxy", "pods/eviction"} <= set(
        rows
    )
    assert rows["namespaces"]["namespaced"] is False


def test_without_credentials_nothing_is_answered(api: Api) -> None:
    configuration = api.client.configuration
    stranger = urllib3.PoolManager(ca_certs=configuration.ssl_ca_cert)
    refused = stranger.request(
        "GET",
        f"{configuration.host}/api/v1/namespaces",
        headers={"Authorization": "Bearer wrong"},
        timeout=10,
    )
    assert (refused.status, refused.json()["reason"]) == (401, "Unauthorized")
    stranger.clear()


def test_the_typed_client_reads_what_it_wrote(api: Api, ns: str) -> None:
    name = ns.rpartition("/")[2]
    core = client.CoreV1Api(api.client)
    made = core.create_namespaced_config_map(name, config_map("a", k="v"))
    assert core.read_namespaced_config_map("a", name).metadata.uid == made.metadata.uid
    core.delete_namespaced_config_map("a", name)
    with pytest.raises(client.ApiException, match="404"):
        core.read_namespaced_config_map("a", name)


def test_the_dynamic_client_finds_types_by_kind(api: Api, ns: str, tmp_path: Path) -> None:
    name = ns.rpartition("/")[2]
    found = dynamic.DynamicClient(api.client, cache_file=str(tmp_path / "discovery.json"))
    maps = found.resources.get(api_version="v1", kind="ConfigMap")
    maps.create(body=config_map("a", k="v"), namespace=name)
    assert maps.get(name="a", namespace=name).data.k == "v"
    changed = maps.patch(
        name="a",
        namespace=name,
        body={"data": {"k": "w"}},
        content_type="application/merge-patch+json",
    )
    assert changed.data.k == "w"
    deployments = found.resources.get(api_version="apps/v1", kind="Deployment")
    assert deployments.get(namespace=name).items == []


def test_the_custom_objects_client_sees_new_types(api: Api, ns: str, custom: str) -> None:
    name = ns.rpartition("/")[2]
    group = custom.split("/")[2]
    objects = client.CustomObjectsApi(api.client)
    body = {"apiVersion": f"{group}/v1", "kind": "Gadget", "metadata": {"name": "g"}, "spec": {}}
    objects.create_namespaced_custom_object(group, "v1", name, "gadgets", body)
    listed = objects.list_namespaced_custom_object(group, "v1", name, "gadgets")
    assert [one["metadata"]["name"] for one in listed["items"]] == ["g"]


def test_the_watch_helper_delivers_events(api: Api, ns: str) -> None:
    """It sends `watch=True`, which a server must understand."""
    name = ns.rpartition("/")[2]
    core = client.CoreV1Api(api.client)
    since = core.list_namespaced_config_map(name).metadata.resource_version
    core.create_namespaced_config_map(name, config_map("a"))
    stream = watch.Watch().stream(
        core.list_namespaced_config_map,
        name,
        resource_version=since,
        timeout_seconds=10,
        _request_timeout=15,
    )
    event = next(stream)
    stream.close()
    assert (event["type"], event["object"].metadata.name) == ("ADDED", "a")


def test_access_reviews_answer(api: Api) -> None:
    spec = {"resourceAttributes": {"verb": "create", "resource": "pods", "namespace": "default"}}
    answer = api.post(
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": spec,
        },
    )
    assert (answer.status, answer.body["status"]["allowed"]) == (201, True)


def test_a_lease_is_won_by_one_of_two(api: Api, ns: str) -> None:
    """Leader election rests on the version check alone."""
    name = ns.rpartition("/")[2]
    leases = client.CoordinationV1Api(api.client)
    body = {"metadata": {"name": "lock"}, "spec": {"holderIdentity": "", "leaseDurationSeconds": 5}}
    first = leases.create_namespaced_lease(name, body)
    second = leases.read_namespaced_lease("lock", name)
    first.spec.holder_identity = "one"
    second.spec.holder_identity = "two"
    leases.replace_namespaced_lease("lock", name, first)
    with pytest.raises(client.ApiException) as refused:
        leases.replace_namespaced_lease("lock", name, second)
    assert refused.value.status == 409
    assert leases.read_namespaced_lease("lock", name).spec.holder_identity == "one"


def test_kube_system_has_a_uid_that_names_the_cluster(api: Api) -> None:
    one = api.get("/api/v1/namespaces/kube-system").metadata["uid"]
    assert (len(one), api.get("/api/v1/namespaces/kube-system").metadata["uid"]) == (36, one)


def test_labels_that_are_not_allowed_are_refused(api: Api, ns: str) -> None:
    body = config_map(fresh())
    body["metadata"]["labels"] = {"drill": "not a label!"}
    refused = api.post(f"{ns}/configmaps", body)
    assert (refused.status, refused.reason) == (422, "Invalid")
    assert (
        'metadata.labels: Invalid value: "not a label!": a valid label must be' in refused.message
    )


def test_values_that_are_no_strings_are_400(api: Api, ns: str) -> None:
    body = config_map("a")
    body["metadata"]["labels"] = {"n": 1}
    assert api.post(f"{ns}/configmaps", body).status == 400
    assert api.post(f"{ns}/configmaps", {"metadata": {"name": "b"}, "data": {"n": 1}}).status == 400


def test_a_config_map_of_over_a_mebibyte_is_refused(api: Api, ns: str) -> None:
    refused = api.post(f"{ns}/configmaps", config_map("a", big="x" * (1024 * 1024 + 1)))
    assert refused.status == 422
    assert "may not be more than 1048576 bytes" in refused.message


def test_a_finalizer_needs_a_domain(api: Api, ns: str) -> None:
    body = config_map("a")
    body["metadata"]["finalizers"] = ["mine"]
    refused = api.post(f"{ns}/configmaps", body)
    assert refused.status == 422
    assert "name is neither a standard finalizer name nor is it fully qualified" in refused.message
