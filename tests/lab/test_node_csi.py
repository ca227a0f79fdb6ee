"""CSI on the real node: drills of snapshots and of moved data pass with proof `data`.

And they leave nothing behind, in the cluster or in the storage, of what the drill made, and all of
what the backup has. The volumes that were backed up have policy Retain, which Velero puts on those
of a restore, too.
"""

import secrets
from collections.abc import Iterator
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


@pytest.fixture(scope="module")
def files(csi_lab: Lab) -> Iterator[Files]:
    """The application on two CSI volumes."""
    name = f"csi-{secrets.token_hex(3)}"
    made = csi_drills.lay(csi_lab.cluster, csi_lab.kubeconfig, name, keep=True)
    yield made
    csi_drills.remove(made)


@pytest.fixture(scope="module", params=["snapshot", "moved"])
def drilled(
    request: pytest.FixtureRequest,
    csi_lab: Lab,
    files: Files,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Drilled]:
    """A drill of a backup of one sort."""
    cluster = csi_lab.cluster
    moved = request.param == "moved"
    backup = csi_drills.back_up(
        cluster, f"{request.param}-{secrets.token_hex(3)}", files.namespace, moved=moved
    )
    try:
        settled(csi_lab, 0 if moved else 2)
        before = storage(csi_lab, files)
        desk = Desk(folder=tmp_path_factory.mktemp("csi"), kubeconfig=csi_lab.kubeconfig)
        ended = csi_drills.drill(desk, files, backup)
        yield Drilled(ended=ended, before=before, after=storage(csi_lab, files))
    finally:
        csi_drills.forget(cluster, backup)


def storage(lab: Lab, files: Files) -> Storage:
    return Storage(
        snapshots=csi.snapshots(),
        volumes=csi.volumes(),
        objects=footprint(lab.cluster, lab.velero_namespace, (files.namespace,)),
    )


def settled(lab: Lab, snapshots: int) -> None:
    """Waits until Velero has tidied up after its backup: it does so behind its end."""

    def done() -> bool:
        return not lab.cluster.list(*CONTENT) and len(csi.snapshots()) == snapshots

    wait_until(f"{snapshots} snapshots, and no objects of them", done, seconds=60)


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
    assert drilled.after.snapshots == drilled.before.snapshots
    assert drilled.after.volumes == drilled.before.volumes
