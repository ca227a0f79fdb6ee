"""Which claims can never be bound, row by row."""

import pytest

from drills.claim_binding import NO_PROVISIONER, binding_trouble, storage
from drills.findings import Cause
from drills.objects import KubeObject
from tests.fakes.probing import thing


def claim(phase: str = "Pending", **spec: object) -> KubeObject:
    wanted = {"accessModes": ["ReadWriteOnce"], **spec}
    return thing("v1", "PersistentVolumeClaim", "data", spec=wanted, status={"phase": phase})


def volume(*, of: str = "", mode: str = "ReadWriteOnce", kept_for: str = "") -> KubeObject:
    spec: dict[str, object] = {"storageClassName": of, "accessModes": [mode]}
    if kept_for:
        namespace, _, name = kept_for.partition("/")
        spec["claimRef"] = {"namespace": namespace, "name": name}
    return {"metadata": {"name": "local-1"}, "spec": spec}


def kind_of_storage(name: str, *, default: str = "false", provisioner: str = "p") -> KubeObject:
    marks = {"storageclass.kubernetes.io/is-default-class": default}
    return {"metadata": {"name": name, "annotations": marks}, "provisioner": provisioner}


FAST = kind_of_storage("fast")
STATIC = kind_of_storage("static", provisioner=NO_PROVISIONER)
ROWS: dict[str, tuple[KubeObject, list[KubeObject], list[KubeObject], str]] = {
    "no such volume": (claim(volumeName="local-1"), [], [], "does not exist"),
    "somebody else's": (
        claim(volumeName="local-1"),
        [],
        [volume(kept_for="production/data")],
        "belongs to claim production/data",
    ),
    "a free volume": (claim(volumeName="local-1"), [], [volume()], ""),
    "other access modes": (
        claim(volumeName="local-1"),
        [],
        [volume(mode="ReadOnlyMany")],
        "other access modes",
    ),
    "an empty class, nothing static": (claim(storageClassName=""), [FAST], [], "no StorageClass"),
    "an empty class, a static volume": (claim(storageClassName=""), [], [volume()], ""),
    "no class, no default": (claim(), [FAST], [], "default StorageClass"),
    "no class, a default": (claim(), [kind_of_storage("std", default="true")], [], ""),
    "an empty class is no default": (
        claim(storageClassName=""),
        [kind_of_storage("std", default="true")],
        [],
        "no StorageClass",
    ),
    "an unknown class": (claim(storageClassName="gold"), [FAST], [], "no storage class gold"),
    "a known class": (claim(storageClassName="fast"), [FAST], [], ""),
    "a static class without volumes": (
        claim(storageClassName="static"),
        [STATIC],
        [volume()],
        "makes no volumes",
    ),
    "a static class with one": (
        claim(storageClassName="static"),
        [STATIC],
        [volume(of="static")],
        "",
    ),
    "bound already": (claim(phase="Bound", volumeName="gone"), [], [], ""),
}


@pytest.mark.parametrize(("asking", "classes", "volumes", "why"), ROWS.values(), ids=ROWS)
def test_binding(
    asking: KubeObject, classes: list[KubeObject], volumes: list[KubeObject], why: str
) -> None:
    found = binding_trouble(asking, storage(classes, volumes))
    assert (found is not None) == bool(why)
    assert found is None or why in found.detail


def test_a_volume_that_only_the_backup_holds_is_the_cluster_s_matter() -> None:
    asking = claim(volumeName="local-1")
    lacking = binding_trouble(asking, storage([], []))
    holding = binding_trouble(asking, storage([], [], frozenset({"local-1"})))
    assert lacking is not None
    assert holding is not None
    assert (lacking.blames, lacking.cause) == (True, Cause.BACKUP)
    assert (holding.blames, holding.cause) == (False, Cause.ENVIRONMENT)
