"""One rule of Velero's resource modifier, and the document that holds them all. Pure.

The document is YAML, strictly parsed; each patch in it is YAML once more, within a string (Velero
v1.18 `internal/resourcemodifiers`).
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from drills import objects

Rule = dict[str, object]
Patch = Mapping[str, object]
Matches = Mapping[str, str | int]
Operation = tuple[str, str] | tuple[str, str, str]

MERGE, STRATEGIC, JSON = "mergePatches", "strategicPatches", "patches"
_BEYOND_ASCII = re.compile(r"[\x7f-\uffff]")


def merge_rule(
    resource: str,
    namespaces: Iterable[str],
    patch: Patch,
    *,
    names: Collection[str] = (),
    matches: Matches | None = None,
) -> Rule:
    """Return a rule that sets fields, or nulls them, and fails where neither is there.

    `matches`: JSON pointers with the text or number that must stand there; what is above it must
    be in every object of the kind, or Velero before 1.16 reports an error. No namespaces: any, and
    cluster-wide objects. No names: all of the kind.
    """
    return _rule(MERGE, _conditions(resource, namespaces, names, matches or {}), patch)


def strategic_rule(
    resource: str, namespaces: Iterable[str], patch: Patch, *, names: Collection[str] = ()
) -> Rule:
    """Return a rule that knows which lists merge by name; for built-in kinds only."""
    return _rule(STRATEGIC, _conditions(resource, namespaces, names, {}), patch)


def json_rule(
    resource: str,
    namespaces: Iterable[str],
    operations: Iterable[Operation],
    *,
    names: Collection[str] = (),
    matches: Matches | None = None,
) -> Rule:
    """Return a rule of JSON patch operations: word, pointer, and a value where one is needed."""
    conditions = _conditions(resource, namespaces, names, matches or {})
    words = ("operation", "path", "value")
    written = [dict(zip(words, operation, strict=False)) for operation in operations]
    return {"conditions": conditions, JSON: written}


def _rule(kind: str, conditions: Rule, patch: Patch) -> Rule:
    return {"conditions": conditions, kind: [{"patchData": _written(patch)}]}


def _conditions(
    resource: str, namespaces: Iterable[str], names: Collection[str], matches: Matches
) -> Rule:
    conditions: Rule = {"groupResource": resource}
    if spaces := sorted(namespaces):
        conditions["namespaces"] = spaces
    if names:
        conditions["resourceNameRegex"] = _one_of(names)
    if matches:
        # In quotes a value is text, whatever it looks like.
        conditions["matches"] = [
            {"path": path, "value": f'"{value}"' if isinstance(value, str) else str(value)}
            for path, value in matches.items()
        ]
    return conditions


def _one_of(names: Collection[str]) -> str:
    """Return what matches these names and no other, for Go's regexp and for Python's."""
    escaped = [re.escape(name) for name in sorted(set(names))]
    return f"^{escaped[0]}$" if len(escaped) == 1 else f"^(?:{'|'.join(escaped)})$"


def patch_rules(resource: str, wanted: Iterable[tuple[str, str, Patch]]) -> Iterator[Rule]:
    """Yield merge rules for (namespace, name, patch): one for all that get the same patch."""
    same: dict[tuple[str, str], list[str]] = {}
    patches: dict[str, Patch] = {}
    for namespace, name, patch in wanted:
        written = _written(patch)
        patches[written] = patch
        same.setdefault((namespace, written), []).append(name)
    for (namespace, written), names in same.items():
        yield merge_rule(resource, (namespace,), patches[written], names=names)


def veiled(rule: Rule) -> Rule:
    """Return the rule with its patches' length in their place: settings may hold passwords."""
    kind = STRATEGIC if STRATEGIC in rule else MERGE
    sizes = [len(objects.text(patch, "patchData")) for patch in objects.items(rule, kind)]
    return {**rule, kind: [{"patchData": f"({size} characters, not shown)"} for size in sizes]}


def _written(patch: Patch) -> str:
    """Return the patch as JSON that is YAML too.

    JSON writes characters beyond 16 bits as pairs, which YAML refuses; so they stay as they are,
    and what YAML does not take as it is, gets written as one escape.
    """
    text = json.dumps(patch, sort_keys=True, ensure_ascii=False)
    return _BEYOND_ASCII.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def rendered(found: Iterable[Rule]) -> str:
    """Return the YAML document that the modifier's ConfigMap holds under its only key."""
    import yaml  # noqa: PLC0415 - only a restore needs YAML written

    document = {"version": "v1", "resourceModifierRules": list(found)}
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(document, Dumper=dumper, sort_keys=False))
