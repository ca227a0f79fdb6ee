"""Which claims have their data in the backup; a wrong answer here is a false `passed`."""

import pytest

from drills.backups import BackedUpObject, BackedUpVolume, ObjectKey
from drills.engines.velero.gaps import volume_findings
from drills.engines.velero.judgement import backed_up
from drills.engines.velero.volumes import VolumeSources, volumes_of
from drills.findings import Severity
from drills.objects import KubeObject
from tests.drills.engines.velero.orders import held

START = "2026-11-21T08:50:10Z"
ROW: dict[str, object] = {
    "pvcName": "data",
    "pvcNamespace": "production",
    "pvName": "pv-1",
    "backupMethod": "PodVolumeBackup",
    "skipped": False,
    "startTimestamp": START,
    "result": "succeeded",
    "pvbInfo": {"snapshotHandle": "abc", "size": 819, "Phase": "Completed"},
    "pvInfo": {"reclaimPolicy": "Delete"},
}
SAVED: KubeObject = {
    "metadata": {"annotations": {"velero.io/pvc-name": "data"}},
    "spec": {"pod": {"namespace": "production"}},
    "status": {
        "phase": "Completed",
        "snapshotID": "abc",
        "startTimestamp": START,
        "progress": {"totalBytes": 819, "bytesDone": 819},
    },
}


def claim(**metadata: object) -> BackedUpObject:
    spec = {"volumeName": "pv-1"}
    return held("persistentvolumeclaims", "data", metadata=metadata, spec=spec)


def volume(policy: str) -> BackedUpObject:
    key = ObjectKey(resource="persistentvolumes", namespace="", name="pv-1")
    spec = {"persistentVolumeReclaimPolicy": policy}
    return backed_up(key, {"metadata": {"name": "pv-1"}, "spec": spec})


def judged(
    row: dict[str, object] | None,
    *,
    saved: tuple[KubeObject, ...] = (SAVED,),
    policy: str = "Delete",
    of: BackedUpObject | None = None,
    snapshots: tuple[KubeObject, ...] | None = None,
) -> BackedUpVolume:
    info = None if row is None else ({**ROW, **row},)
    sources = VolumeSources(info=info, pod_volume_backups=saved, native_snapshots=snapshots)
    (found,) = volumes_of((of or claim(),), (volume(policy),), sources)
    return found


def codes(found: BackedUpVolume) -> list[str]:
    return [finding.code for finding in volume_findings((found,), ("production",))]


def test_a_saved_volume_has_data_and_its_own_instant() -> None:
    found = judged({})
    assert found.has_data
    assert (found.method, found.bytes) == ("PodVolumeBackup", 819)
    assert str(found.data_instant) == "2026-11-21 08:50:10+00:00"
    assert codes(found) == []


@pytest.mark.parametrize(
    ("row", "method"),
    [
        (
            {
                "backupMethod": "CSISnapshot",
                "snapshotDataMoved": True,
                "snapshotDataMovementInfo": {"snapshotHandle": "h", "Phase": "Completed"},
            },
            "DataMover",
        ),
        (
            {
                "backupMethod": "CSISnapshot",
                "csiSnapshotInfo": {"snapshotHandle": "h", "ReadyToUse": True},
            },
            "CSISnapshot",
        ),
        (
            {
                "backupMethod": "NativeSnapshot",
                "nativeSnapshotInfo": {"snapshotHandle": "h", "Phase": "Completed"},
            },
            "NativeSnapshot",
        ),
    ],
)
def test_every_method_can_hold_data(row: dict[str, object], method: str) -> None:
    found = judged(row, saved=())
    assert found.has_data
    assert found.method == method


def test_a_snapshot_that_was_not_moved_is_worth_a_note() -> None:
    info = {"snapshotHandle": "h"}
    row: dict[str, object] = {"backupMethod": "CSISnapshot", "csiSnapshotInfo": info}
    assert codes(judged(row, saved=())) == ["volume-in-storage-only"]


@pytest.mark.parametrize(
    ("row", "saved"),
    [
        ({"skipped": True, "skippedReason": "opted out", "backupMethod": ""}, ()),
        ({"backupMethod": ""}, ()),
        ({"result": "failed"}, (SAVED,)),
        ({"pvbInfo": {"snapshotHandle": "abc", "Phase": "Failed"}}, (SAVED,)),
        ({"pvbInfo": {"snapshotHandle": "", "Phase": "Completed"}}, (SAVED,)),
        ({"pvbInfo": {}}, (SAVED,)),
        ({}, ()),
        ({}, ({**SAVED, "status": {"phase": "Failed"}},)),
        ({}, ({**SAVED, "status": {}},)),
        ({}, ({**SAVED, "spec": {"pod": {"namespace": "other"}}},)),
        ({"pvcName": "other"}, ()),
        ({"pvcNamespace": "other"}, ()),
        (
            {
                "backupMethod": "CSISnapshot",
                "snapshotDataMoved": True,
                "snapshotDataMovementInfo": {"snapshotHandle": "h", "Phase": "Canceled"},
            },
            (),
        ),
        (
            {
                "backupMethod": "CSISnapshot",
                "csiSnapshotInfo": {"snapshotHandle": "h", "ReadyToUse": False},
            },
            (),
        ),
        ({"backupMethod": "Carrier pigeon"}, (SAVED,)),
    ],
)
def test_data_that_is_not_there_is_critical(
    row: dict[str, object], saved: tuple[KubeObject, ...]
) -> None:
    found = judged(row, saved=saved)
    (finding,) = volume_findings((found,), ("production",))
    assert not found.has_data
    assert finding.code == "volume-not-in-backup"
    assert finding.severity is Severity.CRITICAL
    assert finding.subject == "persistentvolumeclaim production/data"
    assert found.reason in finding.message


def test_a_retained_volume_without_data_would_be_productions_own() -> None:
    row: dict[str, object] = {
        "skipped": True,
        "skippedReason": "opted out",
        "backupMethod": "",
        "pvInfo": {"reclaimPolicy": "Retain"},
    }
    found = judged(row, saved=(), policy="Retain")
    assert found.restored_as_is
    assert codes(found) == ["volume-restored-as-is"]


def test_the_archived_volumes_policy_counts_as_it_does_in_a_restore() -> None:
    row: dict[str, object] = {"skipped": True, "backupMethod": ""}
    assert judged(row, saved=(), policy="Retain").restored_as_is
    row["pvInfo"] = {"reclaimPolicy": "Retain"}
    assert not judged(row, saved=(), policy="Delete").restored_as_is


def test_a_failed_upload_of_a_retained_volume_comes_back_empty_not_as_it_is() -> None:
    """A restore goes by the method in volumeinfo and provisions a new volume."""
    found = judged({"result": "failed"}, saved=(), policy="Retain")
    assert not found.has_data
    assert not found.restored_as_is


def test_before_volumeinfo_a_retained_volume_without_saved_data_is_attached() -> None:
    assert judged(None, saved=(), policy="Retain").restored_as_is
    assert not judged(None, policy="Retain").restored_as_is


@pytest.mark.parametrize("row", [{"backupMethod": "PodVolumeBackup", "pvbInfo": {}}, None])
def test_a_volume_that_was_empty_is_there_with_nothing_in_it(row: dict[str, object] | None) -> None:
    said = {"phase": "Completed", "message": "volume was empty so no snapshot was taken"}
    found = judged(row, saved=({**SAVED, "status": said},))
    assert (found.has_data, found.was_empty) == (True, True)
    assert not judged(row, saved=(SAVED,)).was_empty


def test_a_snapshot_that_is_not_named_is_missed_whatever_else_was_empty() -> None:
    """What file-system backup said of the claim says nothing of a snapshot of it."""
    empty = {
        **SAVED,
        "status": {"phase": "Completed", "message": "volume was empty so no snapshot"},
    }
    row: dict[str, object] = {"backupMethod": "CSISnapshot", "csiSnapshotInfo": {}}
    assert not judged(row, saved=(empty,)).has_data


def test_volumes_out_of_scope_are_not_judged() -> None:
    found = judged({"skipped": True}, saved=())
    assert volume_findings((found,), ("elsewhere",)) == ()


@pytest.mark.parametrize(
    "of",
    [
        held("persistentvolumeclaims", "data", spec={}),
        claim(ownerReferences=[{"kind": "Pod", "name": "p", "controller": True}]),
    ],
)
def test_a_claim_without_data_of_its_own_is_not_missed(of: BackedUpObject) -> None:
    """It was never bound, or its data ends with its pod anyway."""
    sources = VolumeSources(info=(), pod_volume_backups=())
    assert volumes_of((of,), (), sources) == ()


def test_before_volumeinfo_the_pod_volume_backup_decides() -> None:
    assert judged(None).has_data
    assert judged(None).bytes == 819
    assert not judged(None, saved=({**SAVED, "status": {"phase": "Failed"}},)).has_data
    assert not judged(None, saved=()).has_data


@pytest.mark.parametrize(
    ("phase", "has_data"), [("Completed", True), ("Failed", False), ("", False)]
)
def test_before_volumeinfo_a_native_snapshot_counts(phase: str, *, has_data: bool) -> None:
    status = {"phase": phase, "providerSnapshotID": "snap-1"}
    snapshot = {"spec": {"persistentVolumeName": "pv-1"}, "status": status}
    assert judged(None, saved=(), snapshots=(snapshot,)).has_data is has_data


def test_before_volumeinfo_a_csi_snapshot_is_known_by_annotation() -> None:
    marked = claim(annotations={"velero.io/volume-snapshot-name": "s"})
    assert judged(None, saved=(), of=marked).method == "CSISnapshot"
