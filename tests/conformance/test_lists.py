"""Lists: selectors, pages, shapes, versions."""

import pytest

from tests.conformance.api import Api, config_map


@pytest.fixture
def many(api: Api, ns: str) -> str:
    """Return the path of a namespace's ConfigMaps: five of them carry labels."""
    for number in range(5):
        body = config_map(f"c{number}")
        body["metadata"]["labels"] = {"n": str(number), "half": "low" if number < 3 else "high"}
        assert api.post(f"{ns}/configmaps", body).status == 201
    return f"{ns}/configmaps"


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("half=low", ["c0", "c1", "c2"]),
        ("half==high", ["c3", "c4"]),
        ("half,n!=1", ["c0", "c2", "c3", "c4"]),
        ("n in (1, 4)", ["c1", "c4"]),
        ("half,n notin (1,4)", ["c0", "c2", "c3"]),
        ("half=low,n=2", ["c2"]),
        ("!half", ["kube-root-ca.crt"]),
    ],
)
def test_label_selectors(api: Api, many: str, selector: str, names: list[str]) -> None:
    answer = api.get(many, labelSelector=selector)
    assert [one["metadata"]["name"] for one in answer.body["items"]] == names


def test_a_selector_that_cannot_be_read_is_400(api: Api, many: str) -> None:
    assert api.get(many, labelSelector="a in b").status == 400


def test_field_selector_by_name_and_namespace(api: Api, many: str) -> None:
    found = api.get(many, fieldSelector="metadata.name=c2")
    assert [one["metadata"]["name"] for one in found.body["items"]] == ["c2"]
    place = many.split("/")[4]
    over_all = api.get("/api/v1/configmaps", fieldSelector=f"metadata.namespace={place}")
    assert len(over_all.body["items"]) == 6


def test_an_unknown_field_is_400(api: Api, many: str) -> None:
    assert api.get(many, fieldSelector="data.k=v").status == 400


def test_list_has_kind_version_and_bare_items(api: Api, many: str) -> None:
    """Items of built-in types carry neither kind nor apiVersion."""
    body = api.get(many).body
    assert (body["kind"], body["apiVersion"]) == ("ConfigMapList", "v1")
    assert body["metadata"]["resourceVersion"].isdigit()
    assert all("kind" not in one for one in body["items"])


def test_items_of_custom_types_carry_their_kind(api: Api, ns: str, custom: str) -> None:
    where = f"{custom}/namespaces/{ns.rpartition('/')[2]}/gadgets"
    body = {"apiVersion": "conformance.example.com/v1", "kind": "Gadget", "metadata": {"name": "g"}}
    api.post(where, body)
    (item,) = api.get(where).body["items"]
    assert item["kind"] == "Gadget"


def test_pages_hold_every_object_once(api: Api, many: str) -> None:
    names: list[str] = []
    first = api.get(many, limit=2).body
    assert first["metadata"]["remainingItemCount"] == 4
    page = first
    while True:
        names += [one["metadata"]["name"] for one in page["items"]]
        token = page["metadata"].get("continue")
        if not token:
            break
        page = api.get(many, **{"limit": 2, "continue": token}).body
        assert page["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert names == ["c0", "c1", "c2", "c3", "c4", "kube-root-ca.crt"]


def test_a_token_that_is_none_is_400(api: Api, many: str) -> None:
    assert api.get(many, **{"limit": 2, "continue": "rubbish"}).status == 400


def test_a_version_that_does_not_exist_yet_is_refused(api: Api, many: str) -> None:
    late = api.get(many, resourceVersion="999999999999")
    assert late.status == 504
    assert "Too large resource version" in late.message


def test_metadata_only(api: Api, many: str) -> None:
    shape = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    body = api.call("GET", many, accept=shape).body
    assert body["kind"] == "PartialObjectMetadataList"
    assert all("data" not in one for one in body["items"])
    assert body["items"][0]["metadata"]["name"] == "c0"


def test_table(api: Api, many: str) -> None:
    shape = "application/json;as=Table;v=v1;g=meta.k8s.io"
    body = api.call("GET", many, accept=shape).body
    assert body["kind"] == "Table"
    assert body["columnDefinitions"][0]["name"] == "Name"
    assert [row["cells"][0] for row in body["rows"]][:2] == ["c0", "c1"]
    assert body["rows"][0]["object"]["metadata"]["name"] == "c0"


def test_delete_collection_obeys_the_selector(api: Api, many: str) -> None:
    assert api.delete(many, labelSelector="half=low").status == 200
    left = api.get(many).body["items"]
    assert [one["metadata"]["name"] for one in left] == ["c3", "c4", "kube-root-ca.crt"]
