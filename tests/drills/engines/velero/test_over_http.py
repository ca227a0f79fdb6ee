"""The Velero engine over real HTTP: the official client, the embedded cluster, a genuine backup."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drills import objects
from drills.adapters.clock import SystemClock
from drills.adapters.downloads import HttpDownloads
from drills.adapters.kube.connect import connect_cluster
from drills.engine import Engine, EnginePorts, ItemOutcome, LeftOutRule, Restored, RestoreOrder
from drills.engines import engine_factory
from drills.engines.velero.kinds import CONFIG_MAP, DOWNLOAD_REQUEST, RESTORE, STATUS_REQUEST
from drills.errors import DeadlinePassed, OutsideRefused
from drills.findings import Severity
from drills.marks import marks, selector
from drills.plan import DEFAULT_RULES
from drills.ports import Cluster, Deadline, Kind
from embedded.cluster import EmbeddedCluster
from tests.fakes.listeners import MemoryJournal, MemoryListener, NoShell

SERVICE = Kind("v1", "Service")
MARKS = marks("d1", "over-http")
SANDBOX = "engine-over-http"
OURS = (RESTORE, CONFIG_MAP, DOWNLOAD_REQUEST, STATUS_REQUEST)


@pytest.fixture
def embedded() -> Iterator[EmbeddedCluster]:
    """Return a cluster of this test's own, whose Velero server it may trouble."""
    with EmbeddedCluster() as cluster:
        yield cluster


@pytest.fixture
def drill(embedded: EmbeddedCluster, tmp_path: Path) -> "Drill":
    """Return a drill at the cluster."""
    path = embedded.kubeconfig(tmp_path / "config")
    cluster = connect_cluster(kubeconfig=str(path), context="embedded", clock=SystemClock())
    return Drill(cluster)


class Watchful(MemoryListener):
    """Does something once, as soon as the restore is in progress."""

    on_progress: Callable[[], None] | None = None

    def stage(self, name: str, state: str, message: str = "") -> None:
        """Hear of a stage."""
        super().stage(name, state, message)
        act = self.on_progress
        if message.startswith("InProgress") and act is not None:
            self.on_progress = None
            act()


class Drill:
    """An engine at the embedded cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.clock, self.journal = cluster, SystemClock(), MemoryJournal()
        self.listener = Watchful()
        self.stopped = threading.Event()
        ports = EnginePorts(
            cluster=cluster,
            clock=self.clock,
            downloads=HttpDownloads(),
            shell=NoShell(),
            journal=self.journal,
            listener=self.listener,
            stop=self.stopped.is_set,
            labels=MARKS,
        )
        self.engine: Engine = engine_factory("velero")(ports, namespace=None, options={})

    def within(self, seconds: float) -> Deadline:
        """Return the deadline so many seconds from now."""
        return Deadline(clock=self.clock, at=self.clock.monotonic() + seconds)

    def order(self, target: str) -> RestoreOrder:
        """Return the order for the newest usable production backup."""
        backup = max(
            (b for b in self.engine.list_backups() if b.unusable is None and b.schedule),
            key=lambda b: b.name,
        )
        namespaces = {"production": target}
        inspection = self.engine.inspect(backup, namespaces)
        assert inspection.inventory is not None
        assert not [f for f in inspection.findings if f.severity is Severity.CRITICAL]
        return RestoreOrder(
            drill_id="d1",
            backup=backup,
            inventory=inspection.inventory,
            namespaces=namespaces,
            left_out=tuple(LeftOutRule(resource=r, reason=why) for r, why in DEFAULT_RULES),
            labels=MARKS,
        )

    def restore(self, seconds: float = 30) -> Restored:
        """Restore into the sandbox, which is made first."""
        order = self.order(SANDBOX)
        metadata = {"name": SANDBOX, "labels": MARKS}
        self.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        return self.engine.restore(order, self.within(seconds))

    def left(self) -> list[str]:
        """Return the names of what carries our marks in Velero's namespace."""
        found = (self.cluster.list(kind, "velero", labels=selector("d1")) for kind in OURS)
        return [objects.name(obj) for objs in found for obj in objs]


def test_a_drill_from_survey_to_removal(drill: Drill) -> None:
    """Velero's semantics, its files and its deletion are all on the way."""
    assert drill.engine.survey().versions["velero"].startswith("v1.")
    restored = drill.restore()
    assert (restored.phase, restored.errors, restored.findings) == ("Completed", (), ())
    outcomes = {(i.kind, i.name): i.outcome for i in restored.items or ()}
    assert outcomes["Deployment", "shop"] is ItemOutcome.CREATED
    (volume,) = restored.volumes
    assert (volume.claim, volume.outcome, volume.bytes) == ("data-ledger-0", "restored", 819)
    types = {
        objects.name(service): objects.text(service, "spec", "type")
        for service in drill.cluster.list(SERVICE, SANDBOX)
    }
    assert types == {"ledger": "ClusterIP", "shop": "ClusterIP", "shop-nodeport": "ClusterIP"}
    assert drill.engine.remove("d1", drill.within(30)) == ()
    assert drill.left() == []


@pytest.mark.parametrize("phase", ["InProgress", "Finalizing"])
def test_a_restore_that_hangs_ends_at_our_deadline(
    embedded: EmbeddedCluster, drill: Drill, phase: str
) -> None:
    embedded.velero.hang(phase)
    with pytest.raises(DeadlinePassed, match=phase):
        drill.restore(seconds=1.5)
    embedded.velero.release()
    assert drill.engine.remove("d1", drill.within(30)) == ()
    assert drill.left() == []


def test_a_restore_deleted_under_our_feet_is_said_so(
    embedded: EmbeddedCluster, drill: Drill
) -> None:
    embedded.velero.delete_next_restore()
    with pytest.raises(OutsideRefused, match="somebody deleted"):
        drill.restore()


def test_a_server_that_restarts_is_not_the_backups_fault(
    embedded: EmbeddedCluster, drill: Drill
) -> None:
    embedded.velero.hang("InProgress")
    drill.listener.on_progress = embedded.velero.restart
    restored = drill.restore()
    assert restored.phase == "Failed"
    assert [(f.code, f.unanswered) for f in restored.findings] == [
        ("server-restarted", True),
        ("results-unread", False),
    ]


def test_items_that_fail_keep_veleros_own_words(embedded: EmbeddedCluster, drill: Drill) -> None:
    embedded.velero.fail_items("secrets/*", "admission webhook denied it")
    restored = drill.restore()
    assert restored.phase == "PartiallyFailed"
    assert any("admission webhook" in error for error in restored.errors)
    assert [(f.code, f.unanswered) for f in restored.findings] == [("webhook-denied", True)]


def test_results_that_were_never_uploaded_are_said(embedded: EmbeddedCluster, drill: Drill) -> None:
    embedded.velero.fail_items("secrets/*", "denied")
    embedded.velero.fail_uploads("*results.gz")
    restored = drill.restore()
    assert "results-unread" in {f.code for f in restored.findings if f.unanswered}


def test_a_lost_location_is_the_environments(embedded: EmbeddedCluster, drill: Drill) -> None:
    embedded.velero.lose_location()
    assert "location-unavailable" in {f.code for f in drill.engine.survey().findings}
    assert all(b.unusable_is_environment for b in drill.engine.list_backups())
