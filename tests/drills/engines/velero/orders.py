"""Orders and objects for tests of what a restore submits."""

from collections.abc import Mapping

from drills.backups import BackedUpObject, BackedUpVolume, Backup, Inventory, ObjectKey
from drills.engine import LeftOutRule, RestoreOrder
from drills.engines.velero.judgement import backed_up
from tests.fakes.velero import MARKS

BACKUP = Backup(name="nightly-1", engine="velero", phase="Completed", recovery_point=None)


def held(resource: str, name: str, **parts: object) -> BackedUpObject:
    """Return an object of namespace production as the inventory holds it."""
    metadata = parts.pop("metadata", {})
    assert isinstance(metadata, Mapping)
    obj = {"metadata": {"name": name, "namespace": "production", **metadata}, **parts}
    return backed_up(ObjectKey(resource=resource, namespace="production", name=name), obj)


def order_of(
    *found: BackedUpObject,
    left_out: tuple[str, ...] = (),
    namespaces: Mapping[str, str] | None = None,
    volumes: tuple[BackedUpVolume, ...] = (),
    drill_id: str = "d1",
) -> RestoreOrder:
    """Return an order over an inventory of these objects."""
    inventory = Inventory(
        objects=found, volumes=volumes, namespaces=frozenset({"production"}), recovery_point=None
    )
    return RestoreOrder(
        drill_id=drill_id,
        backup=BACKUP,
        inventory=inventory,
        namespaces=namespaces or {"production": "backup-test"},
        left_out=tuple(LeftOutRule(resource=r, reason="test") for r in left_out),
        labels=MARKS,
    )
