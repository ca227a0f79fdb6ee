"""Typed looks into Kubernetes objects, which arrive as nested mappings.

A look never raises: an absent or differently shaped field reads as empty, because what the API
server omits and what it sends as null mean the same.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

KubeObject = Mapping[str, object]


def dig(obj: object, *path: str) -> object:
    """Return the value at `path`, or None where any step is absent."""
    for step in path:
        if not isinstance(obj, Mapping):
            return None
        obj = obj.get(step)
    return obj


def text(obj: object, *path: str) -> str:
    """Return the string at `path`, or ''."""
    value = dig(obj, *path)
    return value if isinstance(value, str) else ""


def number(obj: object, *path: str) -> int:
    """Return the whole number at `path`, or 0 (Velero omits zero counts)."""
    value = dig(obj, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def mapping(obj: object, *path: str) -> KubeObject:
    """Return the mapping at `path`, or an empty one."""
    value = dig(obj, *path)
    return value if isinstance(value, Mapping) else {}


def items(obj: object, *path: str) -> Sequence[object]:
    """Return the list at `path`, or an empty one (Go writes an empty list as null)."""
    value = dig(obj, *path)
    return value if isinstance(value, list | tuple) else ()


def labels(obj: object) -> dict[str, str]:
    """Return the object's labels."""
    found = mapping(obj, "metadata", "labels")
    return {key: value for key, value in found.items() if isinstance(value, str)}


def name(obj: object) -> str:
    """Return metadata.name."""
    return text(obj, "metadata", "name")


def namespace(obj: object) -> str:
    """Return metadata.namespace, '' for a cluster-scoped object."""
    return text(obj, "metadata", "namespace")


def uid(obj: object) -> str:
    """Return metadata.uid."""
    return text(obj, "metadata", "uid")


def instant(obj: object, *path: str) -> datetime | None:
    """Return the RFC 3339 instant at `path` in UTC, or None where absent or malformed."""
    value = text(obj, *path)
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else None
