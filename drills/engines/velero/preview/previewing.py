"""The objects that a restore would create, as it would create them.

In: the order. Out: one object after another in Velero's own order: stripped, acted on, modified by
the generated rules, moved to its sandbox namespace, labelled. Source: Velero v1.18
`pkg/restore/restore.go`, restoreItem. Cluster-scoped objects are not among them: a drill brings
none but volumes, which are provisioned anew.
"""

from collections.abc import Collection, Iterator
from itertools import groupby

from drills import objects
from drills.backups import ObjectKey
from drills.engine import RestoreOrder
from drills.engines.velero.kinds import BACKUP_NAME_LABEL, RESTORE_NAME_LABEL, label_value
from drills.engines.velero.manifest import restore_name
from drills.engines.velero.modifier import rules
from drills.engines.velero.naming import name_rules
from drills.engines.velero.preview.actions import Body, act, rows, strip, table
from drills.engines.velero.preview.ordering import in_order
from drills.engines.velero.preview.patching import Modifier
from drills.engines.velero.preview.plugin_maps import PluginMaps, plugin_maps
from drills.engines.velero.preview.spool import Spool
from drills.engines.velero.reading import archive_of
from drills.engines.velero.requests import Target
from drills.engines.velero.site import Site
from drills.name_places import changed as with_texts
from drills.objects import KubeObject
from drills.plan import rule_for

OWN_STORAGE = frozenset({"NativeSnapshot"})
"""Methods that bring the volume itself, which the claim then names."""


def preview(site: Site, order: RestoreOrder) -> Iterator[KubeObject]:
    """Yield the objects; raises BackupUnreadable and what keeps us from the archive."""
    scope = frozenset(
        obj.key
        for obj in order.inventory.objects
        if obj.key.namespace in order.namespaces
        and obj.explanation is None
        and obj.key not in order.owned_out
        and rule_for(order.left_out, obj.key.resource) is None
    )
    return _made(site, order, scope)


def preview_of(
    site: Site, order: RestoreOrder, keys: Collection[ObjectKey]
) -> Iterator[KubeObject]:
    """Yield those objects alone; raises as `preview` does."""
    return _made(site, order, frozenset(keys))


def _made(site: Site, order: RestoreOrder, scope: frozenset[ObjectKey]) -> Iterator[KubeObject]:
    making = _Making(order, plugin_maps(site))
    with Spool() as spool:
        with archive_of(site, order.backup).open(Target.BACKUP_CONTENTS) as archive:
            spool.fill(archive, scope.__contains__, site.check_stop)
        for key in _sorted(spool):
            site.check_stop()
            yield making.made(key, spool.body(key))


def _sorted(spool: Spool) -> Iterator[ObjectKey]:
    keys = sorted(spool.keys())
    by_kind = {kind: list(found) for kind, found in groupby(keys, lambda key: key.resource)}
    for resource in in_order(by_kind):
        yield from by_kind[resource]


class _Making:
    """Turns archived objects into those that are created."""

    def __init__(self, order: RestoreOrder, maps: PluginMaps) -> None:
        self._order, self._maps = order, maps
        self._modifier = Modifier(rules(order))
        self._placed = name_rules(order).placed
        self._marks = {
            BACKUP_NAME_LABEL: label_value(order.backup.name),
            RESTORE_NAME_LABEL: label_value(restore_name(order.drill_id)),
        }
        self._keeps_volume = {
            (volume.namespace, volume.claim)
            for volume in order.inventory.volumes
            if volume.restored_as_is or volume.never_binds or volume.method in OWN_STORAGE
        }

    def made(self, key: ObjectKey, obj: Body) -> KubeObject:
        """Return the object as it would be created."""
        act(key.resource, obj)
        self._maps.apply(key.resource, obj)
        strip(obj)
        self._point(key, obj)
        changed: KubeObject = self._modifier.applied(key.resource, obj)
        if self._order.names is not None and key in self._placed:
            rewritten = self._order.names.rewritten
            changed = with_texts(key.resource, changed, lambda _, text: rewritten(text))
        metadata = dict(objects.mapping(changed, "metadata"))
        metadata["namespace"] = self._order.namespaces[key.namespace]
        metadata["labels"] = {**objects.mapping(metadata, "labels"), **self._marks}
        return {**changed, "metadata": metadata}

    def _point(self, key: ObjectKey, obj: Body) -> None:
        """Let go of the former volume, and follow the mapping in role bindings."""
        if key.resource == "persistentvolumeclaims":
            if (key.namespace, key.name) not in self._keeps_volume:
                table(obj, "spec").pop("volumeName", None)
        elif key.resource == "rolebindings.rbac.authorization.k8s.io":
            for subject in rows(obj, "subjects"):
                source = objects.text(subject, "namespace")
                if source in self._order.namespaces:
                    subject["namespace"] = self._order.namespaces[source]
