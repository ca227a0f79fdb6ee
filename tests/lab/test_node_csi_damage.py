"""CSI on the real node, damaged: each fails, before the restore where the archive can tell."""

import secrets
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.lab import csi_drills, stored
from tests.lab.conftest import Lab
from tests.lab.csi_drills import Files
from tests.lab.drilling import Desk, Ended
from tests.lab.footprint import difference, footprint
from tests.lab.node import csi

pytestmark = [pytest.mark.node, pytest.mark.timeout(1200)]
UPLOADS = "datauploads.velero.io"
SNAPSHOTS = "volumesnapshots.snapshot.storage.k8s.io"
CONTENTS = "volumesnapshotcontents.snapshot.storage.k8s.io"


@pytest.fixture(scope="module")
def files(csi_lab: Lab) -> Iterator[Files]:
    """The application on two CSI volumes."""
    name = f"csi-{secrets.token_hex(3)}"
    made = csi_drills.lay(csi_lab.cluster, csi_lab.kubeconfig, name)
    yield made
    csi_drills.remove(made)


@pytest.fixture
def backup(csi_lab: Lab, files: Files) -> Iterator[str]:
    """A backup by snapshots, for one test to damage."""
    yield from _backup(csi_lab, files, moved=False)


@pytest.fixture
def moved(csi_lab: Lab, files: Files) -> Iterator[str]:
    """A backup with moved data, for one test to damage."""
    yield from _backup(csi_lab, files, moved=True)


def _backup(lab: Lab, files: Files, *, moved: bool) -> Iterator[str]:
    name = f"damaged-{secrets.token_hex(3)}"
    yield csi_drills.back_up(lab.cluster, name, files.namespace, moved=moved)
    csi_drills.forget(lab.cluster, name)


def _damage(lab: Lab, backup: str, edit: stored.Edit) -> None:
    location = lab.cluster.find("velero.io/v1", "BackupStorageLocation", "default", "velero") or {}
    spec: Any = location["spec"]
    stored.edit_archive(stored.store(spec["config"]["s3Url"]), backup, edit)


def _codes(ended: Ended) -> set[str]:
    return {str(found["code"]) for found in ended.rows("findings") if found["severity"] != "info"}


def _stages(ended: Ended) -> list[str]:
    return [str(stage["name"]) for stage in ended.rows("stages") if stage["outcome"] != "skipped"]


def test_a_snapshot_that_was_deleted_behind_veleros_back(
    csi_lab: Lab, files: Files, backup: str, node_desk: Desk
) -> None:
    """Every file of the backup is whole; only the storage can tell."""
    for snapshot in csi.snapshots():
        shutil.rmtree(csi.folder_of() / "snapshots" / snapshot)
    before = footprint(csi_lab.cluster, csi_lab.velero_namespace, (files.namespace,))
    ended = csi_drills.drill(node_desk, files, backup)
    assert (ended.code, ended.report["verdict"]) == (1, "failed"), ended.text
    assert "snapshot-gone" in _codes(ended), ended.text
    assert {reason["cause"] for reason in ended.rows("reasons")} == {"backup"}, ended.text
    after = footprint(csi_lab.cluster, csi_lab.velero_namespace, (files.namespace,))
    assert difference(before, after) == {}


SNAPSHOT_DAMAGES: Mapping[str, stored.Edit] = {
    "no VolumeSnapshot": stored.without(SNAPSHOTS),
    "no VolumeSnapshotContent": stored.without(CONTENTS),
}


@pytest.mark.parametrize("edit", SNAPSHOT_DAMAGES.values(), ids=SNAPSHOT_DAMAGES)
def test_a_snapshot_whose_objects_are_not_in_the_archive(
    csi_lab: Lab, files: Files, backup: str, node_desk: Desk, edit: stored.Edit
) -> None:
    _damage(csi_lab, backup, edit)
    _fails_before_the_restore(csi_drills.drill(node_desk, files, backup))


def _not_completed(document: dict[str, Any]) -> None:
    document["status"]["phase"] = "Failed"
    document["status"].pop("snapshotID", None)


MOVED_DAMAGES: Mapping[str, stored.Edit] = {
    "no DataUpload": stored.without(UPLOADS, '"archive"'),
    "two DataUploads": stored.twice(UPLOADS, '"archive"'),
    "a DataUpload that failed": stored.changed(UPLOADS, _not_completed, '"archive"'),
}


@pytest.mark.parametrize("edit", MOVED_DAMAGES.values(), ids=MOVED_DAMAGES)
def test_moved_data_that_no_restore_would_find(
    csi_lab: Lab, files: Files, moved: str, node_desk: Desk, edit: stored.Edit
) -> None:
    """Velero looks for exactly one DataUpload of a claim."""
    _damage(csi_lab, moved, edit)
    _fails_before_the_restore(csi_drills.drill(node_desk, files, moved))


def _fails_before_the_restore(ended: Ended) -> None:
    assert (ended.code, ended.report["verdict"]) == (1, "failed"), ended.text
    assert {reason["cause"] for reason in ended.rows("reasons")} == {"backup"}, ended.text
    assert "restore" not in _stages(ended), ended.text
