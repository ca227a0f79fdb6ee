"""The generated modifier rules, applied to one object as Velero's modifier would apply them.

In: the rules of `modifier.rules`, an object that still has its source namespace. Out: the object
changed. Source: Velero v1.18 `internal/resourcemodifiers`; merge patches are RFC 7396. Pure.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from drills import objects
from drills.engines.velero.modifier import Rule
from drills.objects import KubeObject


def merged(into: object, patch: object) -> object:
    """Return `into` with a JSON merge patch applied; null takes a field away."""
    if not isinstance(patch, Mapping):
        return patch
    result: dict[str, object] = dict(into) if isinstance(into, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


class Modifier:
    """The rules of one order, found by kind."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            self._rules[objects.text(rule, "conditions", "groupResource")].append(rule)

    def applied(self, resource: str, obj: KubeObject) -> dict[str, object]:
        """Return `obj` with all matching rules applied; conditions look at it as it was."""
        matching = [rule for rule in self._rules[resource] if _matches(rule, obj)]
        changed: object = dict(obj)
        for rule in matching:
            for patch in objects.items(rule, "mergePatches"):
                changed = merged(changed, json.loads(objects.text(patch, "patchData")))
        return changed if isinstance(changed, dict) else dict(obj)


def _matches(rule: Rule, obj: KubeObject) -> bool:
    namespaces = objects.items(rule, "conditions", "namespaces")
    if namespaces and objects.namespace(obj) not in namespaces:
        return False
    pattern = objects.text(rule, "conditions", "resourceNameRegex")
    return not pattern or re.search(pattern, objects.name(obj)) is not None
