"""Mappings and lists that nobody can change, made from what the document held.

A read-only `dict` rather than a `MappingProxyType`: it still becomes JSON, and can be copied.
"""

from collections.abc import Mapping
from typing import NoReturn, TypeVar

Value = TypeVar("Value")


class FrozenMap(dict[str, Value]):
    """A mapping that refuses every change."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a scenario cannot be changed")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type["FrozenMap[Value]"], tuple[dict[str, Value]]]:
        """Copy and pickle through the constructor, since items cannot be set."""
        return type(self), (dict(self),)


def freeze(value: object) -> object:
    """Return `value` with every mapping in it read-only and every list a tuple."""
    if isinstance(value, Mapping):
        return freeze_map(value)
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    return value


def freeze_map(value: Mapping[str, object]) -> FrozenMap[object]:
    """Return a read-only copy, all the way down."""
    return FrozenMap({key: freeze(item) for key, item in value.items()})
