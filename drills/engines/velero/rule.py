"""One rule of Velero's resource modifier, and the document that holds them all. Pure.

The document is YAML, strictly parsed; each patch in it is YAML once more, within a string (Velero
v1.18 `internal/resourcemodifiers`).
"""

import json
import re
from collections.abc import Iterable, Mapping

from drills import objects

Rule = dict[str, object]
Patch = Mapping[str, object]

MERGE, STRATEGIC, JSON = "mergePatches", "strategicPatches", "patches"
_BEYOND_ASCII = re.compile(r"[\x7f-\uffff]")


def merge_rule(
    resource: str,
    namespaces: Iterable[str],
    patch: Patch,
    *,
    name: str = "",
    matches: Mapping[str, str] | None = None,
) -> Rule:
    """Return a rule that sets fields, or nulls them, and fails where neither is there.

    `matches`: JSON pointers with the text that must stand there. No namespaces: any, and
    cluster-wide objects.
    """
    return _rule(MERGE, _conditions(resource, namespaces, name, matches or {}), patch)


def strategic_rule(
    resource: str, namespaces: Iterable[str], patch: Patch, *, name: str = ""
) -> Rule:
    """Return a rule that knows which lists merge by name; for built-in kinds only."""
    return _rule(STRATEGIC, _conditions(resource, namespaces, name, {}), patch)


def json_rule(
    resource: str,
    namespaces: Iterable[str],
    operations: Iterable[tuple[str, str]],
    *,
    name: str = "",
    matches: Mapping[str, str] | None = None,
) -> Rule:
    """Return a rule of JSON patch operations, each a word and a pointer (`remove`, say)."""
    conditions = _conditions(resource, namespaces, name, matches or {})
    written = [{"operation": word, "path": path} for word, path in operations]
    return {"conditions": conditions, JSON: written}


def _rule(kind: str, conditions: Rule, patch: Patch) -> Rule:
    return {"conditions": conditions, kind: [{"patchData": _written(patch)}]}


def _conditions(
    resource: str, namespaces: Iterable[str], name: str, matches: Mapping[str, str]
) -> Rule:
    conditions: Rule = {"groupResource": resource}
    if spaces := sorted(namespaces):
        conditions["namespaces"] = spaces
    if name:
        conditions["resourceNameRegex"] = f"^{re.escape(name)}$"
    if matches:
        # In quotes a value is text, whatever it looks like.
        conditions["matches"] = [
            {"path": path, "value": f'"{text}"'} for path, text in matches.items()
        ]
    return conditions


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
    from yaml import safe_dump  # noqa: PLC0415 - only a restore needs YAML written

    document = {"version": "v1", "resourceModifierRules": list(found)}
    return str(safe_dump(document, sort_keys=False))
