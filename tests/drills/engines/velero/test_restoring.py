"""A restore from its request to Velero's own account of it."""

import gzip
import json
from dataclasses import replace

import pytest

from drills import objects
from drills.engine import ItemOutcome, Restored, RestoreOrder
from drills.engines import engine_factory
from drills.engines.velero.kinds import (
    CONFIG_MAP,
    DATA_DOWNLOAD,
    DOWNLOAD_REQUEST,
    POD_VOLUME_RESTORE,
    RESTORE,
)
from drills.errors import AlreadyExists, DeadlinePassed, Forbidden, Interrupted, OutsideRefused
from drills.findings import Cause, Finding
from drills.objects import KubeObject
from drills.ports import Deadline
from tests.drills.engines.velero.orders import order_of
from tests.fakes.velero import MARKS, SAMPLE, FakeVelero

RESULTS = json.loads(
    gzip.decompress((SAMPLE / "restores/drill-shop/restore-drill-shop-results.gz").read_bytes())
)
MOVED = {"labels": {"velero.io/restore-name": "drill-d1"}, "namespace": "velero"}


class Drill:
    """One engine with the order for the genuine backup."""

    def __init__(self) -> None:
        self.velero = FakeVelero()
        ports = self.velero.ports()
        self.engine = engine_factory("velero")(ports, namespace=None, options={})

    def order(self) -> RestoreOrder:
        """Return the order for the genuine backup."""
        (backup,) = self.engine.list_backups()
        namespaces = {"production": "backup-test"}
        inventory = self.engine.inspect(backup, namespaces).inventory
        assert inventory is not None
        return RestoreOrder(
            drill_id="d1",
            backup=backup,
            inventory=inventory,
            namespaces=namespaces,
            left_out=(),
            labels=MARKS,
        )

    def restore(self, order: RestoreOrder | None = None, *, within: float = 600) -> Restored:
        """Restore within so many seconds."""
        clock = self.velero.clock
        deadline = Deadline(clock=clock, at=clock.monotonic() + within)
        return self.engine.restore(order or self.order(), deadline)

    def written(self) -> list[str]:
        """Return every write, verb and kind."""
        return [f"{verb} {kind.kind}" for verb, kind, _, _ in self.velero.cluster.calls]


def mover(kind: str, phase: str, done: int, **spec: object) -> KubeObject:
    version = "velero.io/v2alpha1" if kind == DATA_DOWNLOAD.kind else "velero.io/v1"
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "mover", **MOVED},
        "spec": spec,
        "status": {
            "phase": phase,
            "startTimestamp": "2026-11-21T09:00:01Z",
            "completionTimestamp": "2026-11-21T09:00:07Z",
            "progress": {"totalBytes": 819, "bytesDone": done},
        },
    }


def pod_mover(phase: str = "Completed", done: int = 819) -> KubeObject:
    pod = {"namespace": "backup-test", "name": "ledger-0"}
    return mover(POD_VOLUME_RESTORE.kind, phase, done, pod=pod, volume="data")


AGENT_STOPPED = (
    'error to expose PVR: error to create hosting pod: Post "https://10.96.0.1:443/api/v1/'
    'namespaces/velero/pods": context canceled'
)


def stopped_mover(message: str) -> KubeObject:
    failed = pod_mover("Failed", 100)
    return {**failed, "status": {**objects.mapping(failed, "status"), "message": message}}


def test_a_restore_that_completes_is_accounted_for() -> None:
    drill = Drill()
    drill.velero.cluster.put(pod_mover())
    restored = drill.restore()
    assert (restored.name, restored.phase) == ("drill-d1", "Completed")
    assert restored.requested_at <= (restored.started_at or restored.requested_at)
    assert restored.findings == ()
    assert restored.volume_seconds == 6
    (volume,) = restored.volumes
    assert (volume.claim, volume.namespace, volume.bytes, volume.outcome) == (
        "data-ledger-0",
        "production",
        819,
        "restored",
    )
    outcomes = {(i.kind, i.name): i.outcome for i in restored.items or ()}
    assert outcomes["Service", "shop-nodeport"] is ItemOutcome.FAILED
    assert outcomes["PersistentVolume", "local-1"] is ItemOutcome.SKIPPED
    assert outcomes["Deployment", "shop"] is ItemOutcome.CREATED


def test_what_is_submitted_is_what_describe_said() -> None:
    drill = Drill()
    order = drill.order()
    seen: list[KubeObject] = []
    drill.velero.cluster.react("create", RESTORE, seen.append)
    said = drill.engine.describe(replace(order, deadline_seconds=600))
    restored = drill.restore(order, within=600)
    assert objects.text(said, "restore", "spec", "itemOperationTimeout") == "600s"
    assert objects.mapping(seen[0], "spec") == objects.mapping(said, "restore", "spec")
    assert restored.submitted == said
    assert objects.labels(seen[0]) == MARKS
    assert "status" not in seen[0]


def test_describe_creates_nothing() -> None:
    drill = Drill()
    order = drill.order()
    drill.velero.cluster.calls.clear()
    drill.engine.describe(order)
    assert drill.written() == []


def test_each_creation_is_in_the_journal_first_and_the_modifier_before_the_restore() -> None:
    drill = Drill()
    order = drill.order()
    drill.velero.journal.lines.clear()
    drill.restore(order)
    made = [(line, thing.kind.kind) for line, thing in drill.velero.journal.lines][:4]
    assert made == [
        ("intend", "ConfigMap"),
        ("made", "ConfigMap"),
        ("intend", "Restore"),
        ("made", "Restore"),
    ]
    assert drill.velero.journal.lines[3][1].uid


def test_a_partial_failure_keeps_velero_s_own_words() -> None:
    drill = Drill()

    def fail(restore: KubeObject) -> None:
        drill.velero.finish(restore, "PartiallyFailed", RESULTS, errors=1, warnings=1)

    drill.velero.on_restore = fail
    drill.velero.cluster.put(pod_mover())
    restored = drill.restore()
    assert restored.phase == "PartiallyFailed"
    assert "already allocated" in restored.errors[0]
    assert "kube-root-ca.crt" in restored.warnings[0]
    assert [(f.code, f.unanswered) for f in restored.findings] == [("node-port-taken", True)]


NO_SERVER = (
    'failed to get server groups: Get "https://10.0.0.1/api": net/http: TLS handshake timeout'
)


@pytest.mark.parametrize(
    ("phase", "error", "cause"),
    [
        ("PartiallyFailed", NO_SERVER, Cause.ENVIRONMENT),
        (
            "PartiallyFailed",
            "dial tcp 10.0.0.1:443: connect: connection refused",
            Cause.ENVIRONMENT,
        ),
        ("PartiallyFailed", "error restoring configmaps/shop/a: it is malformed", None),
        ("PartiallyFailed", "fail to patch dynamic PV, err: context deadline exceeded", None),
        ("Completed", NO_SERVER, None),
    ],
)
def test_a_lost_connection_broke_the_restore_off(
    phase: str, error: str, cause: Cause | None
) -> None:
    """The one error names no object, and what it kept from coming back blames nobody."""
    drill = Drill()
    results = {"errors": {"velero": [error]}}
    drill.velero.on_restore = lambda restore: drill.velero.finish(
        restore, phase, results, errors=1, warnings=0
    )
    assert drill.restore().broken_off is cause


def test_waiting_in_the_queue_is_told_apart() -> None:
    drill = Drill()
    velero = drill.velero

    def later(restore: KubeObject) -> None:
        velero.clock.at(30, lambda: velero.complete(restore))

    velero.on_restore = later
    restored = drill.restore()
    assert restored.queue_seconds == 30
    assert ("restore", "progress", "waiting in Velero's queue") in velero.listener.stages


@pytest.mark.parametrize("phase", ["InProgress", "Finalizing", "WaitingForPluginOperations"])
def test_a_restore_that_hangs_ends_at_our_own_deadline(phase: str) -> None:
    drill = Drill()
    drill.velero.on_restore = lambda restore: drill.velero.move(restore, phase)
    with pytest.raises(DeadlinePassed, match=phase) as caught:
        drill.restore(within=120)
    assert "cannot cancel" in caught.value.hint
    assert 120 <= drill.velero.clock.monotonic() < 125


def test_a_restore_that_never_starts_points_at_the_server() -> None:
    drill = Drill()
    drill.velero.on_restore = lambda restore: None
    with pytest.raises(DeadlinePassed, match="New") as caught:
        drill.restore(within=60)
    assert "server" in caught.value.hint


def test_an_unknown_phase_is_waited_out_and_said() -> None:
    drill = Drill()
    velero = drill.velero

    def odd(restore: KubeObject) -> None:
        velero.move(restore, "Sideways")
        velero.clock.at(5, lambda: velero.complete(restore))

    velero.on_restore = odd
    assert drill.restore().phase == "Completed"
    assert any("Sideways is not known" in message for _, _, message in velero.listener.stages)


@pytest.mark.parametrize("terminating", [False, True])
def test_a_restore_deleted_under_our_feet_is_said_so(*, terminating: bool) -> None:
    drill = Drill()
    cluster = drill.velero.cluster

    def deleted(restore: KubeObject) -> None:
        name = objects.name(restore)
        if terminating:
            mark = {"deletionTimestamp": "2026-11-21T09:00:00Z", "finalizers": ["x"]}
            cluster.change(RESTORE, "velero", name, {"metadata": mark})
        else:
            drill.velero.clock.at(1, lambda: cluster.drop(RESTORE, "velero", name))

    drill.velero.on_restore = deleted
    with pytest.raises(OutsideRefused, match="somebody deleted"):
        drill.restore()


def test_a_stop_interrupts_the_wait() -> None:
    drill = Drill()
    velero = drill.velero

    def stop() -> None:
        velero.stopped = True

    velero.on_restore = lambda restore: velero.clock.at(2, stop)
    with pytest.raises(Interrupted):
        drill.restore()
    assert velero.clock.monotonic() < 4


def test_a_refused_restore_has_no_results_to_read() -> None:
    drill = Drill()

    def refuse(restore: KubeObject) -> None:
        errors = ["backup storage location default is unavailable"]
        drill.velero.move(restore, "FailedValidation", validationErrors=errors)

    drill.velero.on_restore = refuse
    restored = drill.restore()
    assert restored.started_at is None
    assert restored.queue_seconds is None
    assert restored.errors == ("backup storage location default is unavailable",)
    assert [f.code for f in restored.findings] == ["restore-refused"]


def results_unread(finding: Finding) -> bool:
    return finding.code == "results-unread"


@pytest.mark.parametrize(("errors", "unanswered"), [(0, False), (2, True)])
def test_results_that_cannot_be_had_are_said(errors: int, *, unanswered: bool) -> None:
    drill = Drill()
    drill.velero.unanswered = {"RestoreResults", "RestoreResourceList"}

    def end(restore: KubeObject) -> None:
        phase = "PartiallyFailed" if errors else "Completed"
        drill.velero.finish(restore, phase, {}, errors=errors)

    drill.velero.on_restore = end
    restored = drill.restore()
    (finding,) = filter(results_unread, restored.findings)
    assert finding.unanswered is unanswered
    assert restored.items is None


def test_a_request_for_results_that_is_refused_falls_back_to_the_store() -> None:
    drill = Drill()
    order = drill.order()
    drill.velero.cluster.refuse("create", DOWNLOAD_REQUEST, Forbidden("may not"))
    restored = drill.restore(order)
    assert restored.items is not None
    assert restored.findings == ()


@pytest.mark.parametrize(
    ("movers", "outcome", "size"),
    [
        ((pod_mover(),), "restored", 819),
        ((), "empty", None),
        ((pod_mover(done=0),), "empty", 0),
        ((pod_mover("Failed", 100),), "unknown", 100),
        ((stopped_mover("error to initialize data path: connection refused"),), "interrupted", 100),
        ((stopped_mover("error to get snapshot: checksum mismatch"),), "failed", 100),
        ((stopped_mover(AGENT_STOPPED),), "interrupted", 100),
        ((pod_mover("Canceled", 0),), "interrupted", 0),
        ((pod_mover("InProgress", 10),), "unknown", 10),
    ],
)
def test_what_became_of_the_data(
    movers: tuple[KubeObject, ...], outcome: str, size: int | None
) -> None:
    drill = Drill()
    for obj in movers:
        drill.velero.cluster.put(obj)
    (volume,) = drill.restore().volumes
    assert (volume.outcome, volume.bytes) == (outcome, size)


def test_movers_that_may_not_be_listed_leave_the_data_unknown() -> None:
    drill = Drill()
    order = drill.order()
    drill.velero.cluster.refuse("list", POD_VOLUME_RESTORE, Forbidden("may not"))
    (volume,) = drill.restore(order).volumes
    assert volume.outcome == "unknown"


def test_a_name_that_is_taken_is_not_touched() -> None:
    drill = Drill()
    order = drill.order()
    foreign = {"metadata": {"name": "drill-d1", "namespace": "velero"}, "data": {"a": "b"}}
    drill.velero.cluster.put({"apiVersion": "v1", "kind": CONFIG_MAP.kind, **foreign})
    with pytest.raises(AlreadyExists):
        drill.restore(order)
    kept = drill.velero.cluster.get(CONFIG_MAP, "velero", "drill-d1")
    assert objects.mapping(kept, "data") == {"a": "b"}


def test_nothing_but_restore_and_modifier_is_left_for_cleanup() -> None:
    drill = Drill()
    drill.restore()
    assert drill.velero.cluster.list(DOWNLOAD_REQUEST) == ()


def test_nothing_to_rewrite_means_no_modifier() -> None:
    drill = Drill()
    drill.restore(order_of())
    assert drill.velero.cluster.list(CONFIG_MAP) == ()
