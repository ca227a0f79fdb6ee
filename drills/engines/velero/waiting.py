"""Waiting for objects in Velero's namespace to become something or to go, by watching them."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from drills import objects
from drills.cluster import Change, ChangeType
from drills.engines.velero.site import Site
from drills.errors import DeadlinePassed, Missing
from drills.objects import KubeObject
from drills.ports import Deadline, Kind

T = TypeVar("T")

IDLE_SECONDS = 0.5
"""How often a quiet watch lets us look at the deadline and at the stop signal."""


def wait_for(
    site: Site,
    kind: Kind,
    name: str,
    done: Callable[[KubeObject], T | None],
    deadline: Deadline,
) -> T:
    """Return the first thing that `done` makes of the object that is not None.

    Raises Missing once the object is not there, Interrupted, DeadlinePassed, and what the watch
    itself raises.
    """
    seen = False
    changes = site.ports.cluster.watch(
        kind,
        site.namespace,
        name=name,
        stop=lambda: deadline.passed or site.ports.stop(),
        idle=IDLE_SECONDS,
    )
    for change in changes:
        site.check_stop()
        if change is None:
            continue
        if change.type is ChangeType.DELETED or (change.type is ChangeType.SYNCED and not seen):
            raise Missing(f"{kind.kind} {site.namespace}/{name} is not there any more")
        if change.type is ChangeType.SYNCED:
            continue
        seen = True
        if (result := done(change.object)) is not None:
            return result
    site.check_stop()
    raise DeadlinePassed(f"{kind.kind} {site.namespace}/{name} did not get there in time")


def wait_until_gone(
    site: Site,
    kind: Kind,
    labels: str,
    things: Iterable[KubeObject],
    deadline: Deadline,
    *,
    gone: Callable[[KubeObject], None] = lambda _: None,
    enough: Callable[[KubeObject], bool] = lambda _: False,
) -> tuple[KubeObject, ...]:
    """Return the last known state of those that were neither gone nor `enough` by the deadline.

    Watches the very things (by uid) among those that carry `labels`, and tells `gone` of each that
    goes. A stop signal does not end this wait: cleaning up is what follows one. Raises what the
    watch itself raises.
    """
    left = {objects.uid(thing): thing for thing in things}
    listed: set[str] = set()
    changes = site.ports.cluster.watch(
        kind,
        site.namespace,
        labels=labels,
        stop=lambda: deadline.passed or not left,
        idle=IDLE_SECONDS,
    )
    for change in changes:
        if change is None:
            continue
        for uid in _vanished(change, left, listed):
            gone(left.pop(uid))
        left = {uid: thing for uid, thing in left.items() if not enough(thing)}
        if not left:
            break
    return tuple(left.values())


def _vanished(change: Change, left: dict[str, KubeObject], listed: set[str]) -> set[str]:
    """Return what is known to be gone; take note of what is there, as it is now."""
    uid = objects.uid(change.object)
    if change.type is ChangeType.SYNCED:
        return set(left) - listed
    if change.type is ChangeType.DELETED:
        return {uid} & set(left)
    if uid in left:
        listed.add(uid)
        left[uid] = change.object
    return set()


def phase(obj: KubeObject) -> str:
    """Return status.phase; Velero leaves a new object's phase empty, which means New."""
    return objects.text(obj, "status", "phase") or "New"
