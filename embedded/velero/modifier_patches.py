"""The three kinds of patches that a resource modifier may hold.

In: a rule and an object. Out: the patched object, or why it cannot be (velero v1.18,
internal/resourcemodifiers/json_patch.go, json_merge_patch.go, strategic_merge_patch.go).
"""

import json
from dataclasses import dataclass

import yaml

from embedded.api_errors import ApiError
from embedded.json_objects import JsonObject, copied_object, name_of
from embedded.patches import json_patch, merge
from embedded.resource_types import TypeRegistry
from embedded.strategic import strategic_merge


class PatchFailed(Exception):
    """A rule could not be applied; the message is Velero's."""


class TestFailed(Exception):
    """A `test` operation found something else, which is no error."""

    __test__ = False  # pytest would take the name for a test class


@dataclass(frozen=True, slots=True)
class Patcher:
    """Applies rules; knows which types have the schema that a strategic patch needs."""

    types: TypeRegistry

    def apply(self, rule: JsonObject, obj: JsonObject) -> JsonObject:
        """Return the patched object; raises PatchFailed."""
        try:
            made = self._applied(rule, obj)
        except TestFailed:
            return obj
        except ApiError as problem:
            raise PatchFailed(
                f"error in applying patch error in applying JSON Patch {problem.message}"
            ) from problem
        except yaml.YAMLError as problem:
            raise PatchFailed(
                f"error in applying patch error in converting YAML to JSON {problem}"
            ) from problem
        if not made.get("kind") or not name_of(made):
            raise PatchFailed("error in unmarshalling modified object: Object 'Kind' is missing")
        return made

    def _applied(self, rule: JsonObject, obj: JsonObject) -> JsonObject:
        if rule.get("patches"):
            made = copied_object(obj)
            for operation in rule["patches"]:
                made = apply_operation(made, operation)
            return made
        if rule.get("mergePatches"):
            made = obj
            for patch in rule["mergePatches"]:
                made = dict(merge(made, yaml.safe_load(patch["patchData"])))
            return made
        if rule.get("strategicPatches"):
            return self._strategic(rule, obj)
        raise PatchFailed("no patch data found")

    def _strategic(self, rule: JsonObject, obj: JsonObject) -> JsonObject:
        t = self.types.by_kind(str(obj.get("apiVersion")), str(obj.get("kind")))
        if t is None or (t.custom and t.group != "velero.io"):
            raise PatchFailed(
                f'error in applying patch no kind "{obj.get("kind")}" is registered for version '
                f'"{obj.get("apiVersion")}" in scheme'
            )
        made = obj
        for patch in rule["strategicPatches"]:
            made = dict(strategic_merge(made, yaml.safe_load(patch["patchData"])))
        return made


def apply_operation(obj: JsonObject, operation: JsonObject) -> JsonObject:
    """Return the object after one operation in Velero's spelling.

    Raises:
        TestFailed: when it is a test that does not hold.
        ApiError: when it cannot be applied.
    """
    word = str(operation["operation"]).lower()
    made: JsonObject = {"op": word, "path": operation["path"], "from": operation.get("from", "")}
    made["value"] = _typed(str(operation.get("value", "")))
    try:
        return json_patch(obj, [made])
    except ApiError as problem:
        if word == "test":
            raise TestFailed from problem
        raise


def _typed(text: str) -> object:
    """Return the value that a string stands for: JSON where it looks like JSON, else itself."""
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1]
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if text == "null":
        return None
    looks_like_json = text.startswith(("{", "[")) or _is_number(text)
    if not looks_like_json:
        return text
    try:
        return json.loads(text)
    except ValueError as problem:
        raise PatchFailed(
            f"error in applying patch error in applying JSON Patch error in decoding json patch "
            f"{problem}"
        ) from problem


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
