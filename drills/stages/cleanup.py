"""Stage clean up: remove what the drill made, prove it gone, name what holds it up.

Only what carries our marks and has the uid we know is deleted. A namespace counts as removed when
the API server no longer has it, not when it accepted the deletion.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from drills import objects
from drills.errors import Conflicted, DrillError, Missing
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
MOVED_INTO = "velero.io/dynamic-pv-restore"
RESTORED_BY = "velero.io/restore-name"
"""On every object that Velero restored as it was, a volume too."""
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_KEPT_OF_LABEL = 57
"""Characters that Velero keeps of a label value that is too long (`pkg/label/label.go`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanupTools:
    """What cleaning up needs. A `deadline` that is cut short ends all waiting."""

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
    leftovers: list[str] = []
    ours = [name for name, uid in uids.items() if _is_ours(tools, drill_id, name, uid, leftovers)]
    volumes = _volumes(tools, ours, leftovers)
    leftovers.extend(_doom_volumes(tools, volumes))
    doomed = [name for name in ours if _delete(tools, name, uids[name], leftovers)]
    meanwhile()
    kept = [list(_await_namespace(tools, name, uids[name])) for name in doomed]
    kept += [list(_await_volume(tools, volume)) for volume in volumes]
    return Removal(
        removed=sum(1 for left in kept if not left),
        leftovers=(*leftovers, *(word for left in kept for word in left)),
    )


def _volumes(
    tools: CleanupTools, namespaces: Sequence[str], leftovers: list[str]
) -> tuple[KubeObject, ...]:
    """Return the volumes made for the sandbox; one that cannot be known is a leftover."""
    try:
        return tuple(_volumes_made_for(tools.cluster, namespaces))
    except DrillError as error:
        leftovers.append(f"volumes of the sandbox may stay behind: {error}")
        return ()


def _volumes_made_for(cluster: Cluster, namespaces: Sequence[str]) -> Iterator[KubeObject]:
    """Yield the volumes provisioned for claims in our namespaces, none that was there before."""
    claims: dict[str, KubeObject] = {}
    for namespace in namespaces:
        claims |= {objects.uid(claim): claim for claim in cluster.list(CLAIM, namespace)}
    if not claims:
        return
    for volume in cluster.list(VOLUME):
        claim = claims.get(objects.text(volume, "spec", "claimRef", "uid"))
        if claim is not None and _made_for(volume, claim):
            yield volume


def _made_for(volume: KubeObject, claim: KubeObject) -> bool:
    """Return whether `volume` was provisioned for `claim`.

    Provisioners put the claim's uid into the name (external-provisioner: `pvc-<uid>`). A volume
    that was restored as it is, or that somebody made by hand, can be as young and bound to the
    claim, and yet lead to production's storage: its policy is none of our business.
    """
    if objects.uid(claim) not in objects.name(volume) and not _moved_into(volume, claim):
        return False
    made = objects.instant(volume, "metadata", "creationTimestamp")
    wanted = objects.instant(claim, "metadata", "creationTimestamp")
    return made is not None and wanted is not None and made >= wanted


def _moved_into(volume: KubeObject, claim: KubeObject) -> bool:
    """Return whether a data mover filled `volume` for another claim, and then gave it to `claim`.

    Velero's fills one that was provisioned for a claim of its own, and binds it anew. It keeps
    others off by a selector of the claim, which names the claim and where it is (v1.18
    `pkg/restore/actions/csi/pvc_action.go`); the label that the selector asks for is gone again
    where the source's policy and labels were put back (`restore_finalizer_controller.go`).
    """
    told = objects.text(claim, "spec", "selector", "matchLabels", MOVED_INTO)
    named = f"{objects.namespace(claim)}.{objects.name(claim)}."[:_KEPT_OF_LABEL]
    provisioned = PROVISIONED_BY in objects.mapping(volume, "metadata", "annotations")
    return told.startswith(named) and provisioned and RESTORED_BY not in objects.labels(volume)


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


def _is_ours(tools: CleanupTools, drill_id: str, name: str, uid: str, leftovers: list[str]) -> bool:
    """Return whether the namespace is there, the very one, and still carries the drill's marks."""
    try:
        present = tools.cluster.get(NAMESPACE, "", name)
    except DrillError as error:
        leftovers.append(f"namespace {name} may still be there: {error}")
        return False
    if present is None or objects.uid(present) != uid:
        tools.journal.gone(Marked(kind=NAMESPACE, namespace="", name=name, uid=uid))
        return False
    if drill_of(present) != drill_id:
        leftovers.append(f"namespace {name} no longer carries this drill's marks; left alone")
        return False
    return True


def _delete(tools: CleanupTools, name: str, uid: str, leftovers: list[str]) -> bool:
    """Ask for the namespace's deletion; return whether its end is worth waiting for."""
    try:
        tools.cluster.delete(NAMESPACE, "", name, uid=uid, propagation="Foreground")
    except (Missing, Conflicted):
        return True
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
    changes = tools.cluster.watch(kind, name=name, stop=lambda: tools.deadline.passed, idle=0.5)
    for change in changes:
        if change is None or change.type is ChangeType.SYNCED:
            if change is not None and tools.cluster.get(kind, "", name) is None:
                return None
        elif change.type is ChangeType.DELETED or objects.uid(change.object) != uid:
            return None
        else:
            last = change.object
    return last


def _what_holds(namespace: KubeObject) -> str:
    """Return the namespace controller's own words on what blocks the deletion."""
    words: Iterable[str] = (
        objects.text(condition, "message")
        for condition in objects.items(namespace, "status", "conditions")
        if objects.text(condition, "status") == "True"
    )
    return "; ".join(word for word in words if word) or "the API server gives no reason"
