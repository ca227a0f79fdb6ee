"""A checker for the part of JSON Schema (draft 2020-12) that the published schema uses.

The `jsonschema` library takes longer to import than ten scenarios take to load, so it stays out of
`validate`; the tests hold this checker to that library's judgement on valid and spoilt documents.
Two differences are meant: `$` in a pattern is the very end, and 80.0 is no whole number.
"""

import re
from collections.abc import Callable, Iterator

from scenarios.faults import Fault, names, table
from scenarios.problems import Path
from scenarios.published import JsonObject

_Rule = Callable[[object, object], bool]
_Walk = Callable[["Checker", Fault], Iterator[Fault]]

ANNOTATIONS = frozenset(
    {"$schema", "$id", "$comment", "$defs", "title", "description", "default", "examples", "then"}
)
"""Keywords that say nothing about validity by themselves."""

_TYPES: dict[str, Callable[[object], bool]] = {
    "string": lambda found: isinstance(found, str),
    "boolean": lambda found: isinstance(found, bool),
    "integer": lambda found: isinstance(found, int) and not isinstance(found, bool),
    "number": lambda found: isinstance(found, int | float) and not isinstance(found, bool),
    "null": lambda found: found is None,
    "array": lambda found: isinstance(found, list),
    "object": lambda found: isinstance(found, dict),
}


def _is_a(name: str, found: object) -> bool:
    return name in _TYPES and _TYPES[name](found)


def _amount(found: object) -> float | None:
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _length(kind: type[str | list[object] | dict[str, object]]) -> Callable[[object], float | None]:
    return lambda found: len(found) if isinstance(found, kind) else None


def _limit(measure: Callable[[object], float | None], sign: int) -> _Rule:
    """Return a rule for a lower (1) or upper (-1) limit; what has no such measure keeps it."""

    def holds(limit: object, found: object) -> bool:
        size, bound = measure(found), _amount(limit)
        return size is None or bound is None or (size - bound) * sign >= 0

    return holds


def _matches(pattern: object, found: object) -> bool:
    strict = re.sub(r"\$\Z", r"\\Z", str(pattern))
    return not isinstance(found, str) or re.search(strict, found) is not None


def _is_same(wanted: object, found: object) -> bool:
    return type(wanted) is type(found) and wanted == found


def _is_one_of(words: object, found: object) -> bool:
    return isinstance(words, list) and any(_is_same(word, found) for word in words)


def _has_all(required: object, found: object) -> bool:
    return not isinstance(found, dict) or all(name in found for name in names(required))


def _has_companions(rules: object, found: object) -> bool:
    present = [needed for key, needed in table(rules).items() if key in table(found)]
    return all(_has_all(needed, found) for needed in present)


VALUE_RULES: dict[str, _Rule] = {
    "type": lambda types, found: any(_is_a(name, found) for name in names(types)),
    "enum": _is_one_of,
    "const": _is_same,
    "pattern": _matches,
    "minimum": _limit(_amount, 1),
    "maximum": _limit(_amount, -1),
    "minLength": _limit(_length(str), 1),
    "maxLength": _limit(_length(str), -1),
    "minItems": _limit(_length(list), 1),
    "maxItems": _limit(_length(list), -1),
    "minProperties": _limit(_length(dict), 1),
    "maxProperties": _limit(_length(dict), -1),
    "required": _has_all,
    "dependentRequired": _has_companions,
}
"""Keywords that a value keeps or breaks as a whole."""


class Checker:
    """Checks documents against one schema."""

    def __init__(self, schema: JsonObject) -> None:
        self._schema = schema
        self._definitions = table(schema.get("$defs"))

    def faults(self, document: object) -> Iterator[Fault]:
        """Yield what is wrong with the document, lazily."""
        return self.below(document, self._schema, ())

    def holds(self, found: object, schema: object) -> bool:
        """Whether a value keeps a subschema."""
        return next(self.below(found, schema, ()), None) is None

    def below(self, found: object, schema: object, path: Path) -> Iterator[Fault]:
        """Yield the faults of the value at `path` against a subschema."""
        rules = table(schema)
        for keyword, wanted in rules.items():
            if keyword in ANNOTATIONS or (
                keyword in VALUE_RULES and VALUE_RULES[keyword](wanted, found)
            ):
                continue
            rule = Fault(path=path, keyword=keyword, wanted=wanted, found=found, schema=rules)
            if keyword in WALKS:
                yield from WALKS[keyword](self, rule)
            elif keyword in VALUE_RULES:
                yield rule

    def definition(self, reference: object) -> object:
        """Return what a `$ref` into `$defs` names."""
        return self._definitions.get(str(reference).removeprefix("#/$defs/"), {})


def _reference(checker: Checker, rule: Fault) -> Iterator[Fault]:
    return checker.below(rule.found, checker.definition(rule.wanted), rule.path)


def _properties(checker: Checker, rule: Fault) -> Iterator[Fault]:
    for name, schema in table(rule.wanted).items():
        if name in table(rule.found):
            yield from checker.below(table(rule.found)[name], schema, (*rule.path, name))


def _other_properties(checker: Checker, rule: Fault) -> Iterator[Fault]:
    known = table(rule.schema.get("properties"))
    others = {key: value for key, value in table(rule.found).items() if key not in known}
    if rule.wanted is False:
        if others:
            yield rule
        return
    for key, value in others.items():
        yield from checker.below(value, rule.wanted, (*rule.path, key))


def _property_names(checker: Checker, rule: Fault) -> Iterator[Fault]:
    for key in table(rule.found):
        for fault in checker.below(key, rule.wanted, rule.path):
            yield fault.of_key()


def _items(checker: Checker, rule: Fault) -> Iterator[Fault]:
    # A list that is too long is at fault as a whole: what is beyond the limit adds nothing.
    most = rule.schema.get("maxItems")
    items = rule.found if isinstance(rule.found, list) else []
    for index, item in enumerate(items[: most if isinstance(most, int) else None]):
        yield from checker.below(item, rule.wanted, (*rule.path, index))


def _all_of(checker: Checker, rule: Fault) -> Iterator[Fault]:
    for schema in rule.wanted if isinstance(rule.wanted, list) else ():
        yield from checker.below(rule.found, schema, rule.path)


def _condition(checker: Checker, rule: Fault) -> Iterator[Fault]:
    if checker.holds(rule.found, rule.wanted):
        yield from checker.below(rule.found, rule.schema.get("then"), rule.path)


def _choice(checker: Checker, rule: Fault) -> Iterator[Fault]:
    branches = rule.wanted if isinstance(rule.wanted, list) else ()
    kept = sum(checker.holds(rule.found, branch) for branch in branches)
    if kept == 0 or (rule.keyword == "oneOf" and kept > 1):
        yield rule


def _negation(checker: Checker, rule: Fault) -> Iterator[Fault]:
    if checker.holds(rule.found, rule.wanted):
        yield rule


WALKS: dict[str, _Walk] = {
    "$ref": _reference,
    "properties": _properties,
    "additionalProperties": _other_properties,
    "propertyNames": _property_names,
    "items": _items,
    "allOf": _all_of,
    "if": _condition,
    "oneOf": _choice,
    "anyOf": _choice,
    "not": _negation,
}
"""Keywords that look at parts of a value, or at other schemas."""
