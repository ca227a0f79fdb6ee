"""Server-side apply: who asked for which fields, and what that means for the next apply.

In: the object, a manager and the configuration it applies. Out: the object with that configuration
merged in, and without what the manager asked for before and no longer does. Only appliers own
fields here; managedFields are not kept on objects.
"""

from collections.abc import Iterator
from typing import Any

from embedded.api_errors import ApiError
from embedded.json_objects import JsonObject, copied
from embedded.patches import merge
from embedded.resource_types import ResourceType
from embedded.strategic import merge_key, strategic_merge

Path = tuple[str, ...]
_UNOWNED = frozenset({"apiVersion", "kind"})


class Appliers:
    """What each manager last applied, by the object's uid."""

    def __init__(self) -> None:
        self._applied: dict[str, dict[str, JsonObject]] = {}

    def remember(self, uid: str, manager: str, wanted: JsonObject) -> None:
        """Keep what the manager applied to the object."""
        self._applied.setdefault(uid, {})[manager] = wanted

    def forget(self, uid: str) -> None:
        """Drop what is known of an object that is gone."""
        self._applied.pop(uid, None)

    def applied(
        self, t: ResourceType, current: JsonObject, wanted: JsonObject, manager: str, *, force: bool
    ) -> JsonObject:
        """Return the object after this apply.

        Raises:
            ApiError: 409 when another applier asked for a different value, unless forced.
        """
        known = self._applied.get(current["metadata"]["uid"], {})
        others = {name: asked for name, asked in known.items() if name != manager}
        if not force:
            _check_conflicts(wanted, others)
        kept = set().union(*(_leaves(asked) for asked in others.values())) if others else set()
        result = copied(current)
        for path in set(_leaves(known.get(manager, {}))) - set(_leaves(wanted)) - kept:
            _remove(result, path)
        join = merge if t.custom else strategic_merge
        return dict(join(result, wanted))


def _check_conflicts(wanted: JsonObject, others: dict[str, JsonObject]) -> None:
    mine = dict(_leaves_with_values(wanted))
    conflicts = [
        (name, path)
        for name, asked in others.items()
        for path, value in _leaves_with_values(asked)
        if path in mine and mine[path] != value
    ]
    if not conflicts:
        return
    count = f"{len(conflicts)} conflict" + ("s" if len(conflicts) > 1 else "")
    shown = [f'conflict with "{name}": .{".".join(path)}' for name, path in conflicts]
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f'conflict with "{name}"',
            "field": "." + ".".join(path),
        }
        for name, path in conflicts
    ]
    raise ApiError(
        409, "Conflict", f"Apply failed with {count}: {', '.join(shown)}", {"causes": causes}
    )


def _leaves(tree: JsonObject) -> Iterator[Path]:
    return (path for path, _ in _leaves_with_values(tree))


def _leaves_with_values(tree: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield every leaf; items of keyed lists are named by their key, other lists are leaves."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            if path or key not in _UNOWNED:
                yield from _leaves_with_values(value, (*path, key))
        return
    if not path:
        return
    key = merge_key(path[-1], tree) if isinstance(tree, list) and tree else None
    if key is None:
        yield path, tree
        return
    for item in tree if isinstance(tree, list) else ():
        yield from _leaves_with_values(item, (*path, f"{key}={item[key]}"))


def _remove(tree: Any, path: Path) -> None:  # noqa: ANN401  # JSON of any shape
    """Remove the leaf, and the keyed list item whose last named field it was."""
    parents: list[tuple[Any, Any]] = []
    here = tree
    for step in path:
        place: Any = step
        if isinstance(here, list):
            key, _, value = step.partition("=")
            place = next((at for at, one in enumerate(here) if str(one.get(key)) == value), None)
        if place is None or (isinstance(here, dict) and place not in here):
            return
        parents.append((here, place))
        here = here[place]
    holder, place = parents[-1]
    is_key_of_item = len(parents) > 1 and isinstance(parents[-2][0], list)
    if is_key_of_item and path[-2].partition("=")[0] == path[-1]:
        holder, place = parents[-2]
    del holder[place]
