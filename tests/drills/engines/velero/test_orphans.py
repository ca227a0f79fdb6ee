"""What a restore made outside the sandbox: removed where that harms no backup, else named."""

from collections.abc import Callable

import pytest

from drills.cluster import ServedKind
from drills.engines.velero.orphans import CONTENT, orphans
from drills.engines.velero.site import Site
from drills.errors import Forbidden
from drills.objects import KubeObject
from drills.ports import Deadline, Kind
from tests.fakes.engine import manifest
from tests.fakes.kinds import VERBS
from tests.fakes.velero import FakeVelero

LABEL = "velero.io/restore-name"
SERVED = ServedKind(
    api_version=CONTENT.api_version,
    kind=CONTENT.kind,
    plural="volumesnapshotcontents",
    namespaced=False,
    verbs=VERBS,
)
OLD = {"snapshotHandle": "snap-1"}


def volume(name: str, restore: str) -> dict[str, object]:
    return manifest("v1", "PersistentVolume", name, metadata={"labels": {LABEL: restore}})


def content(
    name: str = "c", policy: str = "Retain", source: object = OLD, **metadata: object
) -> KubeObject:
    return manifest(
        CONTENT.api_version,
        CONTENT.kind,
        name,
        metadata={"labels": {LABEL: "drill-one"}, **metadata},
        spec={
            "deletionPolicy": policy,
            "source": source,
            "volumeSnapshotRef": {"namespace": "backup-test"},
        },
    )


def world(*present: KubeObject, snapshots: bool = True) -> FakeVelero:
    velero = FakeVelero()
    if snapshots:
        velero.cluster.kinds = (*velero.cluster.kinds, SERVED)
    for obj in present:
        velero.cluster.put(obj)
    return velero


def left(velero: FakeVelero, seconds: float = 30) -> tuple[str, ...]:
    deadline = Deadline(clock=velero.clock, at=velero.clock.monotonic() + seconds)
    return tuple(orphans(Site(ports=velero.ports(), namespace="velero"), "one", deadline))


def contents(velero: FakeVelero) -> list[KubeObject]:
    return list(velero.cluster.list(CONTENT))


def test_found_by_the_drills_own_restore() -> None:
    """Only what carries the name of the drill's own Restore is its orphan."""
    velero = world(volume("clone", "drill-one"), volume("other", "drill-two"), snapshots=False)
    assert left(velero) == (f"PersistentVolume clone carries {LABEL}=drill-one",)


def test_without_the_right_to_look() -> None:
    """What may not be listed may be left, and that is said; without snapshots none is left."""
    velero = world(snapshots=False)
    velero.cluster.refuse("list", Kind("v1", "PersistentVolume"), Forbidden("may not list volumes"))
    assert [said.split(" may be left")[0] for said in left(velero)] == [
        "PersistentVolume objects of the restore"
    ]


def test_a_content_that_only_points_at_the_backups_snapshot_goes() -> None:
    other = {"labels": {LABEL: "somebodys-restore"}}
    velero = world(content(), content("theirs", **other), content("unlabelled", labels={}))
    assert left(velero) == ()
    assert sorted(str(c["metadata"]["name"]) for c in contents(velero)) == ["theirs", "unlabelled"]


@pytest.mark.parametrize(
    ("policy", "source", "why"),
    [
        ("Delete", OLD, "the backup's snapshot would go too"),
        ("", OLD, "the backup's snapshot would go too"),
        ("Retain", {"volumeHandle": "vol-1"}, "not made from a snapshot that the backup holds"),
        ("Retain", {}, "not made from a snapshot that the backup holds"),
        ("Retain", {**OLD, "volumeHandle": "v"}, "not made from a snapshot that the backup holds"),
    ],
)
def test_one_that_could_take_a_snapshot_along_is_named(
    policy: str, source: object, why: str
) -> None:
    velero = world(content(policy=policy, source=source))
    (said,) = left(velero)
    assert said.startswith(f"VolumeSnapshotContent c carries {LABEL}=drill-one: ")
    assert why in said
    assert len(contents(velero)) == 1
    assert [verb for verb, kind, *_ in velero.cluster.calls if kind == CONTENT] == []


def test_one_that_is_still_used_is_left_alone() -> None:
    velero = world(content(), manifest("v1", "Namespace", "backup-test"))
    (said,) = left(velero)
    assert "namespace backup-test, where it is used, is still there" in said
    assert len(contents(velero)) == 1


def test_its_own_controller_lets_it_go() -> None:
    velero = world(content(finalizers=["snapshot.storage.kubernetes.io/x"]))
    velero.clock.at(4, lambda: velero.cluster.drop(CONTENT, "", "c"))
    assert left(velero) == ()
    assert 4 <= velero.clock.monotonic() < 6


def test_one_that_does_not_go_away_is_said() -> None:
    velero = world(content(finalizers=["snapshot.storage.kubernetes.io/x"]))
    (said,) = left(velero, 10)
    assert said.endswith("it is still going away")


def _refuse(velero: FakeVelero) -> None:
    velero.cluster.refuse("delete", CONTENT, Forbidden("may not delete"))


def _turn(velero: FakeVelero) -> None:
    real = velero.cluster.delete

    def turned_first(*args: object, **kwargs: object) -> None:
        velero.cluster.change(CONTENT, "", "c", {"spec": {"deletionPolicy": "Delete"}})
        real(*args, **kwargs)  # type: ignore[arg-type]

    velero.cluster.delete = turned_first  # type: ignore[method-assign]


@pytest.mark.parametrize("trouble", [_refuse, _turn])
def test_one_that_may_not_be_deleted_is_said(trouble: Callable[[FakeVelero], None]) -> None:
    """Also where somebody turned its policy to Delete in that moment."""
    velero = world(content())
    trouble(velero)
    (said,) = left(velero)
    assert "it could not be deleted" in said
    assert len(contents(velero)) == 1
