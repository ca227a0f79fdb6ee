"""Strategic merge patch and a simple server-side apply: lists are merged by key.

In: an object, a patch. Out: the patched object. The merge keys are those of the built-in types
(the `patchMergeKey` tags in k8s.io/api at v0.34); a list whose name is not in the table is
replaced whole, as the real server does with atomic lists.
"""

from collections.abc import Mapping
from typing import Any

from embedded.json_objects import copied

MERGE_KEYS: Mapping[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "ports": ("containerPort", "port"),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",),
    "resourceClaims": ("name",),
    "conditions": ("type",),
    "ownerReferences": ("uid",),
    "secrets": ("name",),
    "addresses": ("type",),
    "podIPs": ("ip",),
    "hostIPs": ("ip",),
    "webhooks": ("name",),
}

_PRIMITIVES = frozenset({"finalizers"})
_DIRECTIVES = ("$patch", "$retainKeys")


def strategic_merge(target: object, patch: object) -> Any:  # noqa: ANN401  # JSON in, JSON out
    """Return the target with a strategic merge patch applied.

    Understands `$patch: replace|delete`, `$retainKeys` and `$deleteFromPrimitiveList/...`.
    """
    if not isinstance(patch, dict):
        return copied(patch)
    if patch.get("$patch") == "replace":
        return copied({key: value for key, value in patch.items() if key != "$patch"})
    result = dict(target) if isinstance(target, dict) else {}
    if "$retainKeys" in patch:
        result = {key: value for key, value in result.items() if key in patch["$retainKeys"]}
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            _without(result, key.partition("/")[2], value)
        elif key.startswith("$setElementOrder/") or key in _DIRECTIVES:
            continue
        elif value is None or (isinstance(value, dict) and value.get("$patch") == "delete"):
            result.pop(key, None)
        else:
            result[key] = _merged(key, result.get(key), value)
    return result


def _without(result: dict[str, Any], key: str, gone: list[Any]) -> None:
    result[key] = [one for one in result.get(key) or [] if one not in gone]


def _merged(key: str, old: object, new: object) -> Any:  # noqa: ANN401  # JSON in, JSON out
    if not isinstance(new, list):
        return strategic_merge(old, new)
    known = old if isinstance(old, list) else []
    if key in _PRIMITIVES:
        return [*known, *(one for one in new if one not in known)]
    joint = merge_key(key, new)
    if joint is None:
        return copied(new)
    return _merged_lists(joint, known, new)


def merge_key(key: str, new: list[Any]) -> str | None:
    """Return the key by which the items of this list are told apart; None: replace the list."""
    maps = [one for one in new if isinstance(one, dict)]
    if len(maps) != len(new):
        return None
    if any(one.get("$patch") == "replace" for one in maps):
        return None
    for candidate in MERGE_KEYS.get(key, ()):
        if all(candidate in one for one in maps):
            return candidate
    return None


def _merged_lists(joint: str, old: list[Any], new: list[Any]) -> list[Any]:
    result = [copied(one) for one in old]
    for item in new:
        place = next((at for at, one in enumerate(result) if one.get(joint) == item[joint]), None)
        if item.get("$patch") == "delete":
            if place is not None:
                del result[place]
        elif place is None:
            result.append(strategic_merge({}, item))
        else:
            result[place] = strategic_merge(result[place], item)
    return result
