"""CSI on the real node: drills of snapshots and of moved data pass with proof `data`.

And they leave nothing behind, in the cluster or in the storage, of what the drill made, and all of
what the backup has. The volumes that were backed up have policy Retain, which Velero puts on those
of a restore, too.
"""

from dataclasses import dataclass

import pytest

from tests.lab import csi_drills
from tests.lab.conftest import Lab
from tests.lab.csi_drills import Files
from tests.lab.drilling import Desk, Ended
from tests.lab.footprint import Footprint, difference, footprint
from tests.lab.node import csi
from tests.lab.processes import wait_until

pytestmark = [pytest.mark.node, pytest.mark.timeout(1200)]
CONTENT = ("snapshot.storage.k8s.io/v1", "VolumeSnapshotContent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What the storage has, and what the cluster says that it has."""

    snapshots: frozenset[str]
    volumes: frozenset[str]
    objects: Footprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """A drill, and the storage before and after it."""

    ended: Ended
    before: Storage
    after: Storage


@pytest.fixture(scope="module", params=["csi_backup", "csi_moved"])
def drilled(
    request: pytest.FixtureRequest,
    csi_lab: Lab,
    csi_files: Files,
    tmp_path_factory: pytest.TempPathFactory,
) -> Drilled:
    """A drill of a backup of either sort."""
    backup = str(request.getfixturevalue(request.param))
    settled(csi_lab)
    before = storage(csi_lab, csi_files)
    desk = Desk(folder=tmp_path_factory.mktemp("csi"), kubeconfig=csi_lab.kubeconfig)
    ended = csi_drills.drill(desk, csi_files, backup)
    return Drilled(ended=ended, before=before, after=storage(csi_lab, csi_files))


def storage(lab: Lab, files: Files) -> Storage:
    return Storage(
        snapshots=csi.snapshots(),
        volumes=csi.volumes(),
        objects=footprint(lab.cluster, lab.velero_namespace, (files.namespace,)),
    )


def settled(lab: Lab) -> None:
    """Waits until Velero has tidied up after its backup: it does so behind its end."""
    wait_until("no objects of snapshots", lambda: not lab.cluster.list(*CONTENT), seconds=60)


def test_a_backup_passes_with_every_byte(drilled: Drilled) -> None:
    ended = drilled.ended
    assert (ended.code, ended.report["verdict"]) == (0, "passed"), ended.text
    assert ended.report["proofLevel"] == "data", ended.text
    assert {probe["outcome"] for probe in ended.rows("probes")} == {"passed"}, ended.text
    volumes = {volume["claim"]: volume["outcome"] for volume in ended.rows("volumes")}
    assert volumes == {"data": "restored", "archive": "restored"}, ended.text


def test_nothing_of_the_copy_is_left_and_all_of_the_backup_is(drilled: Drilled) -> None:
    """Deleting the sandbox must not delete the snapshots that the backup lives by."""
    assert drilled.ended.part("cleanup")["outcome"] == "clean", drilled.ended.text
    assert difference(drilled.before.objects, drilled.after.objects) == {}
    assert drilled.after.snapshots == drilled.before.snapshots != frozenset()
    assert drilled.after.volumes == drilled.before.volumes
