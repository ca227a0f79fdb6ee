"""Typed looks into the document as data.

A look never raises: what is absent or of another shape reads as empty. So checks of meaning run on
a document whose form is wrong elsewhere, and say all there is to say at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from scenarios.durations import parse_duration
from scenarios.problems import Path

MOST_PROBES = 500


@dataclass(frozen=True, slots=True)
class Document:
    """A scenario file's content, or a part of it."""

    data: object

    def at(self, *path: str | int) -> object:
        """Return the value at `path`, or None."""
        found = self.data
        for step in path:
            if isinstance(found, Mapping) and isinstance(step, str):
                found = found.get(step)
            elif isinstance(found, list) and isinstance(step, int) and step < len(found):
                found = found[step]
            else:
                return None
        return found

    def part(self, *path: str | int) -> "Document":
        """Return the part at `path` as a document of its own."""
        return Document(self.at(*path))

    def has(self, *path: str | int) -> bool:
        """Whether something other than null stands at `path`."""
        return self.at(*path) is not None

    def table(self, *path: str | int) -> Mapping[str, object]:
        """Return the mapping at `path`, or an empty one."""
        found = self.at(*path)
        return found if isinstance(found, Mapping) else {}

    def texts(self, *path: str | int) -> Mapping[str, str]:
        """Return the pairs of text in the mapping at `path`."""
        return {key: value for key, value in self.table(*path).items() if isinstance(value, str)}

    def rows(self, *path: str | int) -> Sequence[object]:
        """Return the list at `path`, or an empty one."""
        found = self.at(*path)
        return found if isinstance(found, list) else ()

    def words(self, *path: str | int) -> tuple[str, ...]:
        """Return the strings of the list at `path`."""
        return tuple(word for word in self.rows(*path) if isinstance(word, str))

    def text(self, *path: str | int) -> str:
        """Return the string at `path`, or ''."""
        found = self.at(*path)
        return found if isinstance(found, str) else ""

    def flag(self, *path: str | int, default: bool = False) -> bool:
        """Return the boolean at `path`, or the default."""
        found = self.at(*path)
        return found if isinstance(found, bool) else default

    def number(self, *path: str | int) -> int | None:
        """Return the whole number at `path`, or None."""
        found = self.at(*path)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def duration(self, *path: str | int) -> timedelta | None:
        """Return the duration at `path`, or None."""
        try:
            return parse_duration(self.text(*path))
        except ValueError:
            return None

    def probes(self) -> "Sequence[tuple[Path, Document]]":
        """Return each probe with its path, as many as the schema allows."""
        rows = self.rows("spec", "probes")[:MOST_PROBES]
        return [(("spec", "probes", index), Document(row)) for index, row in enumerate(rows)]
