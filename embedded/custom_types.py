"""Resource types that CustomResourceDefinitions bring.

In: CustomResourceDefinition objects. Out: types added to or taken from the registry, and the
conditions that say the names are accepted. Objects are neither pruned nor checked against the
definition's schema.
"""

from collections.abc import Iterator

from embedded.json_objects import JsonObject, items, section
from embedded.resource_types import ResourceType, TypeRegistry


def types_of(definition: JsonObject) -> Iterator[ResourceType]:
    """Yield one type per served version of the definition."""
    spec = section(definition, "spec")
    names = section(spec, "names")
    kind = str(names.get("kind") or "")
    for version in items(spec, "versions"):
        if not version.get("served"):
            continue
        extras = section(version, "subresources")
        yield ResourceType(
            group=str(spec.get("group") or ""),
            version=str(version.get("name")),
            plural=str(names.get("plural") or ""),
            kind=kind,
            singular=str(names.get("singular") or kind.lower()),
            namespaced=spec.get("scope") == "Namespaced",
            has_status="status" in extras,
            has_scale="scale" in extras,
            has_generation=True,
            custom=True,
            short_names=tuple(names.get("shortNames") or ()),
        )


def register(types: TypeRegistry, definition: JsonObject) -> None:
    """Serve the definition's types from now on."""
    for one in types_of(definition):
        types.add(one)


def unregister(types: TypeRegistry, definition: JsonObject) -> None:
    """Serve the definition's types no longer."""
    for one in types_of(definition):
        types.remove(one)


def accept(definition: JsonObject, timestamp: str) -> None:
    """Set the conditions that a real API server sets within moments of creation."""
    status = definition.setdefault("status", {})
    status["acceptedNames"] = section(definition, "spec", "names")
    status["storedVersions"] = [
        one.get("name") for one in items(definition, "spec", "versions") if one.get("storage")
    ]
    status["conditions"] = [
        {
            "type": kind,
            "status": "True",
            "lastTransitionTime": timestamp,
            "reason": reason,
            "message": message,
        }
        for kind, reason, message in (
            ("NamesAccepted", "NoConflicts", "no conflicts found"),
            ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        )
    ]
