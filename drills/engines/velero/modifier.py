"""The resource modifier: exact rules, generated from the inventory, that keep a copy harmless.

In: the order. Out: rules for Velero's resource modifier (`internal/resourcemodifiers`, v1.18).
Those made here are merge patches, which set or null fields without failing where a field is
absent. Conditions see the object as backed up, so namespaces are those of the source. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from drills import objects
from drills.backups import BackedUpObject
from drills.capping import capping, replicas
from drills.engine import RestoreOrder
from drills.engines.velero.hooks import hook_rules
from drills.engines.velero.judgement import tracking_keys
from drills.engines.velero.naming import name_rules
from drills.engines.velero.owned_selection import stilled
from drills.engines.velero.priorities import priority_rules
from drills.engines.velero.reclassing import class_rules
from drills.engines.velero.rule import Patch, Rule, merge_rule, veiled
from drills.engines.velero.service_rules import service_rules
from drills.operated import OWN_FINALIZERS

ARCHIVERS: Mapping[str, Patch] = {
    "clusters.postgresql.cnpg.io": {"spec": {"backup": None, "plugins": None}},
}
"""Databases whose operator writes their log to where production's goes (CloudNativePG's
`barmanObjectStore` and its plug-ins); a copy that the scenario allows gets none of it."""


def rules(order: RestoreOrder, *, veil: bool = False) -> tuple[Rule, ...]:
    """Return the rules for this order; none where nothing needs rewriting.

    With `veil` those that carry settings of the application do not show them: for reports.
    """
    named = name_rules(order).rules
    scope = tuple(
        obj
        for obj in order.inventory.objects
        if obj.key.namespace in order.namespaces
        and obj.key not in order.owned_out
        and not any(fnmatchcase(obj.key.resource, rule.resource) for rule in order.left_out)
    )
    return (
        *service_rules(scope, order.names),
        *_cron_jobs(scope),
        *_replicas(order),
        *_per_kind(scope),
        *priority_rules(scope),
        *hook_rules(order),
        *class_rules(order),
        *(map(veiled, named) if veil else named),
        *stilled(order),
    )


def _cron_jobs(scope: Iterable[BackedUpObject]) -> Iterator[Rule]:
    """Suspend every CronJob of the source namespaces, whatever it says."""
    spaces = {o.key.namespace for o in scope if o.key.resource == "cronjobs.batch"}
    if spaces:
        yield merge_rule("cronjobs.batch", spaces, {"spec": {"suspend": True}})


def _replicas(order: RestoreOrder) -> Iterator[Rule]:
    """Cap the replicas of what may be capped; see `drills.capping` for what may not.

    One rule for all of a size, but where something of that size must keep it.
    """
    found = capping(order.inventory, order.namespaces, order.most_replicas)
    kept = {(obj.key.resource, obj.key.namespace, replicas(obj)) for obj in found.kept}
    patch = {"spec": {"replicas": order.most_replicas}}
    by_size: dict[tuple[str, int], set[str]] = defaultdict(set)
    by_name: dict[tuple[str, str], list[str]] = defaultdict(list)
    for obj in found.capped:
        resource, namespace, size = obj.key.resource, obj.key.namespace, replicas(obj)
        said = objects.dig(obj.body, "spec", "replicas") == size
        if (resource, namespace, size) in kept or not said:
            by_name[resource, namespace].append(obj.key.name)
        else:
            by_size[resource, size].add(namespace)
    for (resource, size), spaces in by_size.items():
        yield merge_rule(resource, spaces, patch, matches={"/spec/replicas": size})
    for (resource, namespace), names in by_name.items():
        yield merge_rule(resource, (namespace,), patch, names=names)


def _per_kind(scope: tuple[BackedUpObject, ...]) -> Iterator[Rule]:
    """Yield one rule for each kind that has foreign finalizers or GitOps marks."""
    kinds: dict[str, list[BackedUpObject]] = defaultdict(list)
    for obj in scope:
        kinds[obj.key.resource].append(obj)
    for resource, members in sorted(kinds.items()):
        patch = {
            **_metadata_patch(members),
            **ARCHIVERS.get(resource, {}),
        }
        if patch:
            yield merge_rule(resource, {obj.key.namespace for obj in members}, patch)


def _metadata_patch(members: Iterable[BackedUpObject]) -> Patch:
    found: dict[str, object] = {}
    labels: dict[str, None] = {}
    annotations: dict[str, None] = {}
    for obj in members:
        finalizers = {str(f) for f in objects.items(obj.body, "metadata", "finalizers")}
        if finalizers - OWN_FINALIZERS:
            found["finalizers"] = None
        for key in tracking_keys(obj.body):
            (labels if key in objects.labels(obj.body) else annotations)[key] = None
    if labels:
        found["labels"] = labels
    if annotations:
        found["annotations"] = annotations
    return {"metadata": found} if found else {}
