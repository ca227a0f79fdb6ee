"""Resource modifiers: rules in a ConfigMap that change objects on their way into the cluster.

In: the ConfigMap that a Restore names. Out: parsed rules, or why Velero would refuse them; objects
with the rules applied. Follows velero v1.18 internal/resourcemodifiers: parsing is strict, rules
are matched against the object as it was before any rule, patches add up, and what cannot be
applied is an error beside an object that is created all the same.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from embedded.controllers.ownership import selects
from embedded.json_objects import JsonObject, items, name_of, namespace_of, section
from embedded.velero.filters import Choice
from embedded.velero.modifier_patches import Patcher, PatchFailed, TestFailed, apply_operation

_RULE = {"conditions", "patches", "mergePatches", "strategicPatches"}
_CONDITIONS = {"namespaces", "groupResource", "resourceNameRegex", "labelSelector", "matches"}
_OPERATIONS = frozenset({"add", "remove", "replace", "test", "move", "copy"})
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Written in C where PyYAML was built with it: long documents take seconds otherwise."""
_PATCH_KINDS = ("patches", "mergePatches", "strategicPatches")


class ModifiersRefused(Exception):
    """The ConfigMap holds no valid modifiers; the message is what Velero says after `configmap`."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule whose conditions were made ready once, and not for each object again."""

    content: JsonObject
    spaces: Choice
    kinds: re.Pattern[str]
    names: re.Pattern[str] | str
    """What names are searched for; a text says why it is no regular expression."""

    def matches(self, obj: JsonObject, resource: str) -> bool:
        """Return whether the rule is about the object, whose namespace is the backup's still."""
        place, conditions = namespace_of(obj), self.content["conditions"]
        if (place and not self.spaces.has(place)) or not self.kinds.fullmatch(resource):
            return False
        if isinstance(self.names, str):
            raise PatchFailed(f"error in matching regex {self.names}")
        if self.names.search(name_of(obj)) is None:
            return False
        selector = conditions.get("labelSelector")
        if selector and not selects(selector, obj):
            return False
        return _all_hold(items(conditions, "matches"), obj)


class Modifiers:
    """Valid rules."""

    def __init__(self, rules: Sequence[JsonObject]) -> None:
        self._rules = tuple(_ready(rule) for rule in rules)
        self._by_kind: dict[str, tuple[_Rule, ...]] = {}

    def apply(
        self, obj: JsonObject, resource: str, patcher: Patcher
    ) -> tuple[JsonObject, list[str]]:
        """Return the object with all matching rules applied, and what went wrong with them."""
        made, problems = obj, []
        for rule in self._about(resource):
            try:
                if rule.matches(obj, resource):
                    made = patcher.apply(rule.content, made)
            except PatchFailed as problem:
                problems.append(str(problem))
        return made, problems

    def _about(self, resource: str) -> tuple[_Rule, ...]:
        if resource not in self._by_kind:
            found = (rule for rule in self._rules if rule.kinds.fullmatch(resource))
            self._by_kind[resource] = tuple(found)
        return self._by_kind[resource]


def _ready(rule: JsonObject) -> _Rule:
    conditions = rule["conditions"]
    names: re.Pattern[str] | str
    try:
        names = re.compile(str(conditions.get("resourceNameRegex") or ""))
    except re.error as problem:
        names = str(problem)
    return _Rule(
        content=rule,
        spaces=Choice(included=tuple(conditions.get("namespaces") or ())),
        kinds=re.compile(_glob(conditions["groupResource"])),
        names=names,
    )


def parse_modifiers(config_map: JsonObject) -> Modifiers:
    """Return the modifiers of a ConfigMap.

    Raises:
        ModifiersRefused: when Velero would refuse it; `kind` of the problem is in the message.
    """
    data = section(config_map, "data")
    place = f"{namespace_of(config_map)}/{name_of(config_map)}"
    if len(data) != 1:
        raise ModifiersRefused(
            f"Error in parsing resource modifiers provided in configmap {place}: "
            f"illegal resource modifiers {place} configmap"
        )
    problems = list(_shape_problems(str(next(iter(data.values())))))
    if problems:
        raise ModifiersRefused(
            f"Error in parsing resource modifiers provided in configmap {place}: "
            f"failed to decode yaml data into resource modifiers, err: {problems[0]}"
        )
    document = _loaded(str(next(iter(data.values()))))
    problem = next(_meaning_problems(document), "")
    if problem:
        raise ModifiersRefused(
            f"Validation error in resource modifiers provided in configmap {place}: {problem}"
        )
    return Modifiers(document["resourceModifierRules"])


def _loaded(text: str) -> Any:  # noqa: ANN401  # YAML in, JSON out
    return yaml.load(text, Loader=_LOADER)  # noqa: S506  # both are safe loaders


def _shape_problems(text: str) -> Iterator[str]:
    try:
        document = _loaded(text)
    except yaml.YAMLError as problem:
        yield f"error converting YAML to JSON: {problem}"
        return
    if not isinstance(document, dict):
        yield "json: cannot unmarshal into Go value of type resourcemodifiers.ResourceModifiers"
        return
    yield from _unknown(document, {"version", "resourceModifierRules"})
    for rule in document.get("resourceModifierRules") or ():
        if not isinstance(rule, dict):
            yield "json: cannot unmarshal into Go struct field resourceModifierRules"
            return
        yield from _rule_shape(rule)


def _rule_shape(rule: JsonObject) -> Iterator[str]:
    yield from _unknown(rule, _RULE)
    conditions = rule.get("conditions") or {}
    yield from _unknown(conditions, _CONDITIONS)
    for one in conditions.get("matches") or ():
        yield from _strings(one, {"path", "value"})
    for one in rule.get("patches") or ():
        yield from _strings(one, {"operation", "from", "path", "value"})
    for kind in _PATCH_KINDS[1:]:
        for one in rule.get(kind) or ():
            yield from _strings(one, {"patchData"})


def _unknown(given: Mapping[str, object], known: set[str]) -> Iterator[str]:
    for key in given:
        if key not in known:
            yield f'error unmarshaling JSON: while decoding JSON: json: unknown field "{key}"'


def _strings(given: Mapping[str, object], known: set[str]) -> Iterator[str]:
    yield from _unknown(given, known)
    for key, value in given.items():
        if not isinstance(value, str):
            yield f"json: cannot unmarshal {value!r} into Go struct field {key} of type string"


def _meaning_problems(document: JsonObject) -> Iterator[str]:
    version = str(document.get("version", ""))
    if version.lower() != "v1":
        yield f"unsupported resource modifier version {version}"
    if not document.get("resourceModifierRules"):
        yield "resource modifier rules cannot be empty"
    for rule in document.get("resourceModifierRules") or ():
        if not (rule.get("conditions") or {}).get("groupResource"):
            yield "groupkResource cannot be empty"
        if sum(bool(rule.get(kind)) for kind in _PATCH_KINDS) > 1:
            yield "only one of patches, mergePatches, strategicPatches can be specified"
        for patch in rule.get("patches") or ():
            yield from _patch_problems(patch)


def _patch_problems(patch: JsonObject) -> Iterator[str]:
    word = str(patch.get("operation", ""))
    if not word:
        yield "operation cannot be empty"
    elif word.lower() not in _OPERATIONS:
        yield f"unsupported operation {word}"
    if not patch.get("path"):
        yield "path cannot be empty"


def _all_hold(matches: Sequence[JsonObject], obj: JsonObject) -> bool:
    for one in matches:
        if not one.get("path"):
            raise PatchFailed("path is required for match rule")
        try:
            apply_operation(obj, {**one, "operation": "test"})
        except TestFailed:
            return False
    return True


def _glob(pattern: str) -> str:
    """Return a regular expression for a glob whose `*` stops at dots (gobwas/glob)."""
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    words = {"**": ".*", "*": "[^.]*", "?": "[^.]"}
    return "".join(words.get(part, re.escape(part)) for part in parts)
