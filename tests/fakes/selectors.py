"""Label and field selectors, as far as drills use them."""

import re

from drills import objects
from drills.objects import KubeObject

_TERM = re.compile(r"[^,(]+(?:\([^)]*\))?")
_IN = re.compile(r"(\S+)\s+(in|notin)\s+\(([^)]*)\)")


def labels_match(obj: KubeObject, selector: str) -> bool:
    """Return whether the object's labels satisfy `selector`."""
    found = objects.labels(obj)
    return all(_holds(found, term.strip()) for term in _TERM.findall(selector) if term.strip())


def _holds(found: dict[str, str], term: str) -> bool:
    if match := _IN.fullmatch(term):
        key, operator, values = match.groups()
        inside = found.get(key) in {value.strip() for value in values.split(",")}
        return inside if operator == "in" else not inside
    if "!=" in term:
        key, _, value = term.partition("!=")
        return found.get(key) != value
    if "=" in term:
        key, _, value = term.replace("==", "=").partition("=")
        return found.get(key) == value
    return term[1:] not in found if term.startswith("!") else term in found


def fields_match(obj: KubeObject, selector: str) -> bool:
    """Return whether the object's fields satisfy `selector` (`metadata.name=x` and the like)."""
    for term in filter(None, selector.split(",")):
        path, _, value = term.replace("==", "=").partition("=")
        if path.endswith("!"):
            if objects.text(obj, *path[:-1].split(".")) == value:
                return False
        elif objects.text(obj, *path.split(".")) != value:
            return False
    return True
