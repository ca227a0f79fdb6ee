"""A bucket whose files agree, and whose backup a restore could not use: `verify` knows it."""

import json
from collections.abc import Callable

import pytest

from drills.findings import Severity
from drills.integrity.result import BackupCheck, State
from drills.objects import KubeObject
from tests.drills.integrity.buckets import INFO, METADATA, PVBS, REAL, Files, check, put, rewritten
from tests.drills.integrity.objects import SNAPSHOT, add, drop
from tests.drills.integrity.test_layouts import csi, data_mover, native
from tests.drills.integrity.test_no_false_alarms import layout
from tests.fakes.velero import PRODUCTION

UPLOAD_OF_ANOTHER: KubeObject = {
    "apiVersion": "velero.io/v2alpha1",
    "kind": "DataUpload",
    "metadata": {"name": "yesterday-1", "namespace": "velero"},
    "spec": {"sourceNamespace": "production", "sourcePVC": "data-ledger-0"},
    "status": {"phase": "Completed", "snapshotID": "old"},
}
SKIPPED = {
    "pvcName": "data-ledger-0",
    "pvcNamespace": "production",
    "pvName": "local-1",
    "skipped": True,
    "pvInfo": {"reclaimPolicy": "Delete", "labels": None},
}
NO_WAY = "volumeSnapshot: not satisfy the criteria for VolumePolicy or the legacy snapshot way;"
NOT_RUNNING = (
    "podvolume: encountered a problem with backing up the PVC of pod production/ledger-0: pod is "
    "not in the expected status, name=ledger-0, namespace=production, phase=Pending: pod is not "
    "running;"
)
SNAPSHOTS = "volumesnapshots.snapshot.storage.k8s.io"
CONTENTS = "volumesnapshotcontents.snapshot.storage.k8s.io"


def said(found: BackupCheck, severity: Severity) -> dict[str, str]:
    return {f.code: f.message for f in found.findings if f.severity is severity}


def asked(files: Files, **spec: object) -> None:
    found = json.loads(files[METADATA])
    found["spec"].update(spec)
    put(files, METADATA, found)


def skip(reason: str, **spec: object) -> Callable[[Files], None]:
    def edit(files: Files) -> None:
        put(files, INFO, [{**SKIPPED, "skippedReason": reason}])
        put(files, PVBS, None)
        asked(files, **spec)

    return edit


def two_uploads(files: Files) -> None:
    data_mover(files, "1.18")
    add(files, "datauploads.velero.io", UPLOAD_OF_ANOTHER, listed=True)


def no_upload(files: Files) -> None:
    data_mover(files, "1.18")
    drop(files, "datauploads.velero.io", "production-daily-20261121085009-x7f2k")


def no_snapshot(files: Files) -> None:
    csi(files, "1.18")
    drop(files, SNAPSHOTS, SNAPSHOT)


def no_content(files: Files) -> None:
    csi(files, "1.18")
    drop(files, CONTENTS, "c")


def no_pods(files: Files) -> None:
    for name in ("ledger-0", "migrate-5b5rg", "shop-654c845dd7-5pqq7", "shop-654c845dd7-7mm2n"):
        drop(files, "pods", name)
    asked(files, excludedResources=["pods"])


DAMAGES: dict[str, tuple[Callable[[Files], object], str, str]] = {
    "two data uploads": (two_uploads, "volume-not-restorable", "2 DataUploads"),
    "no data upload": (no_upload, "volume-not-restorable", "no DataUpload"),
    "no snapshot": (no_snapshot, "volume-not-restorable", "lacks its VolumeSnapshot"),
    "no content": (no_content, "volume-not-restorable", "lacks VolumeSnapshotContent"),
    "no pods": (no_pods, "volume-not-restorable", "which the archive lacks"),
    "no volume": (
        lambda files: drop(files, "persistentvolumes", "local-1"),
        "claim-cannot-bind",
        "local-1",
    ),
    "no account": (
        lambda files: drop(files, "serviceaccounts", "shop"),
        "service-account-not-in-backup",
        "Deployment shop",
    ),
    "no config": (
        lambda files: drop(files, "configmaps", "shop-config"),
        "configmap-not-in-backup",
        "shop-config",
    ),
    "pod not running": (
        skip(NOT_RUNNING + NO_WAY, snapshotVolumes=False),
        "volume-not-in-backup",
        "ledger-0 (phase Pending)",
    ),
    "no snapshotter": (
        skip(
            "volumeSnapshot: no applicable volumesnapshotter found;", defaultVolumesToFsBackup=False
        ),
        "volume-not-in-backup",
        "a snapshot was wanted",
    ),
    "unknown reason": (
        skip("podvolume: it rained;", snapshotVolumes=False),
        "volume-not-in-backup",
        "podvolume: it rained",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "code", "words"), DAMAGES.values(), ids=DAMAGES)
def test_what_a_restore_would_lack_is_known(
    damage: Callable[[Files], object], code: str, words: str
) -> None:
    files = layout("1.18", PRODUCTION)
    damage(files)
    found = check(files)
    critical = said(found, Severity.CRITICAL)
    assert found.state is State.DAMAGED
    assert words in critical[code]
    assert set(critical) == {code}


def test_one_pod_that_is_not_there_is_a_warning() -> None:
    files = dict(REAL)
    drop(files, "pods", "ledger-0")
    found = check(files)
    assert found.state is State.GOOD
    assert "ledger-0, which the archive lacks" in said(found, Severity.WARNING)["volume-in-doubt"]


CHOSEN: dict[str, Callable[[Files], None]] = {
    "policy": skip("any: skipped due to resource policy ;" + NO_WAY, snapshotVolumes=False),
    "label": skip("any: item has label velero.io/exclude-from-backup=true;"),
    "annotation": skip("podvolume: opted out due to annotation in pod ledger-0;" + NO_WAY),
    "neither way asked for": skip(NO_WAY, snapshotVolumes=False, defaultVolumesToFsBackup=False),
}


@pytest.mark.parametrize("choice", CHOSEN.values(), ids=CHOSEN)
def test_what_somebody_left_out_is_a_warning(choice: Callable[[Files], None]) -> None:
    files = layout("1.18", PRODUCTION)
    choice(files)
    found = check(files)
    assert found.state is State.GOOD
    assert set(said(found, Severity.WARNING)) == {"volume-skipped"}


def test_a_native_snapshot_and_its_list_agree() -> None:
    files = layout("1.18", PRODUCTION)
    native(files, "1.18")
    assert said(check(files), Severity.CRITICAL) == {}


def test_a_claim_that_was_lost_in_the_source_is_no_damage() -> None:
    files = dict(REAL)

    def lose(entries: dict[str, bytes]) -> None:
        for path in [path for path in entries if path.endswith("/data-ledger-0.json")]:
            claim = json.loads(entries[path])
            claim["status"]["phase"] = "Lost"
            entries[path] = json.dumps(claim).encode()

    rewritten(lose)(files)
    drop(files, "persistentvolumes", "local-1")
    put(files, INFO, [])
    put(files, PVBS, None)
    found = check(files)
    assert found.state is State.GOOD
    assert "Lost" in said(found, Severity.WARNING)["claim-lost-in-source"]


def test_excluded_secrets_are_told_as_what_a_restore_lacks() -> None:
    files = dict(REAL)
    drop(files, "configmaps", "shop-config")
    asked(files, excludedResources=["configmaps"])
    found = check(files)
    assert found.state is State.GOOD
    assert "leaves every ConfigMap out" in said(found, Severity.WARNING)["configmap-not-in-backup"]


def test_a_sealed_copy_may_still_be_opened() -> None:
    files = dict(REAL)
    drop(files, "configmaps", "shop-config")
    sealed: KubeObject = {
        "apiVersion": "example.com/v1",
        "kind": "Vault",
        "metadata": {"name": "shop", "namespace": "production"},
    }
    add(files, "vaults.example.com", sealed, listed=True)
    found = check(files)
    assert found.state is State.GOOD
    assert "vaults.example.com shop" in said(found, Severity.WARNING)["configmap-not-in-backup"]
