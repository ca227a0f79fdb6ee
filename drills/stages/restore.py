"""Stage restore: have the engine restore, then look at what really came back.

What the engine says is kept; what is in the sandbox decides.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from drills import objects
from drills.bystanders import OTHER_POLICIES, Origin, bystander_findings, opened
from drills.completeness import compare, findings_of, obstacles_of
from drills.engine import Engine, Restored, RestoreOrder
from drills.errors import DrillError, Missing
from drills.findings import Finding
from drills.foreseen import Foreseen
from drills.hazards import Hazard, finding_of, hazards, is_dangerous
from drills.live import LiveSandbox, look
from drills.objects import KubeObject
from drills.plan import rule_for
from drills.ports import Cluster, Deadline, Kind, Listener
from drills.record import Completeness, Rewriting, VolumeRecord
from drills.shared_volumes import shared_volumes
from drills.stages.names_led import look_for_names
from drills.stages.volumes import came_back, volume_findings, volumes_of
from drills.stages.volumes_left_out import volumes_left_out, volumes_left_out_notes
from drills.storage_classes import CLAIMS, unmapped

HINDERED = frozenset(
    {"object-refused", "objects-not-reached", "kind-not-served", "version-not-served"}
)
ALWAYS_LOOKED_AT = (
    "services",
    "cronjobs.batch",
    "networkpolicies.networking.k8s.io",
    "ingresses.networking.k8s.io",
    "namespaces",
    *sorted(OTHER_POLICIES),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What is in the sandbox after the restore."""

    completeness: Completeness
    volumes: tuple[VolumeRecord, ...]
    findings: tuple[Finding, ...]
    rewritings: tuple[Rewriting, ...] = ()
    harmless: bool = True
    """False where something that could act on the world could not be made harmless."""
    hindered: bool = False
    """True where something is not back for reasons outside the backup: what asks for it would
    blame the wrong one."""


def restore(engine: Engine, order: RestoreOrder, deadline: Deadline) -> Restored:
    """Return the engine's own account of the restore it made."""
    return engine.restore(order, deadline)


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What others had put into the sandbox before anything was restored."""

    uids: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()

    @property
    def closed(self) -> bool:
        """Return whether nothing that is there leads out."""
        return not opened(self.findings)


def look_before(cluster: Cluster, order: RestoreOrder, *, closed: bool) -> Before:
    """Return what operators put into the empty sandbox; `closed`: the drill closed its network."""
    wanted = {
        resource
        for resource in _worth_listing(order)
        if resource in ALWAYS_LOOKED_AT or is_dangerous(order.left_out, resource)
    }
    live = look(cluster, _targets(order), wanted - {"namespaces"})
    return Before(
        uids=frozenset(objects.uid(obj) for found in live.objects.values() for obj in found),
        findings=tuple(
            _told(cluster, live, order, hazards(live, order.left_out, order.names), closed=closed)
        ),
    )


def examine(
    cluster: Cluster,
    listener: Listener,
    order: RestoreOrder,
    restored: Restored,
    before: Before | None = None,
    *,
    closed: bool = True,
    foreseen: Foreseen | None = None,
) -> Examined:
    """Compare the sandbox with the inventory and make harmless what is live in it.

    What is somebody else's is named and left as it is; what was `foreseen` is not said again.
    """
    before, foreseen = before or Before(), foreseen or Foreseen()
    live = look(cluster, _targets(order), _worth_listing(order))
    origin = Origin(before=before.uids, items=restored.items)
    dangers = neutralise(cluster, listener, live, order, origin)
    told = tuple(_told(cluster, live, order, dangers.others, before=before, closed=closed))
    shared = shared_volumes(cluster, live.objects.get("persistentvolumeclaims", ()))
    names = replace(live.names(), unserved=foreseen.unserved)
    led = look_for_names(cluster, live.kinds, order)
    completeness = compare(
        order.inventory, order.namespaces, order.left_out, names, order.owned_out
    )
    missing = findings_of(completeness, names, obstacles_of(restored))
    volumes = volumes_of(
        order.inventory,
        order.namespaces,
        came_back(restored),
        beyond=foreseen.volumes,
        left_out=volumes_left_out(order),
    )
    return Examined(
        completeness=completeness,
        volumes=volumes,
        findings=(
            *dangers.findings,
            *told,
            *shared.findings,
            *(f for f in (*missing, *volume_findings(volumes)) if not foreseen.told(f)),
            *volumes_left_out_notes(order),
            *led.findings,
            *unmapped(live.objects.get(CLAIMS, ()), order.storage_classes),
        ),
        hindered=any(f.code in HINDERED for f in missing)
        or bool(foreseen.volumes)
        or any(volume.outcome == "interrupted" for volume in volumes),
        rewritings=led.rewritings,
        harmless=dangers.harmless and shared.harmless and not opened(told),
    )


def _targets(order: RestoreOrder) -> tuple[str, ...]:
    return tuple(sorted(set(order.namespaces.values())))


def _told(
    cluster: Cluster,
    live: LiveSandbox,
    order: RestoreOrder,
    found: Iterable[Hazard],
    *,
    before: Before | None = None,
    closed: bool,
) -> Iterator[Finding]:
    """Yield what bystanders mean that nobody told of yet; each is read whole for it."""
    known = before.uids if before else frozenset()
    fresh = tuple(hazard for hazard in found if objects.uid(hazard.obj) not in known)
    whole = ((hazard, _whole(cluster, live, hazard)) for hazard in fresh)
    yield from bystander_findings(
        ((hazard, obj) for hazard, obj in whole if obj is not None), _targets(order), closed=closed
    )


def _whole(cluster: Cluster, live: LiveSandbox, hazard: Hazard) -> KubeObject | None:
    served = live.kinds[hazard.resource]
    kind = Kind(served.api_version, served.kind)
    return cluster.get(kind, objects.namespace(hazard.obj), objects.name(hazard.obj))


def _worth_listing(order: RestoreOrder) -> set[str]:
    """Return the kinds whose presence decides something."""
    in_scope = (
        obj
        for obj in order.inventory.objects
        if obj.key.namespace in order.namespaces
        and (obj.explanation is None or rule_for(order.left_out, obj.key.resource))
    )
    return {obj.key.resource for obj in in_scope} | set(ALWAYS_LOOKED_AT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Neutralised:
    """A critical finding for each live hazard, and whether all are harmless now."""

    findings: tuple[Finding, ...]
    harmless: bool
    others: tuple[Hazard, ...] = ()
    """Those that somebody else put there: not ours to touch."""


def neutralise(
    cluster: Cluster,
    listener: Listener,
    live: LiveSandbox,
    order: RestoreOrder,
    origin: Origin,
) -> Neutralised:
    """Make every hazard that was restored live harmless at once."""
    owned = {
        (key.resource, order.namespaces[key.namespace], key.name): why
        for key, why in order.owned_out.items()
    }
    found = hazards(live, order.left_out, order.names, owned)
    ours: list[Hazard] = []
    others: list[Hazard] = []
    for hazard in found:
        restored = origin.restored(live.kinds[hazard.resource].kind, hazard.obj)
        (ours if restored else others).append(hazard)
    cures = [(hazard, *_cure(cluster, listener, live, hazard)) for hazard in ours]
    return Neutralised(
        findings=tuple(finding_of(hazard, words) for hazard, words, _ in cures),
        harmless=all(harmless for _, _, harmless in cures),
        others=tuple(others),
    )


def _cure(
    cluster: Cluster, listener: Listener, live: LiveSandbox, hazard: Hazard
) -> tuple[str, bool]:
    """Return what was done, in words, and whether the hazard is harmless now."""
    served = live.kinds[hazard.resource]
    kind = Kind(served.api_version, served.kind)
    namespace, name = objects.namespace(hazard.obj), objects.name(hazard.obj)
    where = f"{kind.kind} {namespace}/{name}"
    try:
        if hazard.patch is None:
            cluster.delete(kind, namespace, name, uid=objects.uid(hazard.obj))
            done, action = "It was deleted from the sandbox at once.", "delete"
        else:
            cluster.patch(kind, namespace, name, _only(hazard.obj, hazard.patch))
            done, action = "It was made harmless at once.", "patch"
    except Missing:
        return "It was gone again before it could be touched.", True
    except DrillError as error:
        listener.action("neutralise", where, "failed", {"error": str(error)})
        return f"It could NOT be made harmless: {error}. Remove it by hand now.", False
    listener.action(action, where, "success", {"why": hazard.danger})
    return done, True


def _only(obj: KubeObject, patch: Mapping[str, object]) -> Mapping[str, object]:
    """Return `patch` with the uid as precondition, so that it meets no other of that name."""
    metadata = {**objects.mapping(patch, "metadata"), "uid": objects.uid(obj)}
    return {**patch, "metadata": metadata}
