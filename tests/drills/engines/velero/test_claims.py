"""What became of claims whose data came another way than by pod volumes."""

import pytest

from drills.backups import BackedUpVolume
from drills.engines.velero.claims import VolumeWork, restored_volumes, volume_seconds
from drills.objects import KubeObject
from tests.drills.engines.velero.orders import order_of

LISTED: KubeObject = {"pvcName": "data", "pvcNamespace": "backup-test"}


def volume(method: str, *, has_data: bool = True) -> BackedUpVolume:
    return BackedUpVolume(
        claim="data",
        namespace="production",
        volume="pv",
        method=method,
        bytes=100,
        has_data=has_data,
    )


def download(phase: str, done: int, namespace: str = "backup-test") -> KubeObject:
    return {
        "spec": {"targetVolume": {"pvc": "data", "namespace": namespace}},
        "status": {"phase": phase, "progress": {"bytesDone": done}},
    }


def outcome(of: BackedUpVolume, work: VolumeWork) -> str:
    (found,) = restored_volumes(order_of(volumes=(of,)), work)
    return found.outcome


@pytest.mark.parametrize(
    ("downloads", "expected"),
    [
        ((download("Completed", 100),), "restored"),
        ((download("Completed", 0),), "empty"),
        ((download("Failed", 50),), "failed"),
        ((download("Prepared", 0),), "unknown"),
        ((download("Completed", 100, "elsewhere"),), "empty"),
        ((), "empty"),
    ],
)
def test_moved_data_is_judged_by_its_download(
    downloads: tuple[KubeObject, ...], expected: str
) -> None:
    assert outcome(volume("DataMover"), VolumeWork(data_downloads=downloads)) == expected


@pytest.mark.parametrize("method", ["CSISnapshot", "NativeSnapshot"])
def test_a_snapshot_counts_as_restored_only_where_velero_lists_it(method: str) -> None:
    """With snapshots switched off in the server the claim comes back empty, unlisted."""
    assert outcome(volume(method), VolumeWork(info=(LISTED,))) == "restored"
    assert outcome(volume(method), VolumeWork()) == "unknown"


def test_no_data_in_the_backup_is_an_empty_claim() -> None:
    assert outcome(volume("none", has_data=False), VolumeWork(info=(LISTED,))) == "empty"


def test_claims_out_of_scope_are_not_told() -> None:
    order = order_of(volumes=(volume("DataMover"),), namespaces={"other": "x"})
    assert restored_volumes(order, VolumeWork()) == ()


def test_without_movers_the_time_is_unknown() -> None:
    assert volume_seconds(VolumeWork()) is None
    assert volume_seconds(VolumeWork(data_downloads=(download("Completed", 1),))) is None
