"""Waiting for workloads, and whether they stay up, against a cluster in memory."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from drills.errors import Forbidden, Interrupted, Unreachable
from drills.findings import Cause, Severity
from drills.lookout import Expected
from drills.objects import KubeObject
from drills.ports import Change, Kind
from drills.stages.settle import Settled, settle
from tests.fakes.listeners import MemoryListener
from tests.fakes.probing import LONG, SANDBOX, CalmCluster, container, deployment, pod, thing, until

DEPLOYMENT = Kind("apps/v1", "Deployment")
POD = Kind("v1", "Pod")
READY = deployment()["status"]


@pytest.fixture
def close() -> Iterator[Callable[[Settled], Settled]]:
    """Close the watches of what was settled when the test ends."""
    open_ones: list[Settled] = []

    def keep(settled: Settled) -> Settled:
        open_ones.append(settled)
        return settled

    yield keep
    for settled in open_ones:
        if settled.watch is not None:
            settled.watch.close()


def settled(
    cluster: CalmCluster,
    *,
    seconds: float = LONG,
    stop: Callable[[], bool] = lambda: False,
    expected: Expected | None = None,
    **more: float,
) -> Settled:
    """Settle the sandbox."""
    return settle(
        cluster,
        cluster.clock,
        [SANDBOX],
        deadline=until(cluster.clock, seconds),
        stop=stop,
        listener=MemoryListener(),
        expected=expected,
        **more,
    )


def make(*present: KubeObject) -> CalmCluster:
    """Return a cluster with these objects."""
    return CalmCluster(*present)


Keep = Callable[[Settled], Settled]


def test_nothing_to_wait_for_is_ready_at_once(close: Keep) -> None:
    assert close(settled(make())).ready


def test_ready_workloads_are_ready_at_once(close: Keep) -> None:
    found = close(settled(make(deployment(), pod("shop-abc-1"))))
    assert found.ready
    assert found.findings == ()


def test_waits_until_the_workload_is_up(close: Keep) -> None:
    cluster = make(deployment(available=0))
    change = {"status": READY}
    cluster.clock.at(40, lambda: cluster.change(DEPLOYMENT, SANDBOX, "shop", change))
    found = close(settled(cluster))
    assert found.ready
    assert found.seconds >= 40


def test_a_workload_never_ready_is_unanswered() -> None:
    """A deadline without an answer blames nobody."""
    found = settled(make(deployment(available=0)), seconds=150)
    assert not found.ready
    assert found.watch is None
    (finding,) = found.findings
    assert (finding.code, finding.cause, finding.unanswered) == (
        "not-ready",
        Cause.ENVIRONMENT,
        True,
    )
    assert "0 of 2 available" in finding.message


def test_an_image_that_stays_unpullable_ends_the_wait_early() -> None:
    stuck = pod("shop-abc-1", ready=False, containers=(container("ImagePullBackOff"),))
    found = settled(make(deployment(available=0), stuck), patience=120)
    assert not found.ready
    assert found.seconds < LONG
    assert {finding.cause for finding in found.findings} == {Cause.REGISTRY, Cause.ENVIRONMENT}
    assert all(finding.unanswered for finding in found.findings)


LACKING: KubeObject = {
    **pod("shop-abc-1", ready=False, containers=(container("ContainerCreating"),)),
    "spec": {"volumes": [{"name": "s", "secret": {"secretName": "db"}}]},
}


def test_a_secret_that_nothing_makes_ends_the_wait_early() -> None:
    found = settled(make(deployment(available=0), LACKING), expected=Expected())
    assert not found.ready
    assert found.seconds < LONG
    (critical,) = (f for f in found.findings if f.severity is Severity.CRITICAL)
    assert (critical.code, critical.cause) == ("reference-missing", Cause.BACKUP)
    assert '"db"' in critical.message


def test_a_secret_that_the_backup_holds_is_waited_for() -> None:
    held = Expected(held=frozenset({("secrets", SANDBOX, "db")}))
    found = settled(make(deployment(available=0), LACKING), seconds=150, expected=held)
    assert found.seconds >= 150
    assert [f for f in found.findings if f.severity is Severity.CRITICAL] == []


def test_a_secret_that_comes_in_time_is_no_trouble(close: Keep) -> None:
    cluster = make(deployment(available=0), LACKING)

    def come() -> None:
        cluster.put(thing("v1", "Secret", "db"))
        cluster.change(DEPLOYMENT, SANDBOX, "shop", {"status": READY})
        cluster.change(POD, SANDBOX, "shop-abc-1", {"status": pod("shop-abc-1")["status"]})

    cluster.clock.at(5, come)
    assert close(settled(cluster, expected=Expected())).ready


def test_what_nobody_waits_for_does_not_end_the_wait(close: Keep) -> None:
    """A pod of an operator's own lacks something; the workloads that were restored come up."""
    owner = {"kind": "Agent", "name": "a", "controller": True}
    metadata = {"name": "a-0", "namespace": SANDBOX, "ownerReferences": [owner]}
    cluster = make(deployment(available=0), {**LACKING, "metadata": metadata})
    cluster.clock.at(40, lambda: cluster.change(DEPLOYMENT, SANDBOX, "shop", {"status": READY}))
    assert close(settled(cluster, expected=Expected())).ready


def test_a_crash_loop_is_critical() -> None:
    crash = pod("shop-abc-1", ready=False, containers=(container("CrashLoopBackOff"),))
    found = settled(make(deployment(available=0), crash), seconds=60)
    critical = [f for f in found.findings if f.severity is Severity.CRITICAL]
    assert [(f.code, f.cause) for f in critical] == [("crash-loop", Cause.BACKUP)]


def test_events_explain_at_the_deadline() -> None:
    about = {"kind": "Deployment", "namespace": SANDBOX, "name": "shop"}
    said = thing(
        "v1", "Event", "e", involvedObject=about, reason="FailedCreate", message="exceeded quota"
    )
    found = settled(make(deployment(available=0), said), seconds=30)
    assert "quota-exceeded" in {finding.code for finding in found.findings}


def test_a_stop_is_heard() -> None:
    with pytest.raises(Interrupted):
        settled(make(deployment(available=0)), stop=lambda: True)


def test_a_missing_right_is_raised() -> None:
    cluster = make(deployment())
    cluster.refuse("watch", POD, Forbidden("may not watch pods"))
    with pytest.raises(Forbidden):
        settled(cluster)


def test_the_watches_end() -> None:
    """A drill leaves no thread behind."""
    found = settled(make(deployment()))
    assert found.watch is not None
    assert found.watch.conclude(0.0) == ()
    patience = time.monotonic() + 20
    while _watches() and time.monotonic() < patience:
        for thread in _watches():
            thread.join(timeout=1)
    assert _watches() == []


def _watches() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("watch ")]


def stays(cluster: CalmCluster, happen: Callable[[], None]) -> dict[str, tuple[Severity, Cause]]:
    """Settle, let something happen, conclude; return code to severity and cause."""
    found = settled(cluster)
    assert found.watch is not None
    happen()
    cluster.delivered()
    findings = found.watch.conclude(0.0)
    return {finding.code: (finding.severity, finding.cause) for finding in findings}


def test_what_stays_ready_has_no_findings() -> None:
    assert stays(make(deployment(), pod("shop-abc-1")), lambda: None) == {}


def test_waits_for_the_rest_of_the_stable_time() -> None:
    """Workloads must have stayed ready for the whole time, probes or not."""
    cluster = make(deployment())
    found = settled(cluster)
    assert found.watch is not None
    began = cluster.clock.monotonic()
    assert found.watch.conclude(20.0) == ()
    assert cluster.clock.monotonic() >= began + 15


def test_a_stop_ends_the_stable_time() -> None:
    asked = threading.Event()
    found = settled(make(deployment()), stop=asked.is_set)
    assert found.watch is not None
    asked.set()
    with pytest.raises(Interrupted):
        found.watch.conclude(LONG)


def test_losing_replicas_is_critical_even_if_they_come_back() -> None:
    cluster = make(deployment())

    def dip() -> None:
        cluster.change(DEPLOYMENT, SANDBOX, "shop", {"status": {"availableReplicas": 1}})
        cluster.change(DEPLOYMENT, SANDBOX, "shop", {"status": {"availableReplicas": 2}})

    assert stays(cluster, dip) == {"became-unready": (Severity.CRITICAL, Cause.BACKUP)}


def test_a_restart_is_critical() -> None:
    cluster = make(deployment(), pod("shop-abc-1", containers=(container(),)))
    again = {"status": {"containerStatuses": [container(restarts=1)]}}
    found = stays(cluster, lambda: cluster.change(POD, SANDBOX, "shop-abc-1", again))
    assert found == {"restarted": (Severity.CRITICAL, Cause.BACKUP)}


def test_a_new_spec_not_yet_seen_is_no_loss() -> None:
    """What the drill itself patches must not look like an unsteady application."""
    cluster = make(deployment())
    patch = {"metadata": {"generation": 2}}
    assert stays(cluster, lambda: cluster.change(DEPLOYMENT, SANDBOX, "shop", patch)) == {}


def test_an_eviction_is_the_environment() -> None:
    cluster = make(deployment(), pod("shop-abc-1"))

    def evict() -> None:
        conditions = [
            {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}
        ]
        cluster.change(POD, SANDBOX, "shop-abc-1", {"status": {"conditions": conditions}})
        cluster.change(DEPLOYMENT, SANDBOX, "shop", {"status": {"availableReplicas": 1}})

    found = stays(cluster, evict)
    assert found["became-unready"] == (Severity.WARNING, Cause.ENVIRONMENT)
    assert found["pod-disrupted"] == (Severity.WARNING, Cause.ENVIRONMENT)


def test_somebody_deleting_a_workload_is_noticed() -> None:
    """GitOps controllers prune what they do not know."""
    cluster = make(deployment())
    found = stays(cluster, lambda: cluster.drop(DEPLOYMENT, SANDBOX, "shop"))
    assert found == {"workload-deleted": (Severity.WARNING, Cause.ENVIRONMENT)}


CLASS = Kind("storage.k8s.io/v1", "StorageClass")
UNUSED_CLAIM = thing(
    "v1",
    "PersistentVolumeClaim",
    "data",
    spec={"storageClassName": "late"},
    status={"phase": "Pending"},
)


def test_a_claim_nobody_uses_does_not_hold_the_drill(close: Keep) -> None:
    late = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "late"},
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    assert close(settled(make(UNUSED_CLAIM, late))).ready


def test_unreadable_storage_classes_leave_the_claim_unanswered() -> None:
    cluster = make(UNUSED_CLAIM)
    cluster.refuse("list", CLASS, Forbidden("may not list storage classes"), times=1000)
    found = settled(cluster, seconds=30)
    assert [finding.code for finding in found.findings] == ["not-ready"]


def test_a_daemon_set_is_waited_for_where_one_was_restored() -> None:
    status = {"observedGeneration": 1, "desiredNumberScheduled": 1}
    found = settled(make(thing("apps/v1", "DaemonSet", "agent", status=status)), seconds=30)
    assert [finding.subject for finding in found.findings] == ["daemonset backup-test/agent"]


class Breaking(CalmCluster):
    """A cluster whose watch on Pods breaks when the test says so."""

    def __init__(self, *present: KubeObject) -> None:
        super().__init__(*present)
        self.broken = threading.Event()
        self.reported = threading.Event()

    def watch(self, kind: Kind, namespace: str = "", **how: object) -> Iterator[Change | None]:  # type: ignore[override]
        """Watch, then break."""
        for change in super().watch(kind, namespace, **how):  # type: ignore[arg-type]
            if self.broken.is_set() and kind == POD:
                self.reported.set()
                raise Unreachable("the API server stays away")
            yield change


def test_a_watch_that_breaks_leaves_stability_unanswered() -> None:
    """What nobody looked at is not proven."""
    cluster = Breaking(deployment())
    found = settled(cluster)
    assert found.watch is not None
    cluster.broken.set()
    assert cluster.reported.wait(timeout=20)
    (finding,) = found.watch.conclude(LONG)
    assert (finding.code, finding.unanswered) == ("stability-not-watched", True)
