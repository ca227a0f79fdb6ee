"""The server's life: validation, one restore at a time, knobs, restarts, deletions."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.velero.restores import FINALIZER
from embedded.velero.server import VeleroOptions
from tests.embedded.clusters import (
    TERMINAL,
    ask_restore,
    errors_of,
    finished_restore,
    newest_backup,
    phase_of,
    restore_of,
    restored,
    wait_until,
)

MAPPING = {"production": "backup-test"}
RESTORES = "restores.velero.io"


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster() as one:
        yield one


def _wait_for_phase(cluster: EmbeddedCluster, phase: str, name: str = "drill") -> None:
    wait_until(cluster, RESTORES, lambda: phase_of(cluster, name) == phase)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"backupName": "nothing"}, "can't find backup velero/nothing"),
        ({"scheduleName": "production-daily"}, "but not both"),
        ({"backupName": None}, "Either a backup or schedule"),
        ({"backupName": None, "scheduleName": "none"}, "No backups found for schedule"),
        ({"includedResources": ["nodes"]}, "nodes are non-restorable"),
        ({"includedNamespaces": ["a"], "excludedNamespaces": ["a"]}, "namespace lists"),
        ({"existingResourcePolicy": "always"}, "Invalid ExistingResourcePolicy"),
        (
            {"labelSelector": {"matchLabels": {"a": "b"}}, "orLabelSelectors": [{}]},
            "only one can be specified",
        ),
    ],
)
def test_validation(cluster: EmbeddedCluster, spec: dict[str, Any], words: str) -> None:
    restore = restored(cluster, **spec)
    assert restore["status"]["phase"] == "FailedValidation"
    assert any(words in text for text in restore["status"]["validationErrors"])
    assert "startTimestamp" not in restore["status"]
    assert "completionTimestamp" not in restore["status"]


def test_a_schedules_newest_completed_backup_is_taken(cluster: EmbeddedCluster) -> None:
    newest = newest_backup(cluster)
    cluster.objects.patch(
        "backups.velero.io", "velero", newest, {"status": {"phase": "PartiallyFailed"}}
    )
    restore = restored(cluster, backupName=None, scheduleName="production-daily", mapping=MAPPING)
    assert restore["spec"]["backupName"] != newest


def test_an_unavailable_location_fails_validation(cluster: EmbeddedCluster) -> None:
    cluster.velero.lose_location()
    restore = restored(cluster, mapping=MAPPING)
    assert "is unavailable" in restore["status"]["validationErrors"][0]


@pytest.mark.parametrize("phase", ["InProgress", "Finalizing"])
def test_a_hanging_restore_holds_up_the_next(cluster: EmbeddedCluster, phase: str) -> None:
    cluster.velero.hang(phase)
    ask_restore(cluster, mapping={"production": "first"}, excludedResources=["services"])
    _wait_for_phase(cluster, phase)
    assert FINALIZER in restore_of(cluster)["metadata"]["finalizers"]
    ask_restore(cluster, "second", mapping={"production": "second"})
    assert phase_of(cluster, "second") not in {"Completed", "PartiallyFailed"}
    cluster.velero.release()
    assert finished_restore(cluster)["status"]["phase"] == "Completed"
    finished_restore(cluster, "second")


def test_a_server_that_is_down_takes_nothing_up(cluster: EmbeddedCluster) -> None:
    cluster.velero.stop_server()
    ask_restore(cluster, mapping=MAPPING)
    assert "status" not in restore_of(cluster)
    cluster.velero.start_server()
    assert finished_restore(cluster)["status"]["phase"] == "PartiallyFailed"


def test_a_restart_marks_what_was_in_progress_failed(cluster: EmbeddedCluster) -> None:
    cluster.velero.hang()
    ask_restore(cluster, mapping=MAPPING)
    _wait_for_phase(cluster, "InProgress")
    cluster.velero.release()
    cluster.velero.hang()
    cluster.velero.restart()
    restore = finished_restore(cluster)
    assert restore["status"]["phase"] == "Failed"
    assert 'status "InProgress"' in restore["status"]["failureReason"]
    assert restore["status"]["completionTimestamp"]


def test_a_restart_cancels_volume_restores(cluster: EmbeddedCluster) -> None:
    kind = "podvolumerestores.velero.io"
    cluster.pods.add("unschedulable", namespace="backup-test")
    ask_restore(cluster, mapping=MAPPING)
    wait_until(cluster, kind, lambda: cluster.objects.all(kind, "velero"))
    cluster.velero.restart()
    assert cluster.objects.all(kind, "velero")[0]["status"]["phase"] == "Canceled"
    assert finished_restore(cluster)["status"]["phase"] == "Failed"


def test_progress_is_told_while_a_restore_is_slow(cluster: EmbeddedCluster) -> None:
    cluster.velero.slow(0.02)
    ask_restore(cluster, mapping=MAPPING)
    wait_until(cluster, RESTORES, lambda: "progress" in restore_of(cluster).get("status", {}))
    progress = restore_of(cluster)["status"]["progress"]
    assert 0 < progress["itemsRestored"] < progress["totalItems"]
    cluster.velero.slow(0)
    finished_restore(cluster)


def test_chosen_items_fail(cluster: EmbeddedCluster) -> None:
    cluster.velero.fail_items("configmaps/backup-test/shop-*", "denied by policy")
    restored(cluster, mapping=MAPPING)
    text = "error restoring configmaps/backup-test/shop-config: denied by policy"
    assert text in errors_of(cluster)
    assert cluster.objects.peek("configmaps", "backup-test", "shop-config") is None


def test_an_unknown_phase(cluster: EmbeddedCluster) -> None:
    cluster.velero.end_next_restore_in("Meditating")
    ask_restore(cluster, mapping=MAPPING)
    _wait_for_phase(cluster, "Meditating")
    assert restored(cluster, "next", mapping=MAPPING)["status"]["phase"] != "Meditating"


def test_a_restore_that_vanishes_under_the_servers_feet() -> None:
    """The server goes on once it has given up to update it."""
    with EmbeddedCluster(velero_options=VeleroOptions(update_seconds=0.2)) as cluster:
        cluster.velero.delete_next_restore()
        ask_restore(cluster, mapping=MAPPING)
        find = cluster.objects.peek
        wait_until(cluster, RESTORES, lambda: find(RESTORES, "velero", "drill") is None)
        after = restored(cluster, "next", mapping={"production": "other"})
        assert after["status"]["completionTimestamp"]


@pytest.mark.parametrize(
    ("pattern", "phase"), [("restores/*-results.gz", "Completed"), ("*-logs.gz", "PartiallyFailed")]
)
def test_uploads_that_fail(cluster: EmbeddedCluster, pattern: str, phase: str) -> None:
    """A log that cannot be uploaded is an error; a results file is just not there."""
    cluster.velero.fail_uploads(pattern)
    restore = restored(cluster, mapping=MAPPING, excludedResources=["services"])
    assert restore["status"]["phase"] == phase
    assert cluster.bucket.read("restores/drill/restore-drill-resource-list.json.gz")
    missing = "restores/drill/restore-drill-results.gz"
    assert (cluster.bucket.read(missing) is None) == (phase == "Completed")


def _gone(cluster: EmbeddedCluster) -> Callable[[], bool]:
    return lambda: cluster.objects.peek(RESTORES, "velero", "drill") is None


def test_deleting_a_restore_takes_its_files(cluster: EmbeddedCluster) -> None:
    restored(cluster, mapping=MAPPING)
    assert cluster.bucket.keys("restores/drill/")
    cluster.objects.delete(RESTORES, "velero", "drill")
    wait_until(cluster, RESTORES, _gone(cluster))
    assert cluster.bucket.keys("restores/") == []
    assert cluster.objects.all("podvolumerestores.velero.io", "velero") == []
    assert cluster.objects.peek("configmaps", "backup-test", "shop-config")


@pytest.mark.parametrize("trouble", ["location", "server"])
def test_deletion_is_stuck_until_the_trouble_is_over(
    cluster: EmbeddedCluster, trouble: str
) -> None:
    restored(cluster, mapping=MAPPING)
    if trouble == "location":
        cluster.velero.lose_location()
    else:
        cluster.velero.stop_server()
    cluster.objects.delete(RESTORES, "velero", "drill")
    assert restore_of(cluster)["metadata"]["deletionTimestamp"]
    if trouble == "location":
        cluster.velero.find_location()
    else:
        cluster.velero.start_server()
    wait_until(cluster, RESTORES, _gone(cluster))


def test_a_restore_whose_backup_is_gone_is_let_go(cluster: EmbeddedCluster) -> None:
    restored(cluster, mapping=MAPPING)
    cluster.objects.delete("backups.velero.io", "velero", newest_backup(cluster))
    cluster.objects.delete(RESTORES, "velero", "drill")
    wait_until(cluster, RESTORES, _gone(cluster))
    assert cluster.bucket.keys("restores/drill/")


def test_stopping_never_hangs() -> None:
    with EmbeddedCluster() as cluster:
        cluster.velero.hang()
        ask_restore(cluster, mapping=MAPPING)
        _wait_for_phase(cluster, "InProgress")
    assert phase_of(cluster) == "InProgress"


def _deleted_while_finalizing(cluster: EmbeddedCluster) -> None:
    """Leave the server with a Restore that vanished while it was being finalized."""
    cluster.velero.hang("Finalizing")
    ask_restore(cluster, mapping=MAPPING)
    # Its phase alone says only that the finalizer will come to it.
    wait_until(cluster, RESTORES, lambda: cluster.velero.finalizing == "drill")
    cluster.objects.delete(RESTORES, "velero", "drill")
    wait_until(cluster, RESTORES, lambda: not phase_of(cluster))
    cluster.velero.release()


def test_a_restore_deleted_while_finalizing_holds_up_all_others(cluster: EmbeddedCluster) -> None:
    """The one worker tries to update what is gone, for more than three minutes."""
    _deleted_while_finalizing(cluster)
    ask_restore(cluster, "next", mapping={"production": "elsewhere"})
    wait_until(cluster, RESTORES, lambda: phase_of(cluster, "next").startswith("Finalizing"))
    with pytest.raises(AssertionError, match="waited"):
        wait_until(cluster, RESTORES, lambda: phase_of(cluster, "next") in TERMINAL, seconds=1.0)
    cluster.velero.restart()
    finished_restore(cluster, "next")


def test_and_lets_them_go_in_the_end() -> None:
    with EmbeddedCluster(velero_options=VeleroOptions(update_seconds=0.2)) as cluster:
        _deleted_while_finalizing(cluster)
        finished_restore(cluster, ask_restore(cluster, "next", mapping={"production": "other"}))


def test_a_namespace_deleted_under_a_running_restore_comes_back(cluster: EmbeddedCluster) -> None:
    """From the backup's manifest: whatever somebody had put on it is gone."""
    metadata = {"name": "backup-test", "labels": {"restore-drill/drill-id": "d1"}}
    cluster.objects.create("namespaces", {"metadata": metadata})
    cluster.velero.slow(0.02)
    ask_restore(cluster, mapping=MAPPING)
    wait_until(cluster, "services", lambda: cluster.objects.all("services", "backup-test"))
    cluster.objects.delete("namespaces", "", "backup-test")
    finished_restore(cluster)
    back = cluster.objects.get("namespaces", "", "backup-test")
    assert back is not None
    assert "restore-drill/drill-id" not in back["metadata"]["labels"]
    assert cluster.objects.all("deployments.apps", "backup-test") != []
