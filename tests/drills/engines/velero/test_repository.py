"""Repositories of the uploaders, and what is in one for which claim."""

import pytest

from drills.backups import BackedUpVolume
from drills.engines.velero.kinds import REPOSITORY
from drills.engines.velero.repository import Saved, by_repository, check_objects, lack_of, saved_in
from drills.engines.velero.site import Site
from drills.errors import Forbidden
from tests.fakes.velero import FakeVelero

RESTIC = dict.fromkeys(("config", "keys/a", "index/a", "data/aa/a", "snapshots/abcdef0123"), 1)


def saved(uploader: str = "restic", size: int | None = 819) -> Saved:
    return Saved(
        claim="data", namespace="production", uploader=uploader, handle="abcdef", bytes=size
    )


def test_a_whole_restic_repository_is_fine() -> None:
    assert lack_of(RESTIC, "restic", (saved(),)) is None


@pytest.mark.parametrize("part", ["config", "keys/", "index/", "data/", "snapshots/"])
def test_a_restic_repository_that_lacks_a_part_restores_nothing(part: str) -> None:
    files = {name: size for name, size in RESTIC.items() if not name.startswith(part)}
    assert str(lack_of(files, "restic", (saved(),))).startswith("has no ")


def test_an_empty_volume_needs_no_data_packs() -> None:
    files = dict.fromkeys(("kopia.repository", "kopia.blobcfg", "xn0_1", "q1"), 1)
    assert lack_of(files, "kopia", (saved("kopia", 0),)) is None
    assert lack_of(files, "kopia", (saved("kopia", 819),)) == "has no data packs"


def test_markers_are_no_indexes() -> None:
    files = dict.fromkeys(("kopia.repository", "xe1", "xw1795337411", "q1", "p1"), 18)
    assert lack_of(files, "kopia", (saved("kopia"),)) == "has no index blobs"


def test_an_uploader_nobody_knows_is_not_judged() -> None:
    assert by_repository((saved("pigeon"),)) == {}


def test_without_volumes_nothing_is_asked() -> None:
    velero = FakeVelero()
    velero.cluster.refuse("list", REPOSITORY, Forbidden("may not"))
    assert check_objects(Site(ports=velero.ports(), namespace="velero"), "default", ()) == ()


def test_a_right_that_is_missing_is_told() -> None:
    velero = FakeVelero()
    velero.cluster.refuse("list", REPOSITORY, Forbidden("may not"))
    site = Site(ports=velero.ports(), namespace="velero")
    (finding,) = check_objects(site, "default", (saved("kopia"),))
    assert finding.code == "repository-not-looked-at"


@pytest.mark.parametrize(
    ("method", "info", "uploader"),
    [
        ("PodVolumeBackup", {"pvbInfo": {"uploaderType": "restic"}}, "restic"),
        ("DataMover", {"snapshotDataMovementInfo": {"uploaderType": "kopia"}}, "kopia"),
        ("PodVolumeBackup", {}, "kopia"),
        ("NativeSnapshot", {}, None),
    ],
)
def test_what_lies_in_a_repository(
    method: str, info: dict[str, object], uploader: str | None
) -> None:
    volume = BackedUpVolume(
        claim="data",
        namespace="production",
        volume="pv",
        method=method,
        bytes=1,
        has_data=True,
    )
    row = {"pvcName": "data", "pvcNamespace": "production", **info}
    found = [one.uploader for one in saved_in((volume,), (row,))]
    assert found == ([] if uploader is None else [uploader])
