"""Watches over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.api import Api, config_map


def _next(events: Iterator[dict[str, Any]], kind: str = "") -> dict[str, Any]:
    """Return the next event, or the next of a kind."""
    for event in events:
        if not kind or event["type"] == kind:
            return event
    raise AssertionError(f"the watch ended before it said {kind or 'anything'}")


def _brief(event: dict[str, Any]) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"]["name"]


@pytest.fixture
def maps(ns: str) -> str:
    """Return the path of a namespace's ConfigMaps."""
    return f"{ns}/configmaps"


def _version(api: Api, path: str) -> str:
    return str(api.get(path).body["metadata"]["resourceVersion"])


def test_events_follow_a_list_without_a_gap(api: Api, maps: str) -> None:
    since = _version(api, maps)
    api.post(maps, config_map("a"))
    with api.watch(maps, resourceVersion=since) as events:
        assert _brief(_next(events)) == ("ADDED", "a")
        api.patch(f"{maps}/a", {"data": {"n": "1"}})
        changed = _next(events)
        api.delete(f"{maps}/a")
        gone = _next(events)
    assert (_brief(changed), changed["object"]["data"]) == (("MODIFIED", "a"), {"n": "1"})
    assert _brief(gone) == ("DELETED", "a")
    assert changed["object"]["kind"] == "ConfigMap"
    versions = [int(one["object"]["metadata"]["resourceVersion"]) for one in (changed, gone)]
    assert versions[0] < versions[1]


@pytest.mark.parametrize("query", [{}, {"resourceVersion": "0"}])
def test_without_a_version_what_exists_comes_first(
    api: Api, maps: str, query: dict[str, str]
) -> None:
    api.post(maps, config_map("a"))
    with api.watch(maps, **query) as events:
        found = {_brief(_next(events)) for _ in range(2)}
    assert found == {("ADDED", "a"), ("ADDED", "kube-root-ca.crt")}


@pytest.mark.parametrize("word", ["true", "True", "1"])
def test_every_way_to_say_watch(api: Api, maps: str, word: str) -> None:
    with api.watch(maps, watch=word) as events:
        assert _next(events)["type"] == "ADDED"


def test_the_server_ends_the_watch_after_the_asked_seconds(api: Api, maps: str) -> None:
    since = _version(api, maps)
    with api.watch(maps, resourceVersion=since, timeoutSeconds=1) as events:
        assert list(events) == []


def test_objects_that_cross_a_selector_are_added_and_deleted(api: Api, maps: str) -> None:
    since = _version(api, maps)
    api.post(maps, config_map("a"))
    with api.watch(maps, resourceVersion=since, labelSelector="on=yes") as events:
        api.patch(f"{maps}/a", {"metadata": {"labels": {"on": "yes"}}})
        assert _brief(_next(events)) == ("ADDED", "a")
        api.patch(f"{maps}/a", {"data": {"n": "1"}})
        assert _brief(_next(events)) == ("MODIFIED", "a")
        api.patch(f"{maps}/a", {"metadata": {"labels": {"on": "no"}}})
        assert _brief(_next(events)) == ("DELETED", "a")


def test_one_object_is_watched_by_its_name(api: Api, maps: str) -> None:
    since = _version(api, maps)
    api.post(maps, config_map("a"))
    api.post(maps, config_map("b"))
    with api.watch(maps, resourceVersion=since, fieldSelector="metadata.name=b") as events:
        assert _brief(_next(events)) == ("ADDED", "b")


def test_a_watch_stays_inside_its_namespace_and_can_see_all(api: Api, maps: str) -> None:
    since = _version(api, maps)
    other = "/api/v1/namespaces/default/configmaps"
    made = api.post(other, {"metadata": {"generateName": "conf-"}}).metadata["name"]
    api.post(maps, config_map("a"))
    with api.watch(maps, resourceVersion=since) as events:
        assert _brief(_next(events)) == ("ADDED", "a")
    with api.watch("/api/v1/configmaps", resourceVersion=since) as events:
        assert ("ADDED", made) in {_brief(_next(events)) for _ in range(2)}
    api.delete(f"{other}/{made}")


def test_bookmarks_come_when_asked_for(api: Api, maps: str) -> None:
    """The initial-events bookmark is the one that comes at once on every server."""
    with api.watch(
        maps,
        resourceVersion="",
        sendInitialEvents="true",
        resourceVersionMatch="NotOlderThan",
        allowWatchBookmarks="true",
    ) as events:
        bookmark = _next(events, "BOOKMARK")
    metadata = bookmark["object"]["metadata"]
    assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(metadata["resourceVersion"]) > 0
    assert bookmark["object"]["kind"] == "ConfigMap"


def test_a_version_that_is_no_number_is_refused(api: Api, maps: str) -> None:
    refused = api.get(maps, watch="true", resourceVersion="rubbish")
    assert refused.status == 500
    assert 'Invalid value: "rubbish"' in refused.message


def test_watching_an_unknown_resource_is_404(api: Api, ns: str) -> None:
    assert api.get(f"{ns}/unicorns", watch="true").status == 404


def test_a_table_can_be_watched(api: Api, maps: str) -> None:
    shape = "application/json;as=Table;v=v1;g=meta.k8s.io"
    answer = api.call("GET", maps, query={"watch": "true", "timeoutSeconds": 1}, accept=shape)
    assert answer.body["object"]["kind"] == "Table"
