"""What became of claims whose data came another way than by pod volumes."""

from dataclasses import replace

import pytest

from drills.backups import BackedUpVolume
from drills.engines.velero.claims import (
    VolumeWork,
    mover_findings,
    restored_volumes,
    volume_seconds,
)
from drills.findings import Cause
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


def download(
    phase: str, done: int, namespace: str = "backup-test", message: str = ""
) -> KubeObject:
    return {
        "kind": "DataDownload",
        "metadata": {"name": "d"},
        "spec": {"targetVolume": {"pvc": "data", "namespace": namespace}},
        "status": {"phase": phase, "progress": {"bytesDone": done}, "message": message},
    }


def outcome(of: BackedUpVolume, work: VolumeWork) -> str:
    (found,) = restored_volumes(order_of(volumes=(of,)), work)
    return found.outcome


@pytest.mark.parametrize(
    ("downloads", "expected"),
    [
        ((download("Completed", 100),), "restored"),
        ((download("Completed", 0),), "fewer"),
        ((download("Completed", 87),), "fewer"),
        ((download("Failed", 50),), "unknown"),
        ((download("Failed", 50, message="an odd thing happened"),), "unknown"),
        ((download("Failed", 50, message="blob ab12 not found"),), "failed"),
        ((download("Failed", 0, message="dial tcp: i/o timeout"),), "interrupted"),
        ((download("Prepared", 0),), "unknown"),
        ((download("Completed", 100, "elsewhere"),), "empty"),
        ((), "empty"),
    ],
)
def test_moved_data_is_judged_by_its_download(
    downloads: tuple[KubeObject, ...], expected: str
) -> None:
    assert outcome(volume("DataMover"), VolumeWork(data_downloads=downloads)) == expected


def test_what_a_failed_mover_says_is_told_in_full_and_blames_nobody() -> None:
    odd = download("Failed", 5, message="an odd thing happened")
    (finding,) = mover_findings(VolumeWork(data_downloads=(odd, download("Completed", 5))))
    assert finding.unanswered
    assert finding.cause is Cause.ENVIRONMENT
    assert "an odd thing happened" in finding.message


@pytest.mark.parametrize("method", ["CSISnapshot", "NativeSnapshot"])
def test_a_snapshot_counts_as_restored_only_where_velero_lists_it(method: str) -> None:
    """With snapshots switched off in the server the claim comes back empty, unlisted."""
    assert outcome(volume(method), VolumeWork(info=(LISTED,))) == "restored"
    assert outcome(volume(method), VolumeWork()) == "unknown"


@pytest.mark.parametrize("method", ["PodVolumeBackup", "DataMover"])
def test_nothing_moves_what_was_empty_in_the_source(method: str) -> None:
    """Velero orders no restore of a volume without a snapshot; the claim is as it was."""
    assert outcome(replace(volume(method), bytes=0, was_empty=True), VolumeWork()) == "restored"
    assert outcome(replace(volume(method), bytes=0), VolumeWork()) == "empty"


def test_no_data_in_the_backup_is_an_empty_claim() -> None:
    assert outcome(volume("none", has_data=False), VolumeWork(info=(LISTED,))) == "empty"


def test_claims_out_of_scope_are_not_told() -> None:
    order = order_of(volumes=(volume("DataMover"),), namespaces={"other": "x"})
    assert restored_volumes(order, VolumeWork()) == ()


def test_without_movers_the_time_is_unknown() -> None:
    assert volume_seconds(VolumeWork()) is None
    assert volume_seconds(VolumeWork(data_downloads=(download("Completed", 1),))) is None
