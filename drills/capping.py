"""Replicas: how many of each workload the copy gets, where the scenario caps them. Pure.

In: the inventory and the cap. Out: the workloads that come back smaller, and those that must not.
A pod that is not wanted is deleted again by its controller while the engine fills its volumes, and
the claim of a StatefulSet's pod that never starts is never bound: the restore would wait for both.
Such workloads keep their size.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from drills import objects
from drills.backups import BackedUpObject, Inventory, ObjectKey
from drills.findings import Cause, Finding, Severity

RESOURCES = {
    "Deployment": "deployments.apps",
    "ReplicaSet": "replicasets.apps",
    "StatefulSet": "statefulsets.apps",
}
SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Capping:
    """Which workloads are capped and which are not, though they are larger."""

    capped: tuple[BackedUpObject, ...] = ()
    kept: tuple[BackedUpObject, ...] = ()


def capping(inventory: Inventory, namespaces: Collection[str], most: int | None) -> Capping:
    """Return what a cap of `most` replicas means for the workloads of `namespaces`."""
    if most is None:
        return Capping()
    held = _held(inventory)
    larger = [
        obj
        for obj in inventory.objects
        if obj.key.resource in RESOURCES.values()
        and obj.key.namespace in namespaces
        and replicas(obj) > most
    ]
    stays = [obj.key in held or _claims(obj) for obj in larger]
    return Capping(
        capped=tuple(obj for obj, kept in zip(larger, stays, strict=True) if not kept),
        kept=tuple(obj for obj, kept in zip(larger, stays, strict=True) if kept),
    )


def replicas(obj: BackedUpObject) -> int:
    """Return how many replicas the workload wants; one where it does not say."""
    wanted = objects.dig(obj.body, "spec", "replicas")
    return wanted if isinstance(wanted, int) else 1


def capping_note(found: Capping, most: int | None) -> tuple[Finding, ...]:
    """Return one finding that says what comes back smaller, and what does not."""
    parts = []
    shown = [obj for obj in found.capped if obj.owner is None]
    if shown:
        parts.append(f"With at most {most} replica(s): {_some(shown)}")
    if kept := [obj for obj in found.kept if obj.owner is None]:
        parts.append(f"In full size, since volumes depend on their pods: {_some(kept)}")
    if not parts:
        return ()
    return (
        Finding(
            code="replicas-capped",
            severity=Severity.INFO,
            cause=Cause.CONFIGURATION,
            subject="workloads in the backup",
            message=f"{'. '.join(parts)}.",
            remedy="Nothing to do; a real restore brings them back in full size, and may need more "
            "time and room.",
        ),
    )


def _held(inventory: Inventory) -> frozenset[ObjectKey]:
    """Return the keys of the workloads whose pods the engine fills with data, up to the root."""
    found = {obj.key: obj for obj in inventory.objects}
    pods = (
        found.get(ObjectKey(resource="pods", namespace=namespace, name=name))
        for namespace, name in inventory.filled_pods
    )
    return frozenset(key for pod in pods if pod is not None for key in _above(found, pod))


def _above(found: Mapping[ObjectKey, BackedUpObject], obj: BackedUpObject) -> Iterator[ObjectKey]:
    owner: BackedUpObject | None = obj
    while owner is not None and owner.owner:
        kind, _, name = owner.owner.partition("/")
        resource = RESOURCES.get(kind, "")
        key = ObjectKey(resource=resource, namespace=obj.key.namespace, name=name)
        yield key
        owner = found.get(key)


def _claims(obj: BackedUpObject) -> bool:
    return bool(objects.items(obj.body, "spec", "volumeClaimTemplates"))


def _some(found: list[BackedUpObject]) -> str:
    names = [f"{o.key.namespace}/{o.key.name} (of {replicas(o)})" for o in found]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
