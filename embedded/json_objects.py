"""What a Kubernetes object is in here: a plain JSON tree.

In: trees as the JSON decoder makes them. Out: copies, canonical bytes, and safe looks inside.
`Any` lives in this room because an API server's business is JSON whose shape callers choose.
"""

import json
from typing import Any

JsonObject = dict[str, Any]
"""One Kubernetes object, or any JSON object inside one."""


def copied(value: Any) -> Any:  # noqa: ANN401  # JSON in, the same JSON out
    """Return a deep copy of a JSON value, several times faster than copy.deepcopy."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def copied_object(value: JsonObject) -> JsonObject:
    """Return a deep copy of a JSON object."""
    return {key: copied(item) for key, item in value.items()}


_TEXTS = frozenset({"data", "binaryData", "stringData", "labels", "annotations", "matchLabels"})
"""Maps of texts: Go reads a null in one as an empty text, and keeps its key."""


def without_nulls(value: Any, key: str = "") -> Any:  # noqa: ANN401  # JSON in, JSON out
    """Return a deep copy without the fields that are null: to a typed server they are absent."""
    if isinstance(value, dict):
        return {
            word: without_nulls(item, word)
            for word, item in value.items()
            if item is not None or key in _TEXTS
        }
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def encoded(value: object) -> bytes:
    """Return the value as compact JSON in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def section(obj: JsonObject, *path: str) -> JsonObject:
    """Return the JSON object at the path, or an empty one that is not attached to the tree."""
    here: Any = obj
    for step in path:
        here = here.get(step) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else {}


def items(obj: JsonObject, *path: str) -> list[Any]:
    """Return the list at the path, or an empty one that is not attached to the tree."""
    value = section(obj, *path[:-1]).get(path[-1])
    return value if isinstance(value, list) else []


def name_of(obj: JsonObject) -> str:
    """Return metadata.name, or an empty string."""
    return str(section(obj, "metadata").get("name") or "")


def namespace_of(obj: JsonObject) -> str:
    """Return metadata.namespace, or an empty string."""
    return str(section(obj, "metadata").get("namespace") or "")
