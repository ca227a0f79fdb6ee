"""Status and generation, with and without a status subresource."""

from typing import Any

import pytest

from tests.conformance.api import Api


def _body(kind: str) -> dict[str, Any]:
    return {
        "apiVersion": "conformance.example.com/v1",
        "kind": kind,
        "metadata": {"name": "it"},
        "spec": {"n": 1},
        "status": {"phase": "Mine"},
    }


@pytest.fixture
def widgets(ns: str, custom: str) -> str:
    """Return the path of a custom resource with a status subresource."""
    return f"{custom}/namespaces/{ns.rpartition('/')[2]}/widgets"


@pytest.fixture
def gadgets(ns: str, custom: str) -> str:
    """Return the path of a custom resource without one, as Velero's are."""
    return f"{custom}/namespaces/{ns.rpartition('/')[2]}/gadgets"


def test_status_given_at_creation_is_dropped_where_it_has_its_own_door(
    api: Api, widgets: str
) -> None:
    made = api.post(widgets, _body("Widget"))
    assert made.status == 201
    assert "status" not in made.body
    assert made.metadata["generation"] == 1


def test_status_given_at_creation_stays_where_it_has_no_door(api: Api, gadgets: str) -> None:
    assert api.post(gadgets, _body("Gadget")).body["status"] == {"phase": "Mine"}


def test_main_door_ignores_status_and_status_door_ignores_the_rest(api: Api, widgets: str) -> None:
    api.post(widgets, _body("Widget"))
    main = api.patch(f"{widgets}/it", {"spec": {"n": 2}, "status": {"phase": "Main"}})
    assert "status" not in main.body
    told = api.patch(f"{widgets}/it/status", {"spec": {"n": 3}, "status": {"phase": "Told"}})
    assert (told.body["spec"], told.body["status"]) == ({"n": 2}, {"phase": "Told"})


def test_generation_counts_changes_of_the_specification_only(api: Api, widgets: str) -> None:
    api.post(widgets, _body("Widget"))
    labelled = api.patch(f"{widgets}/it", {"metadata": {"labels": {"a": "b"}}})
    told = api.patch(f"{widgets}/it/status", {"status": {"phase": "Told"}})
    changed = api.patch(f"{widgets}/it", {"spec": {"n": 2}})
    generations = [one.metadata["generation"] for one in (labelled, told, changed)]
    assert generations == [1, 1, 2]


def test_without_a_status_door_its_path_is_404_and_generation_counts_status(
    api: Api, gadgets: str
) -> None:
    """Velero's resources behave so: a controller's status write bumps the generation."""
    api.post(gadgets, _body("Gadget"))
    assert api.get(f"{gadgets}/it/status").status == 404
    assert api.patch(f"{gadgets}/it/status", {"status": {}}).status == 404
    told = api.patch(f"{gadgets}/it", {"status": {"phase": "Told"}})
    assert (told.body["status"], told.metadata["generation"]) == ({"phase": "Told"}, 2)


def test_wrong_kind_on_a_custom_path_is_refused(api: Api, gadgets: str) -> None:
    refused = api.post(gadgets, _body("Widget"))
    assert refused.status in {400, 422}


def test_custom_object_without_a_kind_is_400(api: Api, gadgets: str) -> None:
    refused = api.post(gadgets, {"metadata": {"name": "it"}})
    assert refused.status == 400


def test_pod_status_goes_through_its_own_door(api: Api, ns: str) -> None:
    spec = {"containers": [{"name": "c", "image": "i"}], "nodeName": "nowhere"}
    made = api.post(f"{ns}/pods", {"metadata": {"name": "p"}, "spec": spec})
    assert made.status == 201, made.body
    assert made.body["status"]["phase"] == "Pending"
    told = api.patch(f"{ns}/pods/p/status", {"status": {"phase": "Running"}})
    assert told.body["status"]["phase"] == "Running"
    api.delete(f"{ns}/pods/p", {"gracePeriodSeconds": 0})
