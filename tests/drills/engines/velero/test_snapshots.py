"""Whether the storage still has the snapshots that claims were restored from."""

import pytest

from drills.backups import BackedUpVolume
from drills.engines.velero.orphans import CONTENT
from drills.engines.velero.site import Site
from drills.engines.velero.snapshots import Snapshots, check_snapshots, look_for_snapshots
from drills.errors import BackupUnreadable, Forbidden, Interrupted
from drills.findings import Cause
from drills.objects import KubeObject
from drills.ports import Deadline
from tests.drills.engines.velero.orders import order_of
from tests.drills.engines.velero.test_orphans import SERVED
from tests.fakes.engine import manifest
from tests.fakes.velero import FakeVelero

RESTORE = "drill-d1"
DRIVER = "disks.example.com"
PLACE = ("backup-test", "data")
SIDECAR = (
    "Failed to check and update snapshot content: failed to list snapshot for content c: "
    "can not find snapshot for snapshotID snap-7"
)


def claim(name: str = "data", source: str = "restored-vs") -> KubeObject:
    made_of = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": source}
    return manifest(
        "v1",
        "PersistentVolumeClaim",
        name,
        metadata={"namespace": "backup-test"},
        spec={"dataSource": made_of},
    )


def content(snapshot: str = "restored-vs", **status: object) -> KubeObject:
    return manifest(
        CONTENT.api_version,
        CONTENT.kind,
        f"content-of-{snapshot}",
        metadata={"labels": {"velero.io/restore-name": RESTORE}},
        spec={
            "driver": DRIVER,
            "deletionPolicy": "Retain",
            "source": {"snapshotHandle": "snap-7"},
            "volumeSnapshotRef": {"namespace": "backup-test", "name": snapshot},
        },
        status=status,
    )


def original(driver: str = DRIVER) -> KubeObject:
    csi = {"driver": driver, "volumeHandle": "vol-1"}
    return manifest("v1", "PersistentVolume", "pv-data", spec={"csi": csi})


def volume(claim: str = "data", method: str = "CSISnapshot") -> BackedUpVolume:
    return BackedUpVolume(
        claim=claim,
        namespace="production",
        volume=f"pv-{claim}",
        method=method,
        bytes=100,
        has_data=True,
    )


def world(*present: KubeObject) -> FakeVelero:
    velero = FakeVelero()
    velero.cluster.kinds = (*velero.cluster.kinds, SERVED)
    for obj in present:
        velero.cluster.put(obj)
    return velero


def looked(velero: FakeVelero, *volumes: BackedUpVolume, seconds: float = 300) -> Snapshots:
    deadline = Deadline(clock=velero.clock, at=velero.clock.monotonic() + seconds)
    site = Site(ports=velero.ports(), namespace="velero")
    order = order_of(volumes=volumes or (volume(),))
    return look_for_snapshots(site, order, RESTORE, deadline)


def test_a_snapshot_that_is_ready_is_a_restored_volume() -> None:
    found = looked(world(claim(), content(readyToUse=True)))
    assert (found.outcomes, found.findings) == ({PLACE: "restored"}, ())


@pytest.mark.parametrize(
    "said",
    [
        SIDECAR,
        "rpc error: code = NotFound desc = snapshot snap-7 not found",
        "InvalidSnapshot.NotFound: The snapshot 'snap-7' does not exist.",
    ],
)
def test_a_snapshot_that_the_storage_lost_is_the_backups_damage(said: str) -> None:
    """Velero says Completed, and the claim would stay Pending for ever."""
    found = looked(world(claim(), content(error={"message": said}), original()))
    assert found.outcomes == {PLACE: "failed"}
    (finding,) = found.findings
    assert (finding.code, finding.cause, finding.unanswered) == (
        "snapshot-gone",
        Cause.BACKUP,
        False,
    )
    assert "snap-7" in finding.message
    assert "production/data" in finding.subject


@pytest.mark.parametrize("there", [(), (original("other.example.com"),)])
def test_another_clusters_storage_need_not_have_it(there: tuple[KubeObject, ...]) -> None:
    """Without production's own volume beside it nobody knows whether this is the same storage."""
    found = looked(world(claim(), content(error={"message": SIDECAR}), *there))
    (finding,) = found.findings
    assert found.outcomes == {PLACE: "interrupted"}
    assert (finding.code, finding.cause, finding.unanswered) == (
        "snapshot-not-here",
        Cause.ENVIRONMENT,
        True,
    )
    assert "snapshotMoveData" in finding.remedy


def test_other_words_of_a_driver_blame_nobody_and_are_told_in_full() -> None:
    said = "rpc error: code = Unavailable desc = backend is in maintenance"
    found = looked(world(claim(), content(error={"message": said}), original()))
    (finding,) = found.findings
    assert found.outcomes == {PLACE: "interrupted"}
    assert (finding.code, finding.unanswered) == ("snapshot-not-ready", True)
    assert said in finding.message


def test_a_storage_that_says_nothing_is_not_waited_for_to_the_deadline() -> None:
    velero = world(claim(), content())
    began = velero.clock.monotonic()
    found = looked(velero, seconds=3600)
    assert velero.clock.monotonic() - began < 120
    assert [finding.code for finding in found.findings] == ["snapshot-not-ready"]
    assert "nobody has answered" in found.findings[0].message


def test_each_claim_has_its_own_snapshot() -> None:
    velero = world(
        claim("data", "vs-data"),
        claim("logs", "vs-logs"),
        content("vs-data", readyToUse=True),
        content("vs-logs", error={"message": SIDECAR}),
        original(),
        manifest("v1", "PersistentVolume", "pv-logs", spec={"csi": {"driver": DRIVER}}),
    )
    found = looked(velero, volume("data"), volume("logs"))
    assert found.outcomes == {PLACE: "restored", ("backup-test", "logs"): "failed"}
    assert [finding.subject for finding in found.findings] == [
        "persistentvolumeclaim production/logs"
    ]


def test_a_claim_that_came_back_without_a_snapshot_is_left_to_others() -> None:
    """Velero without its feature EnableCSI makes it empty; its own account does not list it."""
    bare = manifest(
        "v1", "PersistentVolumeClaim", "data", metadata={"namespace": "backup-test"}, spec={}
    )
    assert looked(world(bare)) == Snapshots()


@pytest.mark.parametrize("method", ["PodVolumeBackup", "DataMover", "NativeSnapshot"])
def test_volumes_of_another_method_are_not_asked_about(method: str) -> None:
    velero = world(claim(), content(error={"message": SIDECAR}), original())
    assert looked(velero, volume(method=method)) == Snapshots()


def test_a_cluster_that_may_not_be_asked_says_nothing_false() -> None:
    velero = world(claim(), content(error={"message": SIDECAR}), original())
    velero.cluster.refuse("watch", CONTENT, Forbidden("may not watch"))
    assert looked(velero) == Snapshots()
    assert looked(FakeVelero()) == Snapshots()


def test_a_drill_that_is_stopped_stops_here_too() -> None:
    velero = world(claim(), content())
    velero.stopped = True
    with pytest.raises(Interrupted):
        looked(velero)


def test_a_restore_that_did_not_end_for_a_lost_snapshot_is_the_backups_fault() -> None:
    """Velero waits ten minutes for a claim that binds at once; a drill's deadline is less."""
    velero = world(claim(), content(error={"message": SIDECAR}), original())
    site = Site(ports=velero.ports(), namespace="velero")
    with pytest.raises(BackupUnreadable, match="has no snapshot snap-7"):
        check_snapshots(site, order_of(volumes=(volume(),)))


def test_a_restore_that_did_not_end_for_another_reason_is_not() -> None:
    velero = world(claim(), content(readyToUse=True), original())
    check_snapshots(Site(ports=velero.ports(), namespace="velero"), order_of(volumes=(volume(),)))
    assert velero.cluster.get(CONTENT, "", "content-of-restored-vs") is not None
