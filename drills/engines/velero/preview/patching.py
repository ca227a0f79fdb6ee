"""The generated modifier rules, applied to one object as Velero's modifier would apply them.

In: the rules of `modifier.rules`, an object that still has its source namespace. Out: the object
changed. Source: Velero v1.18 `internal/resourcemodifiers`; merge patches are RFC 7396, strategic
ones merge the lists of `naming.NAMED_LISTS` by name. Pure.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy

from drills import objects
from drills.engines.velero.naming import NAMED_LISTS
from drills.engines.velero.rule import JSON, MERGE, STRATEGIC, Rule
from drills.objects import KubeObject


def merged(into: object, patch: object, *, by_name: bool = False, key: str = "") -> object:
    """Return `into` with a merge patch applied; null takes a field away.

    With `by_name` it is a strategic patch, as far as generated rules use one.
    """
    if by_name and key in NAMED_LISTS:
        return _merged_list(objects.items({"": into}, ""), objects.items({"": patch}, ""))
    if not isinstance(patch, Mapping):
        return patch
    result: dict[str, object] = dict(into) if isinstance(into, Mapping) else {}
    for word, value in patch.items():
        if value is None:
            result.pop(word, None)
        else:
            result[word] = merged(result.get(word), value, by_name=by_name, key=word)
    return result


def _merged_list(into: Sequence[object], patches: Sequence[object]) -> list[object]:
    found = {objects.text(patch, "name"): patch for patch in patches}
    return [merged(one, found.get(objects.text(one, "name"), {}), by_name=True) for one in into]


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
            for kind in (MERGE, STRATEGIC):
                for patch in objects.items(rule, kind):
                    data = json.loads(objects.text(patch, "patchData"))
                    changed = merged(changed, data, by_name=kind == STRATEGIC)
            if operations := objects.items(rule, JSON):
                changed = operated(changed, operations)
        return changed if isinstance(changed, dict) else dict(obj)


def operated(tree: object, operations: Iterable[object]) -> object:
    """Return `tree` with JSON patch operations applied: `add` and `remove`, as rules use them.

    One that does not fit leaves all as it was; -1 is a list's last item.
    """
    changed = deepcopy(tree)
    for operation in operations:
        *path, last = objects.text(operation, "path").split("/")[1:]
        holder: object = changed
        try:
            for step in path:
                holder = holder[_place(holder, step)]  # type: ignore[index]
            if objects.text(operation, "operation") == "remove":
                del holder[_place(holder, last)]  # type: ignore[attr-defined]
            else:
                value = json.loads(objects.text(operation, "value"))
                holder[_place(holder, last)] = value  # type: ignore[index]
        except (LookupError, TypeError, ValueError):
            return tree
    return changed


def _place(holder: object, step: str) -> int | str:
    return int(step) if isinstance(holder, list) else step


def _matches(rule: Rule, obj: KubeObject) -> bool:
    namespaces = objects.items(rule, "conditions", "namespaces")
    if namespaces and objects.namespace(obj) not in namespaces:
        return False
    pattern = objects.text(rule, "conditions", "resourceNameRegex")
    if pattern and re.search(pattern, objects.name(obj)) is None:
        return False
    return all(_holds(one, obj) for one in objects.items(rule, "conditions", "matches"))


def _holds(condition: object, obj: KubeObject) -> bool:
    here: object = obj
    for step in objects.text(condition, "path").split("/")[1:]:
        if isinstance(here, list):
            here = here[int(step)] if int(step) < len(here) else None
        else:
            here = objects.dig(here, step)
    wanted: object = json.loads(objects.text(condition, "value"))
    return here == wanted
