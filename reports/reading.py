"""Reading a report document without trusting its shape more than its schema does.

In: a document, the plain JSON object of a `report.json`. Out: its parts as the type they have.
What is absent reads as empty or None, so that a renderer never invents a value.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Document: TypeAlias = Mapping[str, object]
"""A JSON object: a whole report, or one part of it."""


def part(document: Document, *keys: str) -> Document:
    """Return the object found along `keys`, an empty one where there is none."""
    found: object = document
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def rows(document: Document, key: str) -> tuple[Document, ...]:
    """Return the objects of the list at `key`."""
    return tuple(item for item in _items(document, key) if isinstance(item, Mapping))


def names(document: Document, key: str) -> tuple[str, ...]:
    """Return the strings of the list at `key`."""
    return tuple(item for item in _items(document, key) if isinstance(item, str))


def word(document: Document, key: str) -> str:
    """Return the text at `key`, empty where it is null or absent."""
    found = document.get(key)
    return found if isinstance(found, str) else ""


def number(document: Document, key: str) -> float | None:
    """Return the number at `key`, None where it is null or absent."""
    found = document.get(key)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found)


def count(document: Document, key: str) -> int:
    """Return the count at `key`, 0 where it is absent; only for keys that the schema requires."""
    return int(number(document, key) or 0)


def flag(document: Document, key: str) -> bool | None:
    """Return the boolean at `key`, None where it is null or absent."""
    found = document.get(key)
    return found if isinstance(found, bool) else None


def texts(document: Document, key: str) -> Mapping[str, str]:
    """Return the object at `key` with its text values."""
    return {name: value for name, value in part(document, key).items() if isinstance(value, str)}


def by_severity(document: Document) -> tuple[Document, ...]:
    """Return the findings, the weightiest first and otherwise in the order they were found."""
    weights = ("critical", "warning", "info")
    found = rows(document, "findings")
    return tuple(sorted(found, key=lambda finding: weights.index(word(finding, "severity"))))


def _items(document: Document, key: str) -> Sequence[object]:
    found = document.get(key)
    return found if isinstance(found, list | tuple) else ()
