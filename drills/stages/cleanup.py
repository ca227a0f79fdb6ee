"""Stage clean up: remove what the drill made, prove it gone, name what holds it up.

Only what carries our marks and has the uid we know is deleted. A namespace counts as removed when
the API server no longer has it, not when it accepted the deletion.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from drills import objects
from drills.errors import Conflicted, DrillError, Forbidden, Missing, NotServed
from drills.marks import drill_of
from drills.objects import KubeObject
from drills.ports import (
    ChangeType,
    Cluster,
    Deadline,
    Journal,
    Kind,
    Listener,
    Marked,
)
from drills.sandbox import NAMESPACE

VOLUME = Kind("v1", "PersistentVolume")
CLAIM = Kind("v1", "PersistentVolumeClaim")
SNAPSHOT_CONTENT = Kind("snapshot.storage.k8s.io/v1", "VolumeSnapshotContent")
NEVER: Callable[[], bool] = lambda: False  # noqa: E731 - a constant that reads as a word


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanupTools:
    """What cleaning up needs."""

    cluster: Cluster
    journal: Journal
    listener: Listener
    deadline: Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """How much was removed, and what is left with the reason."""

    removed: int
    leftovers: tuple[str, ...]


def remove_sandbox(
    tools: CleanupTools, drill_id: str, uids: Mapping[str, str], *, meanwhile: Callable[[], None]
) -> Removal:
    """Delete the sandbox namespaces (name to uid) and wait until they are gone.

    Volumes provisioned for the sandbox are set to be deleted with their claims first, because
    Velero's finalizer re-applies the source volume's Retain policy to them. `meanwhile` runs
    while the namespaces go away. Never raises for what cannot be removed: it is a leftover.
    """
    volumes = tuple(_volumes_made_for(tools.cluster, uids))
    leftovers = list(_doom_volumes(tools, volumes))
    doomed = [name for name, uid in uids.items() if _delete(tools, drill_id, name, uid, leftovers)]
    meanwhile()
    for name in doomed:
        leftovers.extend(_await_namespace(tools, name, uids[name]))
    gone = [name for name in doomed if not any(f"namespace {name}" in left for left in leftovers)]
    for volume in volumes:
        leftovers.extend(_await_volume(tools, volume))
    return Removal(removed=len(gone) + len(volumes), leftovers=tuple(leftovers))


def orphans_of_restore(cluster: Cluster, restore_name: str) -> tuple[str, ...]:
    """Return cluster-scoped objects that a restore of ours made and that are still there."""
    label = f"velero.io/restore-name={restore_name}"
    found = []
    for kind in (VOLUME, SNAPSHOT_CONTENT):
        with suppress(NotServed, Forbidden):
            found += [
                f"{kind.kind} {objects.name(obj)} carries {label}"
                for obj in cluster.list(kind, labels=label, metadata_only=True)
            ]
    return tuple(found)


def _volumes_made_for(cluster: Cluster, uids: Mapping[str, str]) -> Iterator[KubeObject]:
    """Yield the volumes provisioned for claims in our namespaces, none that was there before."""
    claims: dict[str, KubeObject] = {}
    for namespace in uids:
        claims |= {objects.uid(claim): claim for claim in cluster.list(CLAIM, namespace)}
    if not claims:
        return
    for volume in cluster.list(VOLUME):
        claim = claims.get(objects.text(volume, "spec", "claimRef", "uid"))
        if claim is not None and _made_after(volume, claim):
            yield volume


def _made_after(volume: KubeObject, claim: KubeObject) -> bool:
    made = objects.instant(volume, "metadata", "creationTimestamp")
    wanted = objects.instant(claim, "metadata", "creationTimestamp")
    return made is not None and wanted is not None and made >= wanted


def _doom_volumes(tools: CleanupTools, volumes: Sequence[KubeObject]) -> Iterator[str]:
    for volume in volumes:
        if objects.text(volume, "spec", "persistentVolumeReclaimPolicy") == "Delete":
            continue
        name = objects.name(volume)
        patch = {
            "metadata": {"uid": objects.uid(volume)},
            "spec": {"persistentVolumeReclaimPolicy": "Delete"},
        }
        try:
            tools.cluster.patch(VOLUME, "", name, patch)
            tools.listener.action(
                "patch", f"PersistentVolume {name}", "success", {"reclaimPolicy": "Delete"}
            )
        except (Missing, Conflicted):
            continue
        except DrillError as error:
            yield f"persistentvolume {name} keeps its Retain policy: {error}"


def _delete(tools: CleanupTools, drill_id: str, name: str, uid: str, leftovers: list[str]) -> bool:
    """Ask for the namespace's deletion; return whether its end is worth waiting for."""
    try:
        present = tools.cluster.get(NAMESPACE, "", name)
        if present is None or objects.uid(present) != uid:
            return False
        if drill_of(present) != drill_id:
            leftovers.append(f"namespace {name} no longer carries this drill's marks; left alone")
            return False
        tools.cluster.delete(NAMESPACE, "", name, uid=uid, propagation="Foreground")
    except (Missing, Conflicted):
        return False
    except DrillError as error:
        leftovers.append(f"namespace {name} could not be deleted: {error}")
        return False
    tools.listener.action("delete", f"Namespace {name}", "accepted", {"uid": uid})
    return True


def _await_namespace(tools: CleanupTools, name: str, uid: str) -> Iterator[str]:
    try:
        last = _last_state(tools, NAMESPACE, name, uid)
    except DrillError as error:
        yield f"namespace {name} may still be there: {error}"
        return
    if last is None:
        tools.journal.gone(Marked(kind=NAMESPACE, namespace="", name=name, uid=uid))
        tools.listener.action("delete", f"Namespace {name}", "gone", {"uid": uid})
        return
    yield f"namespace {name} is still going away: {_what_holds(last)}"


def _await_volume(tools: CleanupTools, volume: KubeObject) -> Iterator[str]:
    name = objects.name(volume)
    try:
        last = _last_state(tools, VOLUME, name, objects.uid(volume))
    except DrillError as error:
        yield f"persistentvolume {name} may still be there: {error}"
        return
    if last is not None:
        phase = objects.text(last, "status", "phase") or "unknown"
        yield f"persistentvolume {name} is still there ({phase}) with restored data on it"


def _last_state(tools: CleanupTools, kind: Kind, name: str, uid: str) -> KubeObject | None:
    """Return None once the object of that uid is gone, its last state at the deadline."""
    last = tools.cluster.get(kind, "", name)
    if last is None or objects.uid(last) != uid:
        return None
    for change in tools.cluster.watch(kind, name=name, stop=NEVER, idle=0.5):
        if change is None or change.type is ChangeType.SYNCED:
            if change is not None and tools.cluster.get(kind, "", name) is None:
                return None
        elif change.type is ChangeType.DELETED or objects.uid(change.object) != uid:
            return None
        else:
            last = change.object
        if tools.deadline.passed:
            return last
    return last


def _what_holds(namespace: KubeObject) -> str:
    """Return the namespace controller's own words on what blocks the deletion."""
    words: Iterable[str] = (
        objects.text(condition, "message")
        for condition in objects.items(namespace, "status", "conditions")
        if objects.text(condition, "status") == "True"
    )
    return "; ".join(word for word in words if word) or "the API server gives no reason"
