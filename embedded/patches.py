"""Patches that need no knowledge of types: JSON merge patch and JSON patch.

In: an object and a patch as decoded JSON. Out: the patched object; the original stays as it was.
Merge patch follows RFC 7386, JSON patch RFC 6902 with RFC 6901 pointers, and as in the library that
Kubernetes and Velero use (evanphx/json-patch) an index of -1 is the last item.
"""

from typing import Any

from embedded.api_errors import ApiError, bad_request
from embedded.json_objects import JsonObject, copied

_UNPROCESSABLE = "the server rejected our request due to an error in our request"


def merge(target: object, patch: object) -> Any:  # noqa: ANN401  # JSON in, JSON out
    """Return the target with a JSON merge patch applied; null removes a key."""
    if not isinstance(patch, dict):
        return copied(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def json_patch(target: JsonObject, operations: object) -> JsonObject:
    """Return the target with the operations applied in order.

    Raises:
        ApiError: 400 for something that is no patch, 422 when an operation does not apply.
    """
    if not isinstance(operations, list):
        raise bad_request("error decoding patch: json: cannot unmarshal into jsonpatch.Patch")
    tree: Any = copied(target)
    for operation in operations:
        try:
            tree = _apply(tree, operation)
        except (KeyError, IndexError, ValueError, TypeError) as problem:
            raise ApiError(422, "Invalid", _UNPROCESSABLE) from problem
    if not isinstance(tree, dict):
        raise bad_request("the patch does not leave an object")
    return tree


def _apply(tree: Any, operation: JsonObject) -> Any:  # noqa: ANN401  # JSON in, JSON out
    word, path = operation["op"], _steps(operation["path"])
    if word in {"move", "copy"}:
        source = _steps(operation["from"])
        value = copied(_read(tree, source))
        if word == "move":
            tree = _remove(tree, source)
        return _add(tree, path, value)
    if word == "add":
        return _add(tree, path, copied(operation["value"]))
    if word == "remove":
        return _remove(tree, path)
    if word == "replace":
        _read(tree, path)
        return (
            _add(_remove(tree, path), path, copied(operation["value"]))
            if path
            else operation["value"]
        )
    if word == "test":
        if _read(tree, path) != operation["value"]:
            raise ValueError(f"testing value {operation['path']} failed")
        return tree
    raise ValueError(f"unexpected kind {word!r}")


def _steps(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is no JSON pointer")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _read(tree: Any, steps: list[str]) -> Any:  # noqa: ANN401  # JSON in, JSON out
    here = tree
    for step in steps:
        here = here[_position(here, step)] if isinstance(here, list) else here[step]
    return here


def _position(array: list[Any], step: str) -> int:
    place = int(step) + len(array) if step.startswith("-") else int(step)
    if not 0 <= place < len(array):
        raise IndexError(f"index {step} is out of range")
    return place


def _add(tree: Any, steps: list[str], value: object) -> Any:  # noqa: ANN401  # JSON in, JSON out
    if not steps:
        return value
    parent, last = _read(tree, steps[:-1]), steps[-1]
    if isinstance(parent, list):
        place = len(parent) if last == "-" else int(last)
        if not 0 <= place <= len(parent):
            raise IndexError(f"index {last} is out of range")
        parent.insert(place, value)
    else:
        parent[last] = value
    return tree


def _remove(tree: Any, steps: list[str]) -> Any:  # noqa: ANN401  # JSON in, JSON out
    if not steps:
        return None
    parent, last = _read(tree, steps[:-1]), steps[-1]
    del parent[_position(parent, last) if isinstance(parent, list) else last]
    return tree
