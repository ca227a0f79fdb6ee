"""Empty, absent and null are three things, and what is encoded counts decoded."""

import base64
from typing import Any

import pytest

from tests.conformance.api import Api

MIB = 1024 * 1024
BOX = {"name": "c", "image": "registry.k8s.io/pause:3.10"}


def _text(size: int) -> str:
    return base64.b64encode(b"x" * size).decode()


def _secret(name: str, **parts: Any) -> dict[str, Any]:  # noqa: ANN401  # whatever a Secret holds
    return {"metadata": {"name": name}, **parts}


def test_a_secret_may_hold_a_mebibyte_of_decoded_data(api: Api, ns: str) -> None:
    """As text that is a third more."""
    made = api.post(f"{ns}/secrets", _secret("full", data={"key": _text(MIB)}))
    assert made.status == 201
    refused = api.post(f"{ns}/secrets", _secret("more", data={"key": _text(MIB), "b": _text(1)}))
    assert (refused.status, refused.reason) == (422, "Invalid")
    assert "may not be more than 1048576 bytes" in refused.message


def test_a_config_map_counts_text_in_bytes_and_binary_data_decoded(api: Api, ns: str) -> None:
    half = MIB // 2
    whole = {"data": {"text": "é" * (half // 2)}, "binaryData": {"raw": _text(half)}}
    assert api.post(f"{ns}/configmaps", _secret("full", **whole)).status == 201
    over = {**whole, "data": {"text": "é" * (half // 2 + 1)}}
    assert api.post(f"{ns}/configmaps", _secret("more", **over)).status == 422


def test_a_secret_takes_base64_and_nothing_else(api: Api, ns: str) -> None:
    refused = api.post(f"{ns}/secrets", _secret("odd", data={"key": "not base64!"}))
    assert refused.status == 400
    assert "illegal base64 data" in refused.message


def test_a_key_is_in_one_of_the_two_maps_only(api: Api, ns: str) -> None:
    both = _secret("both", data={"key": "a"}, binaryData={"key": _text(1)})
    assert api.post(f"{ns}/configmaps", both).status == 422


def test_plain_texts_of_a_secret_win_and_are_never_shown(api: Api, ns: str) -> None:
    parts = {"data": {"a": _text(1), "b": _text(2)}, "stringData": {"a": "new", "empty": ""}}
    made = api.post(f"{ns}/secrets", _secret("plain", **parts)).body
    assert "stringData" not in made
    assert made["data"] == {"a": "bmV3", "b": _text(2), "empty": ""}


@pytest.mark.parametrize("said", [{}, {"replicas": None}, {"replicas": 0}])
def test_no_replicas_is_one_and_zero_is_zero(api: Api, ns: str, said: dict[str, Any]) -> None:
    labels = {"app": "x"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [BOX]}}
    spec = {"selector": {"matchLabels": labels}, "template": template, **said}
    path = ns.replace("/api/v1", "/apis/apps/v1")
    made = api.post(f"{path}/deployments", {"metadata": {"name": "d"}, "spec": spec})
    assert made.status == 201
    assert made.body["spec"]["replicas"] == (0 if said.get("replicas") == 0 else 1)


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_text_is_filled_in_like_an_absent_one(
    api: Api, ns: str, empty: str | None
) -> None:
    spec = {"containers": [BOX], "restartPolicy": empty, "serviceAccountName": empty}
    pod = api.post(f"{ns}/pods", {"metadata": {"name": "p"}, "spec": spec}, dryRun="All")
    assert pod.status == 201
    assert pod.body["spec"]["restartPolicy"] == "Always"
    assert pod.body["spec"]["serviceAccountName"] == "default"
    port = {"port": 80, "protocol": empty}
    service = {"type": empty, "clusterIP": empty, "sessionAffinity": empty, "ports": [port]}
    made = api.post(f"{ns}/services", {"metadata": {"name": "s"}, "spec": service}).body["spec"]
    assert (made["type"], made["sessionAffinity"]) == ("ClusterIP", "None")
    assert made["clusterIP"]
    assert made["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]


def test_the_empty_storage_class_stays_and_null_is_absent(api: Api, ns: str) -> None:
    size = {"requests": {"storage": "1Gi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": size}
    path = f"{ns}/persistentvolumeclaims"
    empty = {"metadata": {"name": "empty"}, "spec": {**spec, "storageClassName": ""}}
    assert api.post(path, empty).body["spec"]["storageClassName"] == ""
    nulled = {"metadata": {"name": "null"}, "spec": {**spec, "volumeName": None}}
    assert "volumeName" not in api.post(path, nulled).body["spec"]


def test_labels_with_an_empty_value_are_there(api: Api, ns: str) -> None:
    for name, labels in (("empty", {"role": ""}), ("full", {"role": "a"}), ("none", {})):
        api.post(f"{ns}/configmaps", {"metadata": {"name": name, "labels": labels}})

    def found(selector: str) -> set[str]:
        body = api.get(f"{ns}/configmaps", labelSelector=selector).body
        return {one["metadata"]["name"] for one in body["items"]} - {"kube-root-ca.crt"}

    assert found("role=") == {"empty"}
    assert found("role") == {"empty", "full"}
    assert found("role!=") == {"full", "none"}
    assert found("") == {"empty", "full", "none"}


@pytest.mark.parametrize("version", ["", "0"])
def test_an_unset_version_makes_a_write_unconditional(api: Api, ns: str, version: str) -> None:
    body = {"metadata": {"name": "m", "resourceVersion": version}, "data": {"a": "1"}}
    assert api.post(f"{ns}/configmaps", body).status == 201
    assert api.put(f"{ns}/configmaps/m", {**body, "data": {"a": "2"}}).status == 200


def test_null_in_a_merge_patch_removes_and_empty_stays(api: Api, ns: str) -> None:
    path = f"{ns}/configmaps/m"
    api.post(f"{ns}/configmaps", {"metadata": {"name": "m"}, "data": {"a": "1", "b": "2"}})
    merged = api.patch(path, {"data": {"a": None, "b": "", "c": "3"}})
    assert merged.body["data"] == {"b": "", "c": "3"}
