"""CSI on the real node, damaged: each fails, before the restore where the archive can tell."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.lab import csi_drills, stored
from tests.lab.conftest import Lab
from tests.lab.csi_drills import Files
from tests.lab.drilling import Desk, Ended
from tests.lab.footprint import difference, footprint
from tests.lab.node import csi

pytestmark = [
    pytest.mark.node,
    pytest.mark.timeout(1200),
    pytest.mark.usefixtures("unproven"),
]
CLAIMS = "persistentvolumeclaims"
UPLOADS = "datauploads.velero.io"
SNAPSHOTS = "volumesnapshots.snapshot.storage.k8s.io"
CONTENTS = "volumesnapshotcontents.snapshot.storage.k8s.io"
ONE = '"archive"'
"""Of what belongs to one of the two claims."""


@contextmanager
def damaged(lab: Lab, backup: str, edit: stored.Edit) -> Iterator[None]:
    """The backup's archive is another one for a while."""
    location = lab.cluster.find("velero.io/v1", "BackupStorageLocation", "default", "velero") or {}
    spec: Any = location["spec"]
    client = stored.store(spec["config"]["s3Url"])
    whole = stored.read_archive(client, backup)
    stored.write_archive(client, backup, stored.edited(whole, edit))
    try:
        yield
    finally:
        stored.write_archive(client, backup, whole)


@contextmanager
def deleted_snapshot(size: int) -> Iterator[None]:
    """The storage has no snapshot of a volume of that size for a while."""
    place, away = csi.folder_of() / "snapshots", csi.folder_of() / "away"
    away.mkdir()
    for about in list(place.glob("*/about.json")):
        if json.loads(about.read_text(encoding="utf-8"))["bytes"] == size:
            shutil.move(about.parent, away)
    try:
        yield
    finally:
        for snapshot in list(away.iterdir()):
            shutil.move(snapshot, place)
        away.rmdir()


def codes(ended: Ended) -> set[str]:
    return {str(found["code"]) for found in ended.rows("findings") if found["severity"] != "info"}


def stages(ended: Ended) -> list[str]:
    return [str(stage["name"]) for stage in ended.rows("stages") if stage["outcome"] != "skipped"]


def causes(ended: Ended) -> set[object]:
    return {reason["cause"] for reason in ended.rows("reasons")}


def test_a_snapshot_that_was_deleted_behind_veleros_back(
    csi_lab: Lab, csi_files: Files, csi_backup: str, node_desk: Desk
) -> None:
    """Every file of the backup is whole; only the storage can tell.

    The claim is one that waits for its pod: of one that is bound at once Velero's restore does not
    end for ten minutes, and keeps all others waiting.
    """
    before = footprint(csi_lab.cluster, csi_lab.velero_namespace, (csi_files.namespace,))
    with deleted_snapshot(64 << 20):
        ended = csi_drills.drill(node_desk, csi_files, csi_backup)
    assert (ended.code, ended.report["verdict"]) == (1, "failed"), ended.text
    assert "snapshot-gone" in codes(ended), ended.text
    assert causes(ended) == {"backup"}, ended.text
    after = footprint(csi_lab.cluster, csi_lab.velero_namespace, (csi_files.namespace,))
    assert difference(before, after) == {}


SNAPSHOT_DAMAGES: Mapping[str, stored.Edit] = {
    "no VolumeSnapshot": stored.without(SNAPSHOTS),
    "no VolumeSnapshotContent": stored.without(CONTENTS),
}


@pytest.mark.parametrize("edit", SNAPSHOT_DAMAGES.values(), ids=SNAPSHOT_DAMAGES)
def test_a_snapshot_whose_objects_are_not_in_the_archive(
    csi_lab: Lab, csi_files: Files, csi_backup: str, node_desk: Desk, edit: stored.Edit
) -> None:
    with damaged(csi_lab, csi_backup, edit):
        ended = csi_drills.drill(node_desk, csi_files, csi_backup)
    fails_before_the_restore(ended)


def _failed(document: dict[str, Any]) -> None:
    document["status"]["phase"] = "Failed"
    document["status"].pop("snapshotID", None)


MOVED_DAMAGES: Mapping[str, stored.Edit] = {
    "no DataUpload": stored.without(UPLOADS, ONE),
    "two DataUploads": stored.twice(UPLOADS, ONE),
    "a DataUpload that failed": stored.changed(UPLOADS, _failed, ONE),
}


@pytest.mark.parametrize("edit", MOVED_DAMAGES.values(), ids=MOVED_DAMAGES)
def test_moved_data_that_no_restore_would_find(
    csi_lab: Lab, csi_files: Files, csi_moved: str, node_desk: Desk, edit: stored.Edit
) -> None:
    """Velero looks for exactly one DataUpload of a claim."""
    with damaged(csi_lab, csi_moved, edit):
        ended = csi_drills.drill(node_desk, csi_files, csi_moved)
    fails_before_the_restore(ended)


def fails_before_the_restore(ended: Ended) -> None:
    assert (ended.code, ended.report["verdict"]) == (1, "failed"), ended.text
    assert causes(ended) == {"backup"}, ended.text
    assert "restore" not in stages(ended), ended.text


def _of_no_class(document: dict[str, Any]) -> None:
    document["spec"]["storageClassName"] = "of-another-cluster"


def test_a_class_that_this_cluster_lacks_is_the_clusters(
    csi_lab: Lab, csi_files: Files, csi_backup: str, node_desk: Desk
) -> None:
    with damaged(csi_lab, csi_backup, stored.changed(CLAIMS, _of_no_class, ONE)):
        ended = csi_drills.drill(node_desk, csi_files, csi_backup)
    assert (ended.code, ended.report["verdict"]) == (3, "inconclusive"), ended.text
    assert "backup" not in causes(ended), ended.text
    assert "of-another-cluster" in str(ended.rows("reasons")[0]), ended.text
