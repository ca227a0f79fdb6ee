"""The world around a drill misbehaves: the answer stays honest and nothing is left behind."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.faults import Rule
from tests.e2e.conftest import Drilled
from tests.e2e.living import (
    SHORT,
    On,
    namespaces,
    restores,
    things,
)

Drill = Callable[..., Drilled]
Write = Callable[..., Path]


def test_leaves_the_cluster_as_it_was(cluster: EmbeddedCluster, on: On) -> None:
    """After a drill every object is what it was before, and none is more."""
    before = things(cluster)
    done = on()
    assert (done.code, done.verdict) == (0, "passed")
    assert things(cluster) == before


def test_api_away_for_ten_seconds(cluster: EmbeddedCluster, on: On) -> None:
    """The API server goes away in the middle of the restore for ten seconds; the drill passes."""
    gone = threading.Event()

    def leave() -> None:
        for event in cluster.objects.storage.watch(restores(cluster)):
            if event.type == "MODIFIED":
                cluster.faults.go_away(10.0)
                gone.set()
                return

    cluster.velero.slow(0.02)
    thread = threading.Thread(target=leave, daemon=True)
    thread.start()
    before = things(cluster)
    done = on()
    thread.join(5)
    assert gone.is_set()
    assert (done.code, done.verdict) == (0, "passed")
    assert done.document["objectives"]["rto"]["achievedSeconds"] >= 9
    assert things(cluster) == before


@pytest.mark.parametrize("phase", ["InProgress", "Finalizing"])
def test_restore_that_hangs(cluster: EmbeddedCluster, on: On, phase: str) -> None:
    """A restore that never ends is inconclusive at our own deadline, whatever Velero does."""
    cluster.velero.hang(phase)
    done = on(restore=SHORT)
    assert (done.code, done.verdict) == (3, "inconclusive")
    assert done.document["objectives"]["rto"] == {
        "targetSeconds": 3.0,
        "achievedSeconds": None,
        "met": None,
    }
    assert "backup" not in {reason["cause"] for reason in done.document["reasons"]}
    leftovers = done.document["cleanup"]["leftovers"]
    assert phase != "InProgress" or any("Restore" in left for left in leftovers)


def test_velero_down(cluster: EmbeddedCluster, on: On) -> None:
    """Without a server nothing is restored and nothing stays; never blamed on the backup."""
    before = things(cluster)
    cluster.velero.stop_server()
    done = on(restore=SHORT)
    cluster.velero.start_server()
    assert (done.code, done.verdict) == (3, "inconclusive")
    silent = done.findings("warning")["server-silent"]
    assert "Deployment velero is scaled to 0" in silent["message"]
    assert done.document["stages"][1]["seconds"] < 5  # nobody waits for downloads
    assert "backup" not in {reason["cause"] for reason in done.document["reasons"]}
    kinds = {key[0] for key in things(cluster).keys() - before.keys()}
    assert not kinds - {"downloadrequests.velero.io", "pods", "replicasets.apps"}


def test_probe_target_down(on: On, cluster: EmbeddedCluster) -> None:
    """A required probe whose target does not answer as it should fails the drill."""
    probes = """\
    - name: payments answer
      http: {service: shop, port: 80, path: /payments}
      expect: {status: 200}
      retries: 1
      interval: 50ms
"""
    done = on(probes=probes)
    assert (done.code, done.verdict) == (1, "failed")
    assert done.document["probes"][0]["outcome"] == "failed"
    assert done.document["cleanup"]["outcome"] == "clean"
    assert cluster.storage.find(namespaces(cluster), "", "backup-test") is None


@pytest.mark.parametrize(
    ("fault", "cause"), [("image-pull", "registry"), ("unschedulable", "capacity")]
)
def test_environment_is_not_the_backup(
    cluster: EmbeddedCluster, on: On, fault: str, cause: str
) -> None:
    """Images that cannot be pulled and nodes that are full leave the question open."""
    cluster.pods.add(fault, namespace="backup-test")
    done = on(restore=SHORT)
    assert (done.code, done.verdict) == (3, "inconclusive")
    assert cause in {reason["cause"] for reason in done.document["reasons"]}
    assert "backup" not in {reason["cause"] for reason in done.document["reasons"]}
    left = done.document["cleanup"]["leftovers"]
    assert all("Restore" in thing for thing in left)


def test_crash_loop(cluster: EmbeddedCluster, on: On) -> None:
    """A restored workload that crashes for ever fails the drill."""
    cluster.pods.add("crash-loop", namespace="backup-test", name="ledger*")
    done = on(restore=SHORT)
    assert (done.code, done.verdict) == (1, "failed")


def test_partial_failure(cluster: EmbeddedCluster, on: On) -> None:
    """An object that Velero could not create is named; words that nobody knows blame nobody."""
    cluster.velero.fail_items("configmaps/*/shop-config", "the object is malformed")
    done = on(restore=SHORT)
    assert (done.code, done.verdict) == (3, "inconclusive")
    assert "backup" not in {reason["cause"] for reason in done.document["reasons"]}
    assert any("the object is malformed" in f["message"] for f in done.document["findings"])
    assert done.document["restore"]["phase"] == "PartiallyFailed"
    assert any("shop-config" in name for name in done.document["completeness"]["missing"])


def test_webhook_refusal_is_the_clusters(cluster: EmbeddedCluster, on: On) -> None:
    """An object that a webhook refused leaves the question open."""
    message = 'admission webhook "guard" denied the request'
    cluster.velero.fail_items("services/*/shop-nodeport", message)
    done = on()
    assert (done.code, done.verdict) == (3, "inconclusive")
    assert "backup" not in {reason["cause"] for reason in done.document["reasons"]}


def test_a_probe_for_what_a_webhook_refused_blames_nobody(cluster: EmbeddedCluster, on: On) -> None:
    """The Service did not come back because of the cluster, so no answer is no verdict."""
    message = 'admission webhook "guard" denied the request'
    cluster.velero.fail_items("services/*/shop", message)
    done = on()
    assert (done.code, done.verdict) == (3, "inconclusive")
    assert "backup" not in {reason["cause"] for reason in done.document["reasons"]}
    assert "not everything came back" in str(done.document["probes"])


def test_restore_deleted_under_our_feet(cluster: EmbeddedCluster, on: On) -> None:
    """Somebody deletes our Restore: inconclusive, and cleaned up."""
    cluster.velero.delete_next_restore()
    done = on(restore=SHORT)
    assert (done.code, done.verdict) == (3, "inconclusive")


def test_unknown_phase(cluster: EmbeddedCluster, on: On) -> None:
    """A phase that nobody knows is waited out, then inconclusive."""
    cluster.velero.end_next_restore_in("Marinating")
    done = on(restore=SHORT)
    assert (done.code, done.verdict) == (3, "inconclusive")


def test_location_unavailable(cluster: EmbeddedCluster, on: On) -> None:
    """A location that is away says nothing about its backups."""
    cluster.velero.lose_location()
    done = on(restore=SHORT)
    assert (done.code, done.verdict) == (3, "inconclusive")
    assert "restore" not in {stage["name"] for stage in done.document["stages"]}


def test_foreign_namespace(cluster: EmbeddedCluster, on: On) -> None:
    """A namespace in the sandbox's place that is not ours: exit code 2, untouched."""
    cluster.storage.create(namespaces(cluster), {"metadata": {"name": "backup-test"}})
    before = things(cluster)
    done = on()
    assert done.code == 2
    assert done.report is None
    assert "not made by a drill" in done.errors
    assert things(cluster) == before


def test_kept(cluster: EmbeddedCluster, on: On) -> None:
    """--keep leaves the sandbox; the next drill in it clears it away first."""
    before = things(cluster)
    kept = on("--keep")
    assert kept.code == 0
    assert kept.document["cleanup"]["outcome"] == "kept"
    assert cluster.storage.find(namespaces(cluster), "", "backup-test") is not None
    again = on()
    assert (again.code, again.verdict) == (0, "passed")
    assert "remains-removed" in again.findings("info")
    assert things(cluster) == before


def test_slow_and_refusing_api(cluster: EmbeddedCluster, on: On) -> None:
    """429 and 503 answers, dropped watches and slow answers are ridden out."""
    cluster.faults.fail(429, Rule(verb="get", times=3))
    cluster.faults.fail(503, Rule(verb="list", times=3))
    cluster.faults.slow(0.01)
    done = on()
    assert (done.code, done.verdict) == (0, "passed")
