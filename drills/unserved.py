"""Kinds of the backup that the target cluster does not serve in the version that it holds.

In: the cluster's discovery and the order. Out: each such kind with what to say of it. A restore
creates an object in the version that was archived, so these do not come back, whoever restores
them: that is between the backup's cluster and this one, and says nothing against the backup.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from drills.api_versions import Removal, removal_of
from drills.backups import BackedUpObject, Inventory, ObjectKey
from drills.completeness import REMADE_BY_OWNER
from drills.engine import RestoreOrder
from drills.errors import NotServed, OutsideRefused
from drills.findings import Cause, Finding, Severity
from drills.plan import rule_for
from drills.ports import Cluster, Kind

SHOWN = 5
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """One kind that is not served as the backup holds it."""

    kind: Kind
    resource: str
    """`plural.group`."""
    keys: tuple[ObjectKey, ...]
    """The objects that a restore would have to create in this version."""
    served_as: str = ""
    """The apiVersion in which the cluster serves the resource; empty where in none."""
    also_held: str = ""
    """An apiVersion that the cluster serves and the backup holds beside this one."""

    @property
    def code(self) -> str:
        """Return the code of the finding: a version that is gone, or a kind never known."""
        known = self.served_as or removal_of(self.kind)
        return "version-not-served" if known else "kind-not-served"

    @property
    def subject(self) -> str:
        """Return what the finding is about."""
        return f"{self.kind.api_version} {self.kind.kind}"


def unserved_kinds(cluster: Cluster, order: RestoreOrder) -> tuple[Unserved, ...]:
    """Return the kinds of objects to be restored that the cluster does not serve.

    What cannot be asked is not said to be missing. Raises Unreachable.
    """
    return tuple(_not_served(cluster, order.inventory, _to_restore(order)))


def unserved_keys(found: tuple[Unserved, ...]) -> Mapping[ObjectKey, Kind]:
    """Return each object of an unserved kind with the kind that the backup holds it as."""
    return {key: one.kind for one in found for key in one.keys}


def finding_of(found: Unserved, inventory: Inventory, version: str) -> Finding:
    """Return what to say before the restore; `version` is the cluster's."""
    names = ", ".join(key.name for key in found.keys[:SHOWN])
    more = f" and {len(found.keys) - SHOWN} more" if len(found.keys) > SHOWN else ""
    open_question = not found.also_held
    return Finding(
        code=found.code,
        severity=Severity.WARNING if open_question else Severity.INFO,
        cause=Cause.ENVIRONMENT,
        subject=found.subject,
        message=(
            f"This cluster ({version}) does not serve {found.subject}, the version in which the "
            f"backup holds {len(found.keys)} {found.resource} ({names}{more})"
            f"{_why(found, inventory)}."
        ),
        remedy=remedy_of(found, inventory),
        unanswered=open_question,
    )


def removed_notes(cluster: Cluster, order: RestoreOrder) -> Iterator[Finding]:
    """Yield a note for each removed version among the kinds that a drill leaves out on purpose.

    The drill lacks nothing by it; a restore of everything into this cluster would.
    """
    wanted = {one.kind for one in unserved_kinds(cluster, order)}
    for found in unserved_kinds(cluster, replace(order, left_out=())):
        if found.kind not in wanted and removal_of(found.kind):
            said = finding_of(found, order.inventory, cluster.version())
            yield replace(
                said,
                severity=Severity.INFO,
                message=f"{said.message.removesuffix('.')}; a drill leaves them out anyway.",
                unanswered=False,
            )


def remedy_of(found: Unserved, inventory: Inventory) -> str:
    """Return what to do about an unserved kind."""
    source = f" ({inventory.cluster_version})" if inventory.cluster_version else ""
    if found.also_held:
        return "Restore with the feature EnableAPIGroupVersions on, as it was backed up."
    instead = found.served_as or _instead(removal_of(found.kind))
    if instead:
        return (
            f"Convert the objects to {instead} (kubectl convert) or drill on a cluster of the "
            f"source's version{source}; from now on back up with the feature "
            f"EnableAPIGroupVersions, which keeps every version that the source serves."
        )
    if removal_of(found.kind):
        return (
            f"Nothing takes its place: leave {found.resource} out (restore.exclude), or drill on "
            f"a cluster of the source's version{source}."
        )
    if _holds_definition(found, inventory):
        return (
            f"Install the CustomResourceDefinition {found.resource} in the cluster first (the "
            "backup's archive has it): a drill changes nothing of the whole cluster. Or leave "
            "the kind out (restore.exclude)."
        )
    return (
        f"Install the CustomResourceDefinition {found.resource}, or the operator that brings it, "
        "in the cluster first, and have the backup include cluster-scoped resources "
        "(includeClusterResources). Or leave the kind out (restore.exclude)."
    )


def _why(found: Unserved, inventory: Inventory) -> str:
    if found.also_held:
        return f"; the backup holds them as {found.also_held} too, which it serves"
    removal = removal_of(found.kind)
    if removal is not None:
        place = f"{removal.instead} takes its place" if removal.instead else "nothing replaces it"
        return f": Kubernetes removed it in {removal.release}, {place}"
    if found.served_as:
        return f": it serves {found.resource} as {found.served_as}"
    if _holds_definition(found, inventory):
        return ", though the backup holds its CustomResourceDefinition"
    return "; its CustomResourceDefinition is neither in the cluster nor in the backup"


def _instead(removal: Removal | None) -> str:
    return removal.instead if removal else ""


def _holds_definition(found: Unserved, inventory: Inventory) -> bool:
    wanted = (DEFINITIONS, found.resource)
    return any((o.key.resource, o.key.name) == wanted for o in inventory.objects)


def _to_restore(order: RestoreOrder) -> Mapping[tuple[Kind, str], list[BackedUpObject]]:
    kinds: dict[tuple[Kind, str], list[BackedUpObject]] = defaultdict(list)
    for obj in order.inventory.objects:
        remade = obj.owner is not None and obj.key.resource in REMADE_BY_OWNER
        if (
            obj.key.namespace in order.namespaces
            and obj.explanation is None
            and obj.kind
            and not remade
            and rule_for(order.left_out, obj.key.resource) is None
        ):
            kinds[Kind(obj.api_version, obj.kind), obj.key.resource].append(obj)
    return kinds


def _not_served(
    cluster: Cluster,
    inventory: Inventory,
    kinds: Mapping[tuple[Kind, str], list[BackedUpObject]],
) -> Iterator[Unserved]:
    for (kind, resource), members in kinds.items():
        if _serves(cluster, kind):
            continue
        held = inventory.versions.get(resource, frozenset()) - {kind.api_version}
        yield Unserved(
            kind=kind,
            resource=resource,
            keys=tuple(sorted(obj.key for obj in members)),
            served_as=_other(cluster, resource),
            also_held=next((v for v in sorted(held) if _serves(cluster, Kind(v, kind.kind))), ""),
        )


def _serves(cluster: Cluster, kind: Kind) -> bool:
    try:
        cluster.served(kind)
    except NotServed:
        return False
    except OutsideRefused:
        return True
    return True


def _other(cluster: Cluster, resource: str) -> str:
    try:
        return cluster.served_resource(resource).api_version
    except OutsideRefused:
        return ""
