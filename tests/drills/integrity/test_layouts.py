"""Each way of saving a volume, as each Velero from 1.14 to 1.18 writes it: nothing is said of it.

Shapes: `internal/volume/volumes_information.go`, `pkg/backup/backup.go` (FinalizeBackup) and
`pkg/controller/backup_controller.go` (persistBackup) of each version.
"""

import hashlib
import json
from collections.abc import Callable

import pytest

from drills.integrity.result import State
from tests.drills.integrity.buckets import (
    INFO,
    METADATA,
    OPERATIONS,
    PVBS,
    REAL,
    SNAPSHOTS,
    Files,
    check,
    codes,
    documents,
    key,
    put,
    rewritten,
)
from tests.drills.integrity.objects import SNAPSHOT, add, marked, snapshot_objects
from tests.drills.integrity.test_no_false_alarms import WRITTEN, layout
from tests.fakes.velero import PRODUCTION

HANDLE = "942374b025d9ef35f4e06556f669e26c"
CLAIM = {"pvcName": "data-ledger-0", "pvcNamespace": "production", "pvName": "local-1"}
HOLDS = {"snapshotDataMoved": False, "preserveLocalSnapshot": False, "skipped": False}
POLICY = {"pvInfo": {"reclaimPolicy": "Delete", "labels": None}}
STAMPS = {
    "startTimestamp": "2026-11-21T08:50:10Z",
    "completionTimestamp": "2026-11-21T08:50:13Z",
}
OPERATION = "du-e41644d4-5e55-4f5b-80b8-8cce3de70c7a.42ba1c8e"
UPLOAD = "production-daily-20261121085009-x7f2k"
Way = Callable[[Files, str], object]


def since(version: str, first: str, **fields: object) -> dict[str, object]:
    """Return the fields that Velero writes since a version."""
    return fields if version >= first else {}


def row(version: str, method: str, **details: object) -> list[dict[str, object]]:
    result = since(version, "1.15", result="succeeded")
    return [{**CLAIM, "backupMethod": method, **HOLDS, **STAMPS, **result, **details, **POLICY}]


def status(files: Files, **counts: object) -> None:
    found = json.loads(files[METADATA])
    found["status"].update(counts)
    put(files, METADATA, found)


def pod_volume(files: Files, version: str, uploader: str = "kopia", handle: str = HANDLE) -> None:
    size = 819 if handle else 0
    details = {"snapshotHandle": handle, "size": size, "uploaderType": uploader,
               "volumeName": "data", "podName": "ledger-0", "podNamespace": "production",
               "nodeName": "drill-node", **since(version, "1.15", Phase="Completed"),
               **since(version, "1.18", incrementalSize=size)}  # fmt: skip
    put(files, INFO, row(version, "PodVolumeBackup", pvbInfo=details))
    backups = documents(files, PVBS)
    assert isinstance(backups, list)
    backups[0]["spec"]["uploaderType"] = uploader
    backups[0]["status"]["snapshotID"] = handle
    put(files, PVBS, backups)


def by_restic(files: Files, version: str) -> None:
    """Velero 1.14 to 1.16 still wrote with restic, whose files are named by their hash."""
    handle = restic_repository(files)
    pod_volume(files, version, "restic", handle)


def restic_repository(files: Files) -> str:
    for name in [name for name in files if name.startswith("kopia/")]:
        del files[name]
    files["restic/production/config"] = b"sealed config"
    named: dict[str, str] = {}
    for sort in ("keys", "snapshots", "index", "data"):
        body = f"sealed {sort}".encode()
        named[sort] = hashlib.sha256(body).hexdigest()
        within = f"data/{named[sort][:2]}" if sort == "data" else sort
        files[f"restic/production/{within}/{named[sort]}"] = body
    return named["snapshots"][:8]


def empty_volume(files: Files, version: str) -> None:
    """Nothing was in the volume: Velero takes no snapshot and says so."""
    pod_volume(files, version, handle="")
    backups = documents(files, PVBS)
    assert isinstance(backups, list)
    del backups[0]["status"]["snapshotID"]
    backups[0]["status"]["message"] = "volume was empty so no snapshot was taken"
    put(files, PVBS, backups)


def native(files: Files, version: str) -> None:
    details = {"snapshotHandle": "snap-1", "volumeType": "gp3", "volumeAZ": "a", "iops": "100",
               **since(version, "1.15", Phase="Completed")}  # fmt: skip
    put(files, INFO, row(version, "NativeSnapshot", nativeSnapshotInfo=details))
    put(files, PVBS, None)
    spec = {"backupName": PRODUCTION, "backupUID": "u", "location": "default",
            "persistentVolumeName": "local-1", "providerVolumeID": "v"}  # fmt: skip
    snapshot = {"spec": spec, "status": {"providerSnapshotID": "snap-1", "phase": "Completed"}}
    put(files, SNAPSHOTS, [snapshot])
    status(files, volumeSnapshotsAttempted=1, volumeSnapshotsCompleted=1)


def operation(resource: str, name: str) -> dict[str, object]:
    identifier = {"Group": "", "Resource": "persistentvolumeclaims", "Namespace": "production",
                  "Name": "data-ledger-0"}  # fmt: skip
    group, _, space = ("velero.io", "", "velero") if resource == "datauploads" else (
        "snapshot.storage.k8s.io", "", "production")  # fmt: skip
    later = {"Group": group, "Resource": resource, "Namespace": space, "Name": name}
    spec = {"backupName": PRODUCTION, "backupUID": "u", "operationID": OPERATION,
            "backupItemAction": "velero.io/csi-pvc-backupper", "resourceIdentifier": identifier,
            "postOperationItems": [later]}  # fmt: skip
    return {"spec": spec, "status": {"phase": "Completed", "created": STAMPS["startTimestamp"]}}


def csi(files: Files, version: str) -> None:
    details = {"snapshotHandle": "s-1", "size": 1, "driver": "d", "vscName": "c",
               "operationID": OPERATION, **since(version, "1.16", ReadyToUse=True)}  # fmt: skip
    put(files, INFO, row(version, "CSISnapshot", csiSnapshotInfo=details))
    put(files, PVBS, None)
    put(files, OPERATIONS, [operation("volumesnapshots", SNAPSHOT)])
    for suffix in WRITTEN[version]:
        put(files, key(f"{suffix}.json.gz"), [{"metadata": {"name": "x"}}])
    snapshot_objects(files)
    status(files, backupItemOperationsAttempted=1, backupItemOperationsCompleted=1,
           csiVolumeSnapshotsAttempted=1, csiVolumeSnapshotsCompleted=1)  # fmt: skip


def data_mover(files: Files, version: str, handle: str = HANDLE) -> None:
    """The DataUpload is archived when it has ended, and is in no list."""
    size = 819 if handle else 0
    unknown = dict.fromkeys(("snapshotHandle", "vscName", "operationID"), "unknown")
    moved = {"dataMover": "velero", "uploaderType": "kopia", "retainedSnapshot": "",
             "snapshotHandle": handle, "operationID": OPERATION, "size": size,
             **since(version, "1.15", Phase="Completed"),
             **since(version, "1.18", incrementalSize=size)}  # fmt: skip
    info = row(version, "CSISnapshot", csiSnapshotInfo={**unknown, "size": 0, "driver": "d"},
               snapshotDataMovementInfo=moved)  # fmt: skip
    info[0]["snapshotDataMoved"] = True
    put(files, INFO, info)
    put(files, PVBS, None)
    put(files, OPERATIONS, [operation("datauploads", UPLOAD)])
    status(files, backupItemOperationsAttempted=1, backupItemOperationsCompleted=1)
    said = {} if handle else {"message": "volume was empty so no data was upload"}
    upload = {"apiVersion": "velero.io/v2alpha1", "kind": "DataUpload",
              "metadata": {"name": UPLOAD, "namespace": "velero",
                           "labels": {"velero.io/async-operation-id": OPERATION}},
              "spec": {"sourceNamespace": "production", "sourcePVC": "data-ledger-0"},
              "status": {"phase": "Completed", "snapshotID": handle, **said}}  # fmt: skip
    marked(files, {"velero.io/volume-snapshot-name": SNAPSHOT,
                   "velero.io/data-upload-name": UPLOAD})  # fmt: skip
    add(files, "datauploads.velero.io", upload)


def nothing_to_move(files: Files, version: str) -> None:
    data_mover(files, version, "")


WAYS: dict[str, tuple[Way, str, str]] = {
    "kopia": (pod_volume, "1.14", "1.18"),
    "restic": (by_restic, "1.14", "1.16"),
    "empty volume": (empty_volume, "1.14", "1.18"),
    "native snapshot": (native, "1.14", "1.18"),
    "csi snapshot": (csi, "1.14", "1.18"),
    "data mover": (data_mover, "1.14", "1.18"),
    "nothing to move": (nothing_to_move, "1.14", "1.18"),
}


@pytest.mark.parametrize(
    ("version", "way"),
    [
        (version, way)
        for way, (_, first, last) in WAYS.items()
        for version in WRITTEN
        if first <= version <= last
    ],
)
def test_an_undamaged_volume_is_good(version: str, way: str) -> None:
    files = layout(version, PRODUCTION)
    WAYS[way][0](files, version)
    found = check(files)
    assert codes(found) == ({"saved-by-restic"} if way == "restic" else set())
    assert found.state is State.GOOD


@pytest.mark.parametrize("way", ["data mover", "kopia"])
def test_a_handle_that_is_gone_is_no_empty_volume(way: str) -> None:
    files = layout("1.18", PRODUCTION)
    WAYS[way][0](files, "1.18")
    info = documents(files, INFO)
    assert isinstance(info, list)
    details = info[0]["pvbInfo" if way == "kopia" else "snapshotDataMovementInfo"]
    details["snapshotHandle"] = ""
    put(files, INFO, info)
    assert "volume-not-in-backup" in codes(check(files))


@pytest.mark.parametrize(
    ("said", "instead"),
    [(b"volume was empty", b"all went well"), (OPERATION.encode(), b"du-other")],
)
def test_1_14_must_say_itself_that_there_was_nothing_to_move(said: bytes, instead: bytes) -> None:
    """Its volumeinfo has no phase: only the volume's own DataUpload can tell."""
    files = layout("1.14", PRODUCTION)
    nothing_to_move(files, "1.14")

    def say(found: dict[str, bytes]) -> None:
        for path in [path for path in found if UPLOAD in path]:
            found[path] = found[path].replace(said, instead)

    rewritten(say)(files)
    assert "volume-not-in-backup" in codes(check(files))


def test_what_no_operation_names_is_still_strange() -> None:
    """Only what plugins waited for may be in the archive and in no list."""
    files = dict(REAL)
    data_mover(files, "1.18")

    def rename(found: dict[str, bytes]) -> None:
        for path in [path for path in found if UPLOAD in path]:
            found[path.replace(UPLOAD, "another")] = found.pop(path).replace(
                UPLOAD.encode(), b"another"
            )

    rewritten(rename)(files)
    assert "object-unlisted" in codes(check(files))
