"""Watches go on where the connection, the server or its memory fails."""

import threading
from contextlib import closing
from pathlib import Path

import pytest

from drills import objects
from drills.adapters.kube import KubeCluster, connect_cluster
from drills.adapters.kube.watching import Timing
from drills.cluster import Change, ChangeType, Kind
from drills.errors import Forbidden, Unreachable
from tests.drills.adapters.kube.scripted_api import (
    Reply,
    ScriptedApi,
    config_map,
    event,
    listing,
    status,
)

CONFIG_MAP = Kind("v1", "ConfigMap")
PATH = "/api/v1/namespaces/box/configmaps"
WATCH = PATH + "?watch"


def connect(api: ScriptedApi, folder: Path, patience: float = 5, **timing: float) -> KubeCluster:
    chosen = Timing(server_seconds=1, slack_seconds=timing.get("slack", 5), opening_seconds=2)
    return connect_cluster(kubeconfig=api.kubeconfig(folder), patience=patience, timing=chosen)


def watched(cluster: KubeCluster, count: int, idle: float = 0.2) -> list[tuple[str, str]]:
    """Return the first `count` changes as (type, name)."""
    seen: list[tuple[str, str]] = []
    changes = cluster.watch(CONFIG_MAP, "box", stop=lambda: len(seen) >= count, idle=idle)
    seen.extend(
        (change.type.value, objects.name(change.object)) for change in changes if change is not None
    )
    return seen


def watch_versions(api: ScriptedApi) -> list[str]:
    return [s.query["resourceVersion"] for s in api.asked("GET", PATH) if "watch" in s.query]


def test_present_objects_come_first_then_synced_then_changes(
    api: ScriptedApi, hold: threading.Event, tmp_path: Path
) -> None:
    api.on("GET", PATH, listing(config_map("a"), config_map("b")))
    api.on("GET", WATCH, Reply(events=[event("MODIFIED", config_map("a", "11"))], hold=hold))
    assert watched(connect(api, tmp_path), 4) == [
        ("ADDED", "a"),
        ("ADDED", "b"),
        ("SYNCED", ""),
        ("MODIFIED", "a"),
    ]


def test_goes_on_after_end_of_stream_from_the_last_version(
    api: ScriptedApi, hold: threading.Event, tmp_path: Path
) -> None:
    """Bookmarks count too: they move the version without being reported."""
    api.on("GET", PATH, listing(version="10"))
    bookmark = event("BOOKMARK", {"metadata": {"resourceVersion": "25"}})
    api.on(
        "GET",
        WATCH,
        Reply(events=[event("ADDED", config_map("a", "20")), bookmark]),
        Reply(events=[event("ADDED", config_map("b", "30"))], hold=hold),
    )
    assert watched(connect(api, tmp_path), 3) == [("SYNCED", ""), ("ADDED", "a"), ("ADDED", "b")]
    assert watch_versions(api) == ["10", "25"]


@pytest.mark.parametrize("as_event", [True, False], ids=["in the stream", "as the answer"])
def test_a_forgotten_version_lists_again_and_reports_what_vanished(
    api: ScriptedApi, hold: threading.Event, tmp_path: Path, as_event: bool
) -> None:
    api.on(
        "GET",
        PATH,
        listing(config_map("a"), config_map("b")),
        listing(config_map("b", "50"), config_map("c", "51"), version="60"),
    )
    gone = status(410, "Expired", "too old resource version")
    expired = (
        Reply(events=[{"type": "ERROR", "object": gone}])
        if as_event
        else Reply(status=410, document=gone)
    )
    api.on("GET", WATCH, expired, Reply(events=[], hold=hold))
    assert watched(connect(api, tmp_path), 6) == [
        ("ADDED", "a"),
        ("ADDED", "b"),
        ("SYNCED", ""),
        ("DELETED", "a"),
        ("MODIFIED", "b"),
        ("ADDED", "c"),
    ]


def test_a_half_open_connection_is_dropped_and_replaced(
    api: ScriptedApi, hold: threading.Event, tmp_path: Path
) -> None:
    api.on("GET", PATH, listing())
    api.on(
        "GET",
        WATCH,
        Reply(events=[], hold=hold),
        Reply(events=[event("ADDED", config_map("late"))], hold=hold),
    )
    cluster = connect(api, tmp_path, slack=-0.7)
    assert watched(cluster, 2) == [("SYNCED", ""), ("ADDED", "late")]


def test_a_busy_server_is_asked_again(
    api: ScriptedApi, hold: threading.Event, tmp_path: Path
) -> None:
    busy = Reply(status=429, document=status(429, "TooManyRequests", "busy"))
    api.on("GET", PATH, busy, listing())
    api.on(
        "GET",
        WATCH,
        Reply(status=503, document="overloaded"),
        Reply(cut=True),
        Reply(events=[event("ADDED", config_map("a"))], hold=hold),
    )
    assert watched(connect(api, tmp_path), 2) == [("SYNCED", ""), ("ADDED", "a")]


def test_yields_none_while_nothing_happens(
    api: ScriptedApi, hold: threading.Event, tmp_path: Path
) -> None:
    api.on("GET", PATH, listing())
    api.on("GET", WATCH, Reply(events=[], hold=hold))
    seen: list[Change | None] = []
    cluster = connect(api, tmp_path)
    seen.extend(cluster.watch(CONFIG_MAP, "box", stop=lambda: len(seen) >= 3, idle=0.02))
    assert [change.type if change else None for change in seen] == [ChangeType.SYNCED, None, None]


def test_a_silent_server_does_not_hold_the_caller_up(
    api: ScriptedApi, hold: threading.Event, tmp_path: Path
) -> None:
    """The first listing hangs; the caller still hears None and may give up."""
    api.on("GET", PATH, Reply(events=[], hold=hold))
    cluster = connect(api, tmp_path)
    with closing(cluster.watch(CONFIG_MAP, "box", stop=lambda: False, idle=0.02)) as changes:  # type: ignore[type-var]
        assert next(changes) is None


def test_what_retrying_cannot_mend_is_raised(api: ScriptedApi, tmp_path: Path) -> None:
    api.on("GET", PATH, Reply(status=403, document=status(403, "Forbidden", "no")))
    with pytest.raises(Forbidden, match="list configmaps in box"):
        watched(connect(api, tmp_path), 1)


def test_patience_ends(api: ScriptedApi, tmp_path: Path) -> None:
    """A server that drops every watch at once is not watched for ever."""
    api.on("GET", PATH, listing())
    api.on("GET", WATCH, Reply(events=[]))
    with pytest.raises(Unreachable):
        watched(connect(api, tmp_path, patience=0.4), 2)


def test_no_thread_outlives_its_watch(
    api: ScriptedApi, hold: threading.Event, tmp_path: Path
) -> None:
    api.on("GET", PATH, listing())
    api.on("GET", WATCH, Reply(events=[], hold=hold))
    watched(connect(api, tmp_path), 1)
    assert not [t for t in threading.enumerate() if t.name.startswith("watch ")]
