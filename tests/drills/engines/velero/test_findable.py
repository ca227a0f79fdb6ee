"""Saved is not enough: what a restore looks up must be in the archive too."""

from dataclasses import replace

import pytest

from drills.backups import Absence, BackedUpObject, BackedUpVolume, ObjectKey
from drills.engines.velero.gaps import volume_findings
from drills.engines.velero.holdings import archived_volumes, pods_of, sources_of
from drills.engines.velero.judgement import backed_up
from drills.objects import KubeObject

ROW: dict[str, object] = {"pvcName": "data", "pvcNamespace": "production", "pvName": "pv-1"}
MOVED: dict[str, object] = {
    **ROW,
    "backupMethod": "CSISnapshot",
    "snapshotDataMoved": True,
    "snapshotDataMovementInfo": {"snapshotHandle": "h", "size": 9, "operationID": "du-1"},
}
SNAPPED: dict[str, object] = {
    **ROW,
    "backupMethod": "CSISnapshot",
    "csiSnapshotInfo": {"snapshotHandle": "h", "ReadyToUse": True},
}
NATIVE: dict[str, object] = {
    **ROW,
    "backupMethod": "NativeSnapshot",
    "nativeSnapshotInfo": {"snapshotHandle": "h", "Phase": "Completed"},
}
SAVED: dict[str, object] = {
    **ROW,
    "backupMethod": "PodVolumeBackup",
    "pvbInfo": {"snapshotHandle": "h", "Phase": "Completed", "size": 9},
}
SNAPSHOT_MARK = {"velero.io/volume-snapshot-name": "vs"}
MARKS = {**SNAPSHOT_MARK, "velero.io/data-upload-name": "du"}
CSI = "snapshot.storage.k8s.io"


def at(resource: str, name: str, namespace: str = "", **parts: object) -> BackedUpObject:
    extra = parts.pop("metadata", {})
    assert isinstance(extra, dict)
    metadata = {"name": name, "namespace": namespace, **extra}
    key = ObjectKey(resource=resource, namespace=namespace, name=name)
    return backed_up(key, {"kind": "Thing", "metadata": metadata, **parts})


def claim(annotations: dict[str, str] | None = None, phase: str = "Bound") -> BackedUpObject:
    return at(
        "persistentvolumeclaims",
        "data",
        "production",
        metadata={"annotations": annotations or {}},
        spec={"volumeName": "pv-1"},
        status={"phase": phase},
    )


VOLUME = at("persistentvolumes", "pv-1", spec={"persistentVolumeReclaimPolicy": "Delete"})


def upload(name: str, space: str = "velero", **status: object) -> BackedUpObject:
    said = {"phase": "Completed", "snapshotID": "h", **status}
    spec = {"sourceNamespace": "production", "sourcePVC": "data"}
    return at("datauploads.velero.io", name, space, spec=spec, status=said)


def mounting(name: str = "ledger-0", phase: str = "Running") -> BackedUpObject:
    volumes = [{"name": "disk", "persistentVolumeClaim": {"claimName": "data"}}]
    return at("pods", name, "production", spec={"volumes": volumes}, status={"phase": phase})


def saved_by(pod: str = "ledger-0", **status: object) -> KubeObject:
    return {
        "metadata": {"annotations": {"velero.io/pvc-name": "data"}},
        "spec": {"pod": {"namespace": "production", "name": pod}, "volume": "disk"},
        "status": {"phase": "Completed", "snapshotID": "h", **status},
    }


def judged(
    *found: BackedUpObject,
    row: KubeObject | None,
    backups: tuple[KubeObject, ...] = (),
    taken: tuple[KubeObject, ...] | None = None,
    spec: dict[str, object] | None = None,
) -> BackedUpVolume:
    sources = sources_of(
        found,
        pods=pods_of(found),
        backup={"spec": spec or {}},
        info=None if row is None else (row,),
        pod_volume_backups=backups,
        native_snapshots=taken,
    )
    (volume,) = archived_volumes(found, sources)
    return volume


def codes(found: BackedUpVolume) -> list[str]:
    return [finding.code for finding in volume_findings((found,), ("production",))]


def test_one_data_upload_is_what_a_restore_needs() -> None:
    found = judged(claim(MARKS), VOLUME, upload("du"), row=MOVED)
    assert found.has_data
    assert codes(found) == []


@pytest.mark.parametrize(
    ("uploads", "words"),
    [
        ((), "no DataUpload"),
        ((upload("a"), upload("b")), "2 DataUploads for it (velero/a, velero/b)"),
        ((upload("a"), upload("a", "backups")), "backups/a, velero/a"),
        ((upload("a"), upload("b", phase="Canceled")), "multiple DataUpload result cms"),
        ((upload("a", phase="InProgress"),), "its DataUpload is InProgress"),
        ((upload("a", phase=""),), "its DataUpload is New"),
        ((upload("a", snapshotID=""),), "names no snapshot"),
    ],
)
def test_none_or_several_data_uploads_cannot_be_restored(
    uploads: tuple[BackedUpObject, ...], words: str
) -> None:
    """velero#7057, #9235, #9472: the restore looks for exactly one, in every namespace."""
    found = judged(claim(MARKS), VOLUME, *uploads, row=MOVED)
    assert not found.has_data
    assert found.absence is Absence.UNREACHABLE
    assert words in found.reason
    assert codes(found) == ["volume-not-restorable"]


def test_the_data_upload_of_another_claim_is_none_of_this_one() -> None:
    other = at(
        "datauploads.velero.io",
        "other",
        "velero",
        spec={"sourceNamespace": "staging", "sourcePVC": "data"},
        status={"phase": "Completed", "snapshotID": "x"},
    )
    assert judged(claim(MARKS), VOLUME, upload("du"), other, row=MOVED).has_data


def test_a_claim_that_forgot_its_data_upload_comes_back_empty() -> None:
    found = judged(claim(SNAPSHOT_MARK), VOLUME, upload("du"), row=MOVED)
    assert codes(found) == ["volume-not-restorable"]
    assert "velero.io/data-upload-name" in found.reason
    assert codes(judged(claim(), VOLUME, upload("du"), row=MOVED)) == ["volume-in-doubt"]


def test_before_volumeinfo_the_data_upload_itself_tells() -> None:
    found = judged(claim(MARKS), VOLUME, upload("du"), row=None)
    assert (found.method, found.has_data) == ("DataMover", True)
    assert not judged(claim(MARKS), VOLUME, upload("a"), upload("b"), row=None).has_data


def snapshot(bound: str = "vsc") -> BackedUpObject:
    status = {"boundVolumeSnapshotContentName": bound} if bound else {}
    return at(f"volumesnapshots.{CSI}", "vs", "production", status=status)


def content(handle: str = "h") -> BackedUpObject:
    return at(f"volumesnapshotcontents.{CSI}", "vsc", status={"snapshotHandle": handle})


def test_a_snapshot_with_its_content_is_found() -> None:
    found = judged(claim(SNAPSHOT_MARK), VOLUME, snapshot(), content(), row=SNAPPED)
    assert codes(found) == ["volume-in-storage-only"]


@pytest.mark.parametrize(
    ("marks", "held", "words"),
    [
        ({}, (snapshot(), content()), "lacks the annotation"),
        (SNAPSHOT_MARK, (content(),), "lacks its VolumeSnapshot vs"),
        (SNAPSHOT_MARK, (snapshot(),), "lacks VolumeSnapshotContent vsc"),
        (SNAPSHOT_MARK, (snapshot(""), content()), "it is not bound"),
        (SNAPSHOT_MARK, (snapshot(), content("")), "names no snapshot"),
        ({"velero.io/volume-snapshot-name": "other"}, (snapshot(), content()), "other"),
    ],
)
def test_a_snapshot_that_is_not_whole_in_the_archive_is_not_found(
    marks: dict[str, str], held: tuple[BackedUpObject, ...], words: str
) -> None:
    found = judged(claim(marks), VOLUME, *held, row=SNAPPED)
    assert codes(found) == ["volume-not-restorable"]
    assert words in found.reason


def native(**status: object) -> KubeObject:
    said = {"phase": "Completed", "providerSnapshotID": "s", **status}
    return {"spec": {"persistentVolumeName": "pv-1"}, "status": said}


@pytest.mark.parametrize(
    ("taken", "has_data"),
    [
        (None, True),  # the list was not read
        ((native(),), True),
        ((native(phase="Failed"), native()), True),
        ((), False),
        ((native(phase="Failed"),), False),
        ((native(providerSnapshotID=""),), False),
    ],
)
def test_a_native_snapshot_needs_its_entry(
    taken: tuple[KubeObject, ...] | None, *, has_data: bool
) -> None:
    found = judged(claim(), VOLUME, row=NATIVE, taken=taken)
    assert found.has_data is has_data
    assert codes(found) == ([] if has_data else ["volume-not-restorable"])


def test_a_pod_fills_its_volume() -> None:
    found = judged(claim(), VOLUME, mounting(), row=SAVED, backups=(saved_by(),))
    assert found.has_data
    assert codes(found) == []


@pytest.mark.parametrize(
    ("pods", "words"),
    [
        ((), "pod ledger-0, which the archive lacks"),
        ((mounting(phase="Succeeded"),), "had ended (Succeeded)"),
    ],
)
def test_without_its_pod_nothing_fills_the_volume(
    pods: tuple[BackedUpObject, ...], words: str
) -> None:
    found = judged(claim(), VOLUME, *pods, row=SAVED, backups=(saved_by(),))
    assert codes(found) == ["volume-not-restorable"]
    assert words in found.reason


def test_one_pod_missing_among_others_is_strange_and_only_a_warning() -> None:
    """Velero archives each pod that it saves volumes of: what is left is for a drill to show."""
    found = judged(claim(), VOLUME, mounting("ledger-1"), row=SAVED, backups=(saved_by(),))
    assert found.has_data
    assert codes(found) == ["volume-in-doubt"]


def test_many_doubts_are_one_finding() -> None:
    found = judged(claim(), VOLUME, mounting("ledger-1"), row=SAVED, backups=(saved_by(),))
    many = [replace(found, claim=f"data-{number}") for number in range(40)]
    (finding,) = volume_findings(many, ("production",))
    assert "and 35 more claims" in finding.subject


def test_one_pod_of_several_is_enough() -> None:
    backups = (saved_by("gone"), saved_by())
    assert judged(claim(), VOLUME, mounting(), row=SAVED, backups=backups).has_data


def test_a_pod_volume_backup_without_a_snapshot_is_passed_over() -> None:
    backups = (saved_by(snapshotID=""),)
    found = judged(claim(), VOLUME, mounting(), row=SAVED, backups=backups)
    assert codes(found) == ["volume-not-in-backup"]


@pytest.mark.parametrize(
    ("row", "marks", "held", "never"),
    [
        (SAVED, {}, (mounting(),), True),
        (NATIVE, {}, (), True),
        (MOVED, MARKS, (upload("du"),), False),
        (SNAPPED, SNAPSHOT_MARK, (snapshot(), content()), False),
    ],
)
def test_a_claim_keeps_the_name_of_a_volume_that_is_not_archived(
    row: KubeObject, marks: dict[str, str], held: tuple[BackedUpObject, ...], *, never: bool
) -> None:
    """Velero takes it off where it comes across the volume, or makes a snapshot the source."""
    taken, backups = (native(),), (saved_by(),)
    found = judged(claim(marks), *held, row=row, taken=taken, backups=backups)
    assert found.has_data
    assert ("claim-cannot-bind" in codes(found)) is never
    whole = judged(claim(marks), VOLUME, *held, row=row, taken=taken, backups=backups)
    assert "claim-cannot-bind" not in codes(whole)


def test_a_claim_lost_in_the_source_blames_the_source() -> None:
    found = judged(claim(phase="Lost"), mounting("ledger-0", "Pending"), row=None)
    (finding,) = volume_findings((found,), ("production",))
    assert (finding.code, finding.cause) == ("claim-lost-in-source", "environment")
    assert "Lost" in finding.message
    assert codes(replace(found, absence=Absence.LOST)) == ["volume-not-in-backup"]
