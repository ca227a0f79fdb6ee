"""What a JSONPath finds in a document.

In: a path as `scenarios.jsonpath` reads it, and a JSON document. Out: the values found, in
document order; none where a step leads nowhere.
"""

from collections.abc import Iterator, Mapping, Sequence

from scenarios.jsonpath import Field, Filter, Index, JsonPath, Step


def find(path: JsonPath, document: object) -> tuple[object, ...]:
    """Return every value at the path."""
    return _walk(path.steps, document)


def _walk(steps: Sequence[Step], document: object) -> tuple[object, ...]:
    found: tuple[object, ...] = (document,)
    for step in steps:
        found = tuple(inner for outer in found for inner in _pick(step, outer))
    return found


def _pick(step: Step, value: object) -> Iterator[object]:
    if isinstance(step, Field):
        if isinstance(value, Mapping) and step.name in value:
            yield value[step.name]
    elif isinstance(step, Index):
        if isinstance(value, list | tuple) and -len(value) <= step.at < len(value):
            yield value[step.at]
    elif isinstance(step, Filter):
        yield from (entry for entry in _entries(value) if _passes(step, entry))
    else:
        yield from _entries(value)


def _entries(value: object) -> Sequence[object]:
    if isinstance(value, Mapping):
        return tuple(value.values())
    return value if isinstance(value, list | tuple) else ()


def _passes(step: Filter, entry: object) -> bool:
    found = _walk(step.path, entry)
    return bool(found) and (not step.compare or _holds(step.compare, found[0], step.literal))


def _holds(compare: str, left: object, right: object) -> bool:
    """Compare as JSON does: a text never equals a number, nor a truth a number."""
    same = left == right and isinstance(left, bool) is isinstance(right, bool)
    if compare in {"==", "!="}:
        return same is (compare == "==")
    if isinstance(left, str) and isinstance(right, str):
        return _ordered(compare, left < right, same=same)
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _ordered(compare, left < right, same=same)
    return False


def _ordered(compare: str, less: bool, *, same: bool) -> bool:
    if compare.startswith("<"):
        return less or (same and compare == "<=")
    return (not less and not same) or (same and compare == ">=")
