"""What stays out of a restore because what owns it does. Pure.

In: the backup's objects and the rules by kind. Out: the objects that would come back without their
owner, each with the reason. An engine restores what is owned by itself and drops the owner
references (Velero v1.18 `pkg/restore/restore.go`), so a pod of a Job that was left out would run.

| the object names | it stays out |
|---|---|
| a controller that stays out, by its kind or by its own owner | yes |
| owners without a controller, all of which stay out | yes |
| an owner left out because it belongs to the whole cluster | no |
| an owner that the backup does not hold, of a kind that is left out | yes |
| a ReplicaSet that stays out while what controls it comes back | no: the same pods would be made |
| and is a Secret, ConfigMap, ServiceAccount or claim that a restored workload names | no |
| and is a claim whose data comes back without a pod (a snapshot, a data mover) | no |
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from drills import objects
from drills.backups import BackedUpObject, BackedUpVolume, Inventory, ObjectKey, OwnerReference
from drills.companions.named import SECRETS, needed_by, pull_secrets
from drills.objects import KubeObject
from drills.pod_specs import pod_spec

Ruled = Callable[[str], str | None]
"""Why a kind (`plural.group`) is left out, None where it is not."""
CLAIMS = "persistentvolumeclaims"
REPLICA_SETS = "replicasets.apps"
BY_POD = "PodVolumeBackup"
"""The method by which a claim's data comes back through the pod that mounts it."""


def owned_out(
    inventory: Inventory,
    namespaces: Collection[str],
    ruled: Ruled,
    *,
    kept_to_itself: Collection[str] = (),
) -> dict[ObjectKey, str]:
    """Return what stays out with its owner, by the rules of the module's table.

    `kept_to_itself`: reasons that say nothing of what such a kind owns.
    """
    judge = _Judge(inventory.objects, ruled, kept_to_itself)
    members = [obj for obj in inventory.objects if obj.key.namespace in namespaces]
    found = {obj.key: why for obj in members if (why := judge.with_owner(obj))}
    needed = _named(obj for obj in members if obj.key not in found and not ruled(obj.key.resource))
    kept = needed | _come_alone(inventory.volumes)
    return {key: why for key, why in found.items() if key not in kept}


@dataclass(slots=True)
class _Judge:
    """Goes up from owner to owner; what was decided once is remembered."""

    found: Iterable[BackedUpObject]
    ruled: Ruled
    kept_to_itself: Collection[str]
    _held: dict[tuple[str, str, str, str], BackedUpObject] = field(default_factory=dict)
    _resources: dict[tuple[str, str], str] = field(default_factory=dict)
    _known: dict[ObjectKey, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for obj in self.found:
            group = obj.api_version.rpartition("/")[0]
            self._resources[group, obj.kind] = obj.key.resource
            self._held[group, obj.kind, obj.key.namespace, obj.key.name] = obj

    def with_owner(self, obj: BackedUpObject) -> str:
        """Return why the object stays out with its owners, '' where it does not."""
        if not obj.owners or self.ruled(obj.key.resource):
            return ""
        if obj.key not in self._known:
            self._known[obj.key] = ""  # owners that go round in circles decide nothing
            self._known[obj.key] = self._by_owners(obj)
        return self._known[obj.key]

    def _by_owners(self, obj: BackedUpObject) -> str:
        governing = [o for o in obj.owners if o.controls] or obj.owners
        reasons = [self._owner_out(obj, owner) for owner in governing]
        return reasons[0] if all(reasons) else ""

    def _owner_out(self, obj: BackedUpObject, reference: OwnerReference) -> str:
        owner = self._owner(obj, reference)
        where = f"{reference.kind} {reference.name}"
        if owner is not None and (above := self.with_owner(owner)):
            return above
        resource = owner.key.resource if owner else self._resource(reference)
        why = self.ruled(resource)
        remade = owner is not None and self._is_remade(owner)
        if not why or why in self.kept_to_itself or remade:
            return ""
        return f"it belongs to {where}, which is left out: {why}"

    def _is_remade(self, owner: BackedUpObject) -> bool:
        """Return whether what controls this ReplicaSet comes back and makes it anew."""
        if owner.key.resource != REPLICA_SETS:
            return False
        above = [self._owner(owner, o) for o in owner.owners if o.controls]
        return any(
            o is not None and not self.ruled(o.key.resource) and not self.with_owner(o)
            for o in above
        )

    def _owner(self, obj: BackedUpObject, to: OwnerReference) -> BackedUpObject | None:
        beside = self._held.get((to.group, to.kind, obj.key.namespace, to.name))
        return beside or self._held.get((to.group, to.kind, "", to.name))

    def _resource(self, to: OwnerReference) -> str:
        """Return `plural.group` of an owner's kind; guessed where the backup holds none of it."""
        known = self._resources.get((to.group, to.kind))
        return known or ".".join(filter(None, (_plural(to.kind.lower()), to.group)))


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2:-1] not in "aeiou" else f"{word}s"


def _named(found: Iterable[BackedUpObject]) -> set[ObjectKey]:
    """Return what the pods of restored workloads name in their own namespace."""
    return {
        ObjectKey(resource=resource, namespace=obj.key.namespace, name=name)
        for obj in found
        for resource, name in _named_by(pod_spec(obj.key.resource, obj.body))
    }


def _named_by(spec: KubeObject) -> Iterator[tuple[str, str]]:
    yield from needed_by(spec)
    yield from ((SECRETS, name) for name in pull_secrets(spec))


def _come_alone(volumes: Iterable[BackedUpVolume]) -> set[ObjectKey]:
    return {
        ObjectKey(resource=CLAIMS, namespace=volume.namespace, name=volume.claim)
        for volume in volumes
        if volume.has_data and volume.method != BY_POD
    }


def unfilled_claims(
    inventory: Inventory, namespaces: Collection[str], out: Mapping[ObjectKey, str]
) -> dict[ObjectKey, str]:
    """Return the claims that nothing fills, since every pod that would do so stays out: why."""
    pods = {
        (obj.key.namespace, obj.key.name): obj
        for obj in inventory.objects
        if obj.key.resource == "pods" and obj.key.namespace in namespaces
    }
    fills: dict[ObjectKey, list[str]] = {}
    for where in inventory.filled_pods & pods.keys():
        pod = pods[where]
        for claim in _claims(pod):
            fills.setdefault(claim, []).append(out.get(pod.key, ""))
    return {
        claim: f"its data comes back through a pod that is left out: {reasons[0]}"
        for claim, reasons in fills.items()
        if all(reasons)
    }


def _claims(pod: BackedUpObject) -> Iterator[ObjectKey]:
    for volume in objects.items(pod.body, "spec", "volumes"):
        if name := objects.text(volume, "persistentVolumeClaim", "claimName"):
            yield ObjectKey(resource=CLAIMS, namespace=pod.key.namespace, name=name)
