"""Rules that give claims another StorageClass for one drill. Pure.

Velero's own mapping is a ConfigMap that counts for every restore of its server, real ones too
(`change_storageclass_action.go`, v1.18), so a drill leaves it alone and modifies its own objects.
A claim whose data is moved into a new volume gets one of the new class. A volume from a native
snapshot is restored itself, under a new name, and a claim binds only a volume of its own class:
so it is changed too, and found by its class, not by its name.
"""

from collections.abc import Iterator, Mapping

from drills import objects
from drills.backups import BackedUpObject
from drills.engine import RestoreOrder
from drills.engines.velero.rule import Rule, merge_rule, patch_rules
from drills.storage_classes import CLAIMS, class_of

VOLUMES = "persistentvolumes"
STATEFUL = "statefulsets.apps"


def class_rules(order: RestoreOrder) -> Iterator[Rule]:
    """Yield a rule for each mapped class that a claim has, and for each template of claims."""
    scope = [obj for obj in order.inventory.objects if obj.key.namespace in order.namespaces]
    used = {class_of(obj.body) for obj in scope if obj.key.resource == CLAIMS}
    for old, new in sorted(order.storage_classes.items()):
        if old in used:
            patch: Rule = {"spec": {"storageClassName": new}}
            where = {"/spec/storageClassName": old}
            yield merge_rule(CLAIMS, order.namespaces, patch, matches=where)
            yield merge_rule(VOLUMES, (), patch, matches=where)
    templates = (
        (obj.key.namespace, obj.key.name, _templates(obj, order.storage_classes))
        for obj in scope
        if obj.key.resource == STATEFUL
    )
    yield from patch_rules(STATEFUL, (one for one in templates if one[2]))


def _templates(obj: BackedUpObject, mapping: Mapping[str, str]) -> dict[str, object]:
    """Return the templates written out, since a merge patch replaces the whole list."""
    found = objects.items(obj.body, "spec", "volumeClaimTemplates")
    if not any(class_of(claim) in mapping for claim in found):
        return {}
    claims = [_mapped(objects.mapping({"": claim}, ""), mapping) for claim in found]
    return {"spec": {"volumeClaimTemplates": claims}}


def _mapped(claim: Mapping[str, object], mapping: Mapping[str, str]) -> dict[str, object]:
    new = mapping.get(class_of(claim))
    spec = objects.mapping(claim, "spec")
    return {**claim, "spec": {**spec, "storageClassName": new}} if new else dict(claim)
