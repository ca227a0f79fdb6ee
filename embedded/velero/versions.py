"""Which of several archived versions of a resource is restored.

In: the archive's versions and the types that are served. Out: the folder of the chosen version, for
each resource that the archive holds in more than one: only a server with EnableAPIGroupVersions
writes such an archive, so this one acts as with that feature on (velero v1.18,
pkg/restore/prioritize_group_version.go; the ConfigMap with the user's own order is not followed).
"""

from collections.abc import Mapping

from embedded.resource_types import TypeRegistry

PREFERRED = "-preferredversion"


def chosen_folders(
    versions: Mapping[str, Mapping[str, str]], types: TypeRegistry
) -> dict[str, str]:
    """Return resource to folder; `versions` is resource to version to folder."""
    return {
        resource: _chosen(held, _served(types, resource.partition(".")[2]))
        for resource, held in versions.items()
        if len(held) > 1
    }


def _chosen(held: Mapping[str, str], served: list[str]) -> str:
    """Return the folder of the cluster's preferred version, the source's, or any common one."""
    preferred = next((v for v, folder in held.items() if folder.endswith(PREFERRED)), "")
    wanted = (*served[:1], *([preferred] if preferred in served else []), *served[1:])
    common = next((version for version in wanted if version in held), preferred)
    return held.get(common, "")


def _served(types: TypeRegistry, group: str) -> list[str]:
    """Return the versions of a group, the preferred one first."""
    return list(dict.fromkeys(one.version for one in types.all() if one.group == group))
