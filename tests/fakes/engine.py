"""A scripted engine over a FakeCluster: restores its inventory's bodies unless told otherwise.

Hang callables into the `on_...` attributes to play damage, refusals, stops and slowness.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

from drills import objects
from drills.backups import BackedUpObject, BackedUpVolume, Backup, Inventory, ObjectKey
from drills.engine import (
    EngineAudit,
    EngineStatus,
    Inspection,
    Restored,
    RestoredVolume,
    RestoreOrder,
)
from drills.engine import SandboxShape as Shape
from drills.errors import NotServed
from drills.objects import KubeObject
from drills.plan import rule_for
from drills.ports import Deadline, Marked
from tests.fakes.clock import START
from tests.fakes.cluster import FakeCluster, kind_of
from tests.fakes.probing import deployment

SOURCE = "production"


def backed(obj: KubeObject, **more: str | None) -> BackedUpObject:
    """Return `obj` as an inventory of namespace `production` holds it."""
    kind = kind_of(obj)
    group = kind.api_version.rpartition("/")[0]
    plural = kind.kind.lower() + ("es" if kind.kind.endswith("s") else "s")
    namespaced = kind.kind not in {"Namespace", "PersistentVolume", "ClusterRole"}
    return BackedUpObject(
        key=ObjectKey(
            resource=f"{plural}.{group}" if group else plural,
            namespace=SOURCE if namespaced else "",
            name=objects.name(obj),
        ),
        api_version=kind.api_version,
        kind=kind.kind,
        body=obj,
        owner=more.get("owner"),
        explanation=more.get("explanation"),
    )


def manifest(api_version: str, kind: str, name: str, **body: object) -> KubeObject:
    """Return a bare object; `metadata` in `body` is merged in."""
    extra = body.pop("metadata", {})
    meta = {"name": name, **(extra if isinstance(extra, Mapping) else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **body}


SHOP = (
    backed(manifest("v1", "Namespace", SOURCE)),
    backed(deployment()),
    backed(manifest("v1", "ConfigMap", "settings")),
    backed(manifest("v1", "Service", "shop", spec={"type": "ClusterIP"})),
)
"""A small application that comes up at once."""


def inventory(*found: BackedUpObject, volumes: Sequence[BackedUpVolume] = ()) -> Inventory:
    """Return an inventory of namespace `production`."""
    return Inventory(
        objects=found,
        volumes=tuple(volumes),
        namespaces=frozenset({SOURCE}),
        recovery_point=START - timedelta(hours=3),
        bytes=1234,
    )


def backup(name: str = "daily-1", hours: float = 3, **more: str | None) -> Backup:
    """Return a completed backup."""
    return Backup(
        name=name,
        engine="fake",
        phase="Completed",
        recovery_point=START - timedelta(hours=hours),
        unusable=more.get("unusable"),
    )


class FakeEngine:
    """Keeps `drills.engine.Engine`; `calls` is what it was asked, in order."""

    name = "fake"
    home = "engine-home"
    sandbox_labels: Mapping[str, str] = {"fake/no-backup": "true"}

    def __init__(self, cluster: FakeCluster, shape: Shape = Shape.NAMESPACES) -> None:
        self.cluster, self.clock = cluster, cluster.clock
        self.sandbox_shape = shape
        self.backups: tuple[Backup, ...] = (backup(),)
        self.inventory = inventory(*SHOP)
        self.status = EngineStatus(versions={"fake": "1"})
        self.calls: list[str] = []
        self.on_call: Callable[[str], None] = lambda _: None
        """Hears the name of each call before it happens."""
        self.on_inspect: Callable[[Backup], Inspection] = self._whole
        self.on_restore: Callable[[RestoreOrder], None] = self.bring_back
        self.on_quiesce: Callable[[str], tuple[Marked, ...]] = lambda _: ()
        self.on_remove: Callable[[str], tuple[str, ...]] = lambda _: ()
        self.audited = EngineAudit()
        self.volumes: tuple[RestoredVolume, ...] = ()
        self.removed: list[str] = []
        self.orphaned: tuple[str, ...] = ()

    def survey(self) -> EngineStatus:
        """Return `status`."""
        self._called("survey")
        return self.status

    def list_backups(self) -> Sequence[Backup]:
        """Return `backups`."""
        self._called("list_backups")
        return self.backups

    def inspect(self, backup: Backup, namespaces: Mapping[str, str]) -> Inspection:
        """Return what `on_inspect` says."""
        self._called("inspect")
        return self.on_inspect(backup)

    def describe(self, order: RestoreOrder) -> Mapping[str, object]:
        """Return one object with the restore's name."""
        self._called("describe")
        return {"restore": manifest("fake/v1", "Restore", f"restore-{order.drill_id}")}

    def preview(self, order: RestoreOrder) -> Iterator[KubeObject]:
        """Yield the bodies that `bring_back` would put into the sandbox."""
        self._called("preview")
        for obj in order.inventory.objects:
            target = order.namespaces.get(obj.key.namespace)
            absent = obj.explanation is not None or rule_for(order.left_out, obj.key.resource)
            if target is None or absent or obj.body is None:
                continue
            meta = {**objects.mapping(obj.body, "metadata"), "namespace": target}
            yield {**obj.body, "metadata": meta}

    def audit(self) -> EngineAudit:
        """Return `audited`."""
        self._called("audit")
        return self.audited

    def restore(self, order: RestoreOrder, deadline: Deadline) -> Restored:
        """Do `on_restore`, which takes two seconds, and call it Completed."""
        self._called("restore")
        started = self.clock.now()
        self.clock.advance(2.0)
        self.on_restore(order)
        return Restored(
            name=f"restore-{order.drill_id}",
            phase="Completed",
            requested_at=started,
            started_at=started,
            completed_at=self.clock.now(),
            volumes=self.volumes,
            queue_seconds=0.5,
        )

    def quiesce(self, drill_id: str, deadline: Deadline) -> tuple[Marked, ...]:
        """Do `on_quiesce`."""
        self._called("quiesce")
        return self.on_quiesce(drill_id)

    def remove(self, drill_id: str, deadline: Deadline) -> tuple[str, ...]:
        """Do `on_remove`."""
        self._called("remove")
        self.removed.append(drill_id)
        return self.on_remove(drill_id)

    def bring_back(self, order: RestoreOrder) -> None:
        """Put the inventory's bodies into the sandbox, as an engine does."""
        for obj in order.inventory.objects:
            target = order.namespaces.get(obj.key.namespace)
            absent = obj.explanation is not None or rule_for(order.left_out, obj.key.resource)
            if target is None or absent or obj.body is None or not self._serves(obj):
                continue
            meta = {**objects.mapping(obj.body, "metadata"), "namespace": target, "uid": ""}
            self.cluster.put({**obj.body, "metadata": meta})

    def _serves(self, obj: BackedUpObject) -> bool:
        try:
            self.cluster.served_resource(obj.key.resource)
        except NotServed:
            return False
        return True

    def _whole(self, backup: Backup) -> Inspection:
        return Inspection(inventory=self.inventory)

    def _called(self, what: str) -> None:
        self.calls.append(what)
        self.on_call(what)

    def orphans(self, drill_id: str, deadline: Deadline) -> tuple[str, ...]:
        """Return `orphaned`."""
        self._called("orphans")
        return self.orphaned
