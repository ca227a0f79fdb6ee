"""Whole drills beside somebody else's restore: the real one goes first, or it is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from drills.marks import marks
from embedded.cluster import EmbeddedCluster
from embedded.event_log import Event
from tests.e2e.conftest import Drilled
from tests.e2e.living import SHORT, On
from tests.embedded.clusters import ask_restore, phase_of, wait_until

RESTORES = "restores.velero.io"
EMERGENCY = {"production": "emergency-copy"}


class Log:
    """What happened to Restores, in order: event, name, phase."""

    def __init__(self, cluster: EmbeddedCluster) -> None:
        self.cluster = cluster
        self.lines: list[tuple[str, str, str]] = []
        cluster.storage.ledger.log.tap(cluster.objects.type(RESTORES), self._hear)

    def _hear(self, event: Event) -> None:
        metadata, status = event.object["metadata"], event.object.get("status") or {}
        self.lines.append((event.type, metadata["name"], status.get("phase", "")))

    def ours(self, kind: str, phase: str = "") -> bool:
        """Return whether a Restore of the drill under test was in such an event."""
        return any(
            what == kind and name.startswith("drill-shop") and phase in {"", state}
            for what, name, state in self.lines
        )

    def until_ours(self, kind: str, phase: str = "") -> None:
        """Wait for it."""
        wait_until(self.cluster, RESTORES, lambda: self.ours(kind, phase), 60)


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Do something beside the drill, and see that it was done."""
    done = threading.Event()

    def play() -> None:
        act()
        done.set()

    actor = threading.Thread(target=play, daemon=True)
    actor.start()
    yield
    actor.join(30)
    assert done.is_set()


def wait_seconds(done: Drilled) -> float | None:
    (stage,) = (one for one in done.document["stages"] if one["name"] == "restore")
    return stage["waitSeconds"]


def test_the_drill_waits_and_its_clock_does_not_run(cluster: EmbeddedCluster, on: On) -> None:
    log = Log(cluster)
    cluster.velero.hang()
    ask_restore(cluster, "emergency", mapping=EMERGENCY)  # fails in part: its nodePort is taken
    wait_until(cluster, RESTORES, lambda: phase_of(cluster, "emergency") == "InProgress")

    def release() -> None:
        asked = cluster.faults.requests
        wait_until(cluster, RESTORES, lambda: asked().get("watch restores", 0), 60)
        cluster.velero.release()

    with meanwhile(release):
        done = on()
    assert (done.code, done.verdict) == (0, "passed")
    waited = wait_seconds(done)
    assert waited
    stages = {stage["name"]: stage for stage in done.document["stages"]}
    after = sum(stages[name]["seconds"] for name in ("restore", "settle", "probe"))
    assert done.document["objectives"]["rto"]["achievedSeconds"] <= after - waited + 0.1
    assert "gave-way" in done.findings("info")
    ended = log.lines.index(("MODIFIED", "emergency", "PartiallyFailed"))
    asked = next(i for i, (_, name, _) in enumerate(log.lines) if name.startswith("drill-shop"))
    assert ended < asked


def test_ours_is_withdrawn_for_one_that_comes_later(cluster: EmbeddedCluster, on: On) -> None:
    """Ours stands behind another drill's; the real one would have stood behind both."""
    log = Log(cluster)
    cluster.velero.hang()
    other = ask_restore(cluster, "other", mapping={"production": "elsewhere"})
    cluster.objects.patch(
        RESTORES, "velero", other, {"metadata": {"labels": marks("another", "other")}}
    )

    def interfere() -> None:
        log.until_ours("ADDED")
        ask_restore(cluster, "emergency", mapping=EMERGENCY)
        log.until_ours("DELETED")
        cluster.velero.release()

    with meanwhile(interfere):
        done = on()
    assert (done.code, done.verdict) == (0, "passed")
    assert wait_seconds(done)
    deleted = next(
        i for i, (what, name, _) in enumerate(log.lines) if what == "DELETED" and "shop" in name
    )
    assert log.lines[deleted][2] == ""
    assert ("MODIFIED", "emergency", "PartiallyFailed") in log.lines[deleted:]


def test_one_that_has_to_wait_for_ours_is_told(cluster: EmbeddedCluster, on: On) -> None:
    log = Log(cluster)
    cluster.velero.slow(0.08)

    def interfere() -> None:
        log.until_ours("MODIFIED", "InProgress")
        ask_restore(cluster, "emergency", mapping=EMERGENCY)

    with meanwhile(interfere):
        done = on()
    assert (done.code, done.verdict) == (0, "warned")
    assert done.findings("warning")["restore-held-up"]["subject"] == "restore velero/emergency"
    assert wait_seconds(done) is None


def test_one_that_never_ends_leaves_the_question_open(cluster: EmbeddedCluster, on: On) -> None:
    log = Log(cluster)
    cluster.velero.hang()
    ask_restore(cluster, "emergency", mapping=EMERGENCY)
    wait_until(cluster, RESTORES, lambda: phase_of(cluster, "emergency") == "InProgress")
    done = on(restore=SHORT)
    assert (done.code, done.verdict) == (3, "inconclusive")
    causes = {reason["cause"] for reason in done.document["reasons"]}
    assert "environment" in causes
    assert "backup" not in causes
    assert "emergency (InProgress)" in done.findings("warning")["deadline-passed"]["message"]
    assert done.document["cleanup"]["outcome"] == "clean"
    assert not log.ours("ADDED")
    assert phase_of(cluster, "emergency") == "InProgress"
