"""Which resource a path means.

In: the parts of a path. Out: a `Target`: type, namespace, name, subresource and what follows.
Paths follow the API conventions of Kubernetes: /api/v1 for the core group, /apis/GROUP/VERSION
for all others, and namespaces/NAME before the resource.
"""

from dataclasses import dataclass

from embedded.api_errors import no_such_resource
from embedded.resource_types import ResourceType, TypeRegistry

_OF_NAMESPACE_ITSELF = frozenset({"status", "finalize"})
_CORE, _GROUPS = 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a request is about.

    Attributes:
        type: the resource type.
        namespace: namespace, or empty for all of them or none.
        name: object name, or empty for the collection.
        subresource: such as `status`, or empty.
        rest: what follows the subresource, as a proxied path has it.
    """

    type: ResourceType
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: tuple[str, ...] = ()


def resource_target(types: TypeRegistry, segments: tuple[str, ...]) -> Target:
    """Return what the path is about.

    Raises:
        ApiError: 404 when no served type answers.
    """
    group, version, parts = _split(segments)
    namespace = ""
    if len(parts) > 2 and parts[0] == "namespaces" and parts[2] not in _OF_NAMESPACE_ITSELF:  # noqa: PLR2004  # namespaces/NAME/RESOURCE
        namespace, parts = parts[1], parts[2:]
    found = types.by_plural(group, version, parts[0]) if parts else None
    if found is None or (namespace and not found.namespaced):
        raise no_such_resource()
    target = Target(
        type=found,
        namespace=namespace,
        name=parts[1] if len(parts) > 1 else "",
        subresource=parts[2] if len(parts) > 2 else "",  # noqa: PLR2004  # as above
        rest=parts[3:],
    )
    if target.name and found.namespaced and not namespace:
        raise no_such_resource()
    return target


def _split(segments: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]]:
    if segments[0] == "api" and len(segments) > _CORE:
        return "", segments[1], segments[_CORE:]
    if segments[0] == "apis" and len(segments) > _GROUPS:
        return segments[1], segments[2], segments[_GROUPS:]
    raise no_such_resource()
