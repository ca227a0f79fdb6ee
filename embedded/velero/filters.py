"""Which items of a backup a Restore asks for.

In: the Restore's spec. Out: yes or no for resources, namespaces and items. All filters see the
namespaces of the backup, before any mapping (velero v1.18, pkg/util/collections, pkg/restore).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from embedded.controllers.ownership import selects
from embedded.json_objects import JsonObject, items
from embedded.resource_types import TypeRegistry
from embedded.velero.globs import any_glob

NON_RESTORABLE = (
    "nodes",
    "events",
    "events.events.k8s.io",
    "backups.velero.io",
    "restores.velero.io",
    "resticrepositories.velero.io",
    "csinodes.storage.k8s.io",
    "volumeattachments.storage.k8s.io",
    "backuprepositories.velero.io",
)
"""What is never restored (pkg/controller/restore_controller.go)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A list of what is in and a list of what is out; an empty first list means everything."""

    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Return whether the name is chosen (IncludesExcludes.ShouldInclude)."""
        if any_glob(self.excluded, name):
            return False
        return not self.included or "*" in self.included or any_glob(self.included, name)

    @property
    def is_everything(self) -> bool:
        """Return whether nothing is left out."""
        return not self.excluded and self.included in {(), ("*",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What one Restore chooses.

    Attributes:
        resources: by `plural.group`.
        namespaces: by the backup's names.
        cluster: `includeClusterResources`: None restores cluster-scoped kinds only together with
            every namespace, but still lets volumes of claims in.
        selectors: an item has to match one of them, if there are any.
    """

    resources: Choice
    namespaces: Choice
    cluster: bool | None
    selectors: tuple[JsonObject, ...]

    def bulk(self, namespace: str) -> bool:
        """Return whether items of this namespace (empty: cluster-scoped) are walked through."""
        if namespace:
            return self.namespaces.has(namespace)
        return self.cluster is True or (self.cluster is None and self.namespaces.is_everything)

    def single(self, resource: str, namespace: str) -> bool:
        """Return whether one item may be restored, also when another item asks for it."""
        if not self.resources.has(resource):
            return False
        return self.namespaces.has(namespace) if namespace else self.cluster is not False

    def selected(self, obj: JsonObject) -> bool:
        """Return whether the item's labels match."""
        return not self.selectors or any(not one or selects(one, obj) for one in self.selectors)


def filters_of(spec: JsonObject, types: TypeRegistry) -> Filters:
    """Return the filters of a Restore's spec."""
    one = spec.get("labelSelector")
    selectors = [one] if one else items(spec, "orLabelSelectors")
    return Filters(
        resources=Choice(
            included=_resolved(types, items(spec, "includedResources")),
            excluded=_resolved(types, items(spec, "excludedResources")),
        ),
        namespaces=Choice(
            included=tuple(items(spec, "includedNamespaces")),
            excluded=tuple(items(spec, "excludedNamespaces")),
        ),
        cluster=spec.get("includeClusterResources"),
        selectors=tuple(selectors),
    )


def _resolved(types: TypeRegistry, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(resolved_resource(types, name) for name in names)


def resolved_resource(types: TypeRegistry, name: str) -> str:
    """Return the full `plural.group` that discovery makes of a name; unknown names stay."""
    if name == "*" or types.by_group_resource(name) is not None:
        return name
    word, _, group = name.lower().partition(".")
    for t in types.all():
        if word in {t.plural, t.singular, *t.short_names} and t.group.startswith(group):
            return t.group_resource
    return name


def list_problems(included: list[str], excluded: list[str]) -> list[str]:
    """Return what is wrong with a pair of lists (ValidateIncludesExcludes)."""
    problems = []
    if len(included) > 1 and "*" in included:
        problems.append("includes list must either contain '*' only, or a non-empty list of items")
    if "*" in excluded:
        problems.append("excludes list cannot contain '*'")
    problems += [
        f"excludes list cannot contain an item in the includes list: {one}"
        for one in excluded
        if one in included
    ]
    return problems
