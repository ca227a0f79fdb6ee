"""Merge patch, JSON patch, strategic merge patch, server-side apply."""

from typing import Any

import pytest

from tests.conformance.api import APPLY, JSON_PATCH, MERGE, STRATEGIC, Api, config_map


@pytest.fixture
def deployment(api: Api, ns: str) -> str:
    """Return the path of a Deployment with one container, two variables and a port."""
    where = ns.replace("/api/v1", "/apis/apps/v1") + "/deployments"
    container: dict[str, Any] = {
        "name": "app",
        "image": "one",
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "ports": [{"containerPort": 80}],
    }
    spec = {
        "replicas": 0,
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}},
    }
    assert api.post(where, {"metadata": {"name": "d"}, "spec": spec}).status == 201
    return f"{where}/d"


def _containers(body: dict[str, Any]) -> list[dict[str, Any]]:
    return list(body["spec"]["template"]["spec"]["containers"])


def _patch_containers(containers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": containers}}}}


def test_an_index_of_minus_one_is_the_last_item(api: Api, deployment: str) -> None:
    where = "/spec/template/spec/containers/-1/env/-1"
    changes = [{"op": "add", "path": f"{where}/value", "value": "9"}]
    changed = api.patch(deployment, changes, JSON_PATCH)
    assert changed.status == 200
    (container,) = _containers(changed.body)
    assert [one["value"] for one in container["env"]] == ["1", "9"]


def test_merge_patch_sets_and_removes_keys(api: Api, ns: str) -> None:
    api.post(f"{ns}/configmaps", config_map("a", keep="1", drop="2"))
    changed = api.patch(f"{ns}/configmaps/a", {"data": {"drop": None, "new": "3"}})
    assert changed.body["data"] == {"keep": "1", "new": "3"}


def test_merge_patch_replaces_lists(api: Api, deployment: str) -> None:
    changed = api.patch(deployment, _patch_containers([{"name": "other", "image": "two"}]))
    assert [one["name"] for one in _containers(changed.body)] == ["other"]


def test_patch_with_a_stale_version_is_409(api: Api, ns: str) -> None:
    made = api.post(f"{ns}/configmaps", config_map("a"))
    api.patch(f"{ns}/configmaps/a", {"data": {"n": "1"}})
    late = {"metadata": {"resourceVersion": made.metadata["resourceVersion"]}, "data": {"n": "2"}}
    assert api.patch(f"{ns}/configmaps/a", late).status == 409


def test_patch_of_a_missing_object_is_404(api: Api, ns: str) -> None:
    assert api.patch(f"{ns}/configmaps/a", {"data": {}}).status == 404


def test_json_patch_applies_operations_in_order(api: Api, ns: str) -> None:
    api.post(f"{ns}/configmaps", config_map("a", x="1", y="2"))
    operations = [
        {"op": "test", "path": "/data/x", "value": "1"},
        {"op": "replace", "path": "/data/x", "value": "9"},
        {"op": "remove", "path": "/data/y"},
        {"op": "add", "path": "/data/z~1slash", "value": "3"},
    ]
    changed = api.patch(f"{ns}/configmaps/a", operations, JSON_PATCH)
    assert (changed.status, changed.body.get("reason")) == (422, "Invalid")
    operations[3] = {"op": "copy", "from": "/data/x", "path": "/data/z"}
    changed = api.patch(f"{ns}/configmaps/a", operations, JSON_PATCH)
    assert changed.body["data"] == {"x": "9", "z": "9"}


def test_json_patch_whose_test_fails_is_422(api: Api, ns: str) -> None:
    api.post(f"{ns}/configmaps", config_map("a", x="1"))
    wrong = [{"op": "test", "path": "/data/x", "value": "2"}]
    assert api.patch(f"{ns}/configmaps/a", wrong, JSON_PATCH).status == 422


def test_strategic_merge_joins_containers_and_variables_by_name(api: Api, deployment: str) -> None:
    wanted = [{"name": "app", "env": [{"name": "B", "value": "9"}]}, {"name": "side", "image": "s"}]
    changed = api.patch(deployment, _patch_containers(wanted), STRATEGIC)
    assert changed.status == 200, changed.body
    found = {one["name"]: one for one in _containers(changed.body)}
    assert set(found) == {"app", "side"}
    assert found["app"]["image"] == "one"
    values = {one["name"]: one["value"] for one in found["app"]["env"]}
    assert values == {"A": "1", "B": "9"}


def test_strategic_merge_deletes_with_a_directive(api: Api, deployment: str) -> None:
    wanted = [{"name": "app", "env": [{"name": "A", "$patch": "delete"}]}]
    changed = api.patch(deployment, _patch_containers(wanted), STRATEGIC)
    assert [one["name"] for one in _containers(changed.body)[0]["env"]] == ["B"]


def test_strategic_merge_on_a_custom_resource_is_415(api: Api, ns: str, custom: str) -> None:
    where = f"{custom}/namespaces/{ns.rpartition('/')[2]}/gadgets"
    body = {"apiVersion": "conformance.example.com/v1", "kind": "Gadget", "metadata": {"name": "g"}}
    assert api.post(where, body).status == 201
    refused = api.patch(f"{where}/g", {"spec": {}}, STRATEGIC)
    assert (refused.status, refused.reason) == (415, "UnsupportedMediaType")


def test_apply_creates_then_merges(api: Api, ns: str) -> None:
    body = config_map("a", x="1")
    made = api.patch(f"{ns}/configmaps/a", body, APPLY, fieldManager="one")
    again = api.patch(
        f"{ns}/configmaps/a", config_map("a", y="2"), APPLY, fieldManager="two", force="true"
    )
    assert (made.status, again.status) == (201, 200)
    assert again.body["data"] == {"x": "1", "y": "2"}


def test_apply_without_a_field_manager_is_refused(api: Api, ns: str) -> None:
    refused = api.patch(f"{ns}/configmaps/a", config_map("a"), APPLY)
    assert refused.status in {400, 422}
    assert "fieldManager" in refused.message


def test_apply_drops_what_its_manager_no_longer_names(api: Api, ns: str) -> None:
    api.patch(f"{ns}/configmaps/a", config_map("a", x="1", y="2"), APPLY, fieldManager="one")
    again = api.patch(f"{ns}/configmaps/a", config_map("a", x="1"), APPLY, fieldManager="one")
    assert again.body["data"] == {"x": "1"}


def test_a_patch_may_not_rename(api: Api, ns: str) -> None:
    api.post(f"{ns}/configmaps", config_map("a"))
    refused = api.patch(f"{ns}/configmaps/a", {"metadata": {"name": "b"}}, MERGE)
    assert refused.status in {400, 422}
