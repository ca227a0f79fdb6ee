"""What a restore made outside the sandbox is found by the drill that made it."""

from drills.engines.velero.orphans import orphans
from drills.errors import Forbidden
from drills.ports import Kind
from tests.fakes.cluster import FakeCluster
from tests.fakes.engine import manifest

LABEL = "velero.io/restore-name"


def volume(name: str, restore: str) -> dict[str, object]:
    return manifest("v1", "PersistentVolume", name, metadata={"labels": {LABEL: restore}})


def test_found_by_the_drills_own_restore() -> None:
    """Only what carries the name of the drill's own Restore is its orphan."""
    cluster = FakeCluster(None, volume("clone", "drill-one"), volume("other", "drill-two"))
    assert tuple(orphans(cluster, "one")) == (f"PersistentVolume clone carries {LABEL}=drill-one",)


def test_without_the_right_to_look() -> None:
    """What may not be listed may be left, and that is said; without snapshots none is left."""
    cluster = FakeCluster()
    cluster.refuse("list", Kind("v1", "PersistentVolume"), Forbidden("may not list volumes"))
    assert [left.split(" may be left")[0] for left in orphans(cluster, "one")] == [
        "PersistentVolume objects of the restore"
    ]
