"""Rules that lead names of Services into the sandbox, and the objects that no rule may touch.

In: the order. Out: rules for Velero's resource modifier: one for all objects of a kind in a
namespace that change alike (a workload's replicas, settings that every team copies), by their
names, since Velero tries every rule on every object. Workloads get strategic patches, which find a
container by its name: Velero puts `restore-wait` before the others, and a patch that replaced the
list would lose it, and the volume's data with it. A Secret's text must not stand in a ConfigMap,
nor a password in one more, and a long ConfigMap would not fit: such objects are placed in the
sandbox before the restore, and Velero leaves alone what is there. Pure.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from drills import objects
from drills.backups import BackedUpObject, ObjectKey
from drills.engine import RestoreOrder
from drills.engines.velero.rule import Patch, Rule, merge_rule, strategic_rule
from drills.name_places import REVISIONS, changed
from drills.names import NameMap
from drills.objects import KubeObject
from drills.rewriting import rewritings

BUDGET = 500_000
"""Bytes of these rules; a ConfigMap holds 1 MiB, and the other rules need room too."""
FEW = 50
"""Names that cost nothing to spell out, so that a rule says exactly whom it means."""
PLACEABLE = frozenset({"configmaps"})
"""Kinds that are placed in the sandbox where no rule will do."""
PASSWORD = re.compile(r"://[^\s/:@]*:[^\s/@]+@")
WHOLE = frozenset({"configmaps", REVISIONS})
"""Kinds without lists that merge by name; a revision's data has no schema to merge by."""
NAMED_LISTS = frozenset({"containers", "initContainers", "env"})
"""Lists of a pod that merge by `name` (core/v1, patchMergeKey)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRules:
    """The rules, and the objects that are placed in the sandbox instead."""

    rules: tuple[Rule, ...] = ()
    placed: frozenset[ObjectKey] = frozenset()


def name_rules(order: RestoreOrder) -> NameRules:
    """Return what leads the order's names into the sandbox; Services have rules of their own."""
    if order.names is None:
        return NameRules()
    wanted = {one.source for one in rewritings(order.inventory, order.names, order.left_out)}
    wanted -= order.owned_out.keys()
    found = {obj.key: obj for obj in order.inventory.objects if obj.key in wanted}
    placed = {key for key in found if key.resource == "secrets"}
    shared: dict[_Shared, list[str]] = defaultdict(list)
    for key, obj in found.items():
        patch = _patch(obj, order.names)
        if patch is not None:
            shared[_Shared(key.resource, key.namespace, json.dumps(patch))].append(key.name)
        elif key.resource in PLACEABLE:
            placed.add(key)
    rules, room = [], BUDGET
    there = Counter((obj.key.resource, obj.key.namespace) for obj in order.inventory.objects)
    for is_data, size, one, rule in sorted(_sized(shared, there), key=lambda each: each[:3]):
        room -= size
        if is_data and room < 0:
            placed |= {
                ObjectKey(resource=one.resource, namespace=one.namespace, name=name)
                for name in shared[one]
            }
        else:
            rules.append(rule)
    return NameRules(rules=tuple(rules), placed=frozenset(placed))


class _Shared(NamedTuple):
    """What objects have in common that one rule serves."""

    resource: str
    namespace: str
    patch: str


def _sized(
    shared: Mapping[_Shared, list[str]], there: Mapping[tuple[str, str], int]
) -> Iterator[tuple[bool, int, _Shared, Rule]]:
    """Yield each rule with its size; those that may be placed instead are marked.

    `there`: how many objects of a kind the backup holds in a namespace. Where all of many change
    alike, nobody need be named: Velero would compile that pattern for each object anew.
    """
    for one, names in shared.items():
        make = merge_rule if one.resource in WHOLE else strategic_rule
        everyone = len(names) > FEW and len(names) == there[one.resource, one.namespace]
        named = () if everyone else names
        rule = make(one.resource, (one.namespace,), json.loads(one.patch), names=named)
        yield one.resource in PLACEABLE, len(json.dumps(rule)), one, rule


def _patch(obj: BackedUpObject, names: NameMap) -> Patch | None:
    resource, body = obj.key.resource, obj.body
    if body is None or resource in {"secrets", "services"} or _confides(resource, body):
        return None
    new = changed(resource, body, lambda _, text: names.rewritten(text))
    patch = difference(body, new, whole=resource in WHOLE)
    return patch if isinstance(patch, Mapping) and patch else None


def _confides(resource: str, body: KubeObject) -> bool:
    """Return whether a ConfigMap holds a URL with a password, which shall not be copied about."""
    texts = objects.mapping(body, "data").values() if resource == "configmaps" else ()
    return any(isinstance(text, str) and PASSWORD.search(text) for text in texts)


def external_name(obj: BackedUpObject, names: NameMap | None) -> str:
    """Return the alias that leads an ExternalName Service into the sandbox, '' where none does."""
    if names is None or obj.body is None:
        return ""
    new = changed("services", obj.body, lambda _, text: names.rewritten(text))
    alias = objects.text(new, "spec", "externalName")
    return alias if alias != objects.text(obj.body, "spec", "externalName") else ""


def difference(old: object, new: object, *, whole: bool, key: str = "") -> object:
    """Return the patch that makes `new` of `old`: only what differs, None where nothing does.

    Lists are given whole, but for containers and variables: of these only the changed ones, by
    name, unless `whole` says otherwise.
    """
    if old == new:
        return None
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        parts = (
            (word, difference(old.get(word), new[word], whole=whole, key=word)) for word in new
        )
        return {word: part for word, part in parts if part is not None}
    if key in NAMED_LISTS and not whole:
        pairs = zip(objects.items({"": old}, ""), objects.items({"": new}, ""), strict=True)
        return [_named(before, after) for before, after in pairs if before != after]
    return new


def _named(before: object, after: object) -> dict[str, object]:
    patch = objects.mapping({"": difference(before, after, whole=False)}, "")
    return {"name": objects.text(after, "name"), **patch}
