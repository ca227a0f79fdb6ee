"""One fault that a document has against the JSON Schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scenarios.problems import Path, nearest
from scenarios.scalars import Value

_MOST_UNKNOWN = 20


def table(part: object) -> Mapping[str, object]:
    """Return `part` where it is a mapping, an empty one otherwise."""
    return part if isinstance(part, Mapping) else {}


def names(part: object) -> Sequence[str]:
    """Return the strings of a list, or the one string that `part` is."""
    if isinstance(part, str):
        return (part,)
    return [item for item in part if isinstance(item, str)] if isinstance(part, list) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A value that does not keep one keyword of one (sub)schema."""

    path: Path
    keyword: str
    """`type`, `required`, ..."""
    wanted: object
    """The keyword's value in the schema."""
    found: object
    """The value in the document."""
    schema: Mapping[str, object]
    """The subschema that holds the keyword."""
    is_key: bool = False
    """True where not the value but a key of the mapping at `path` is wrong."""

    def of_key(self) -> "Fault":
        """Return the same fault, of a key."""
        return replace(self, is_key=True)

    @property
    def known_keys(self) -> tuple[str, ...]:
        """Return the keys that the subschema names."""
        return tuple(table(self.schema.get("properties")))

    @property
    def unknown_keys(self) -> tuple[str, ...]:
        """Return the keys found that the subschema does not name, the first twenty."""
        unknown = (key for key in table(self.found) if key not in self.known_keys)
        return tuple(unknown)[:_MOST_UNKNOWN]

    def meant(self, unknown: str) -> str | None:
        """Return the key that an unknown one was probably meant to be, absent ones first."""
        absent = [key for key in self.known_keys if key not in table(self.found)]
        return nearest(unknown, absent) or nearest(unknown, self.known_keys)

    def would_take(self, value: Value) -> bool:
        """Whether a number or boolean would have the type that is wanted here."""
        types = names(self.schema.get("type"))
        if isinstance(value, bool):
            return "boolean" in types or self.keyword == "const"
        is_whole = isinstance(value, int)
        return not isinstance(value, str | None) and (
            "number" in types or ("integer" in types and is_whole)
        )

    def misspells(self, wanted: Sequence[str]) -> bool:
        """Whether an unknown key is one of the wanted, misspelt: that complaint says it all."""
        if self.schema.get("additionalProperties") is not False:
            return False
        return any(self.meant(key) in wanted for key in self.unknown_keys)
