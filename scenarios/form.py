"""The form of a document: what the JSON Schema alone can say about it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from scenarios.faults import Fault, names, table
from scenarios.problems import Complaint
from scenarios.published import JsonObject, schema_for
from scenarios.scalars import Surprise, Value, resolve
from scenarios.tree import Leaf, Node, find, to_data, with_leaves
from scenarios.wording import complaints

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_MOST_FAULTS = 60


class _Checker(Protocol):
    def iter_errors(self, instance: object) -> "Iterator[ValidationError]": ...


def check_form(root: Node) -> tuple[object, tuple[Complaint, ...]]:
    """Return the document as data, and what is wrong with its form.

    Text that the environment filled in becomes a number or a boolean where the schema asks for
    one, since the environment holds nothing but text.
    """
    data = to_data(root)
    checker = _checker(schema_for(data))
    faults = _faults(checker, data)
    converted = {fault.path: leaf for fault in faults if (leaf := _converted(fault, root))}
    if converted:
        data = to_data(with_leaves(root, converted))
        faults = _faults(checker, data)
    said = {
        (complaint.path, complaint.message): complaint
        for fault in faults
        for complaint in complaints(fault, root)
    }
    return data, tuple(said.values())


def _faults(checker: _Checker, data: object) -> list[Fault]:
    return [_fault(error) for error in islice(checker.iter_errors(data), _MOST_FAULTS)]


def _fault(error: "ValidationError") -> Fault:
    return Fault(
        path=tuple(error.absolute_path),
        keyword=str(error.validator),
        wanted=error.validator_value,
        found=error.instance,
        schema=table(error.schema),
        is_key="propertyNames" in error.absolute_schema_path,
    )


def _checker(schema: JsonObject) -> _Checker:
    return _strict()(schema)


@lru_cache(maxsize=1)
def _strict() -> Callable[[JsonObject], _Checker]:
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415  100 ms to import

    strict: Callable[[JsonObject], _Checker] = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _pattern}
    )
    return strict


def _pattern(
    _checker: object, pattern: str, instance: object, _schema: object
) -> "Iterator[ValidationError]":
    """As the standard says it: `$` is the very end, where Python lets a line break follow."""
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415  50 ms to import

    ending = rf"{pattern[:-1]}\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(ending, instance):
        yield ValidationError("does not match")


def _converted(fault: Fault, root: Node) -> Leaf | None:
    leaf = find(root, fault.path)
    if fault.is_key or not isinstance(leaf, Leaf) or not leaf.filled:
        return None
    value = resolve(str(leaf.value))
    if isinstance(value, str | Surprise | None) or not _takes(fault, value):
        return None
    return replace(leaf, value=value)


def _takes(fault: Fault, value: Value) -> bool:
    types = names(fault.schema.get("type"))
    if isinstance(value, bool):
        return "boolean" in types or fault.keyword == "const"
    return "number" in types or ("integer" in types and isinstance(value, int))
