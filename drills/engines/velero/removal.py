"""Removes what the engine made for a drill in Velero's namespace, and nothing else.

In: the drill's id. Out: what could not be removed. Found by both marks, deleted with the uid as
precondition, waited for until gone. A Restore has a finalizer that needs a running server and an
available location (Velero v1.18 `restore_controller.go`); it is never stripped here.
"""

from collections.abc import Callable

from drills import marks, objects
from drills.cluster import ChangeType
from drills.engines.velero.kinds import CONFIG_MAP, DOWNLOAD_REQUEST, RESTORE, STATUS_REQUEST
from drills.engines.velero.phases import Standing, restore_standing
from drills.engines.velero.site import Site
from drills.engines.velero.turns import begun
from drills.engines.velero.waiting import IDLE_SECONDS, phase
from drills.errors import Conflicted, DrillError, Interrupted, NotServed
from drills.objects import KubeObject
from drills.ports import Deadline, Kind, Marked

KINDS = (RESTORE, CONFIG_MAP, DOWNLOAD_REQUEST, STATUS_REQUEST)
"""Restores first: their finalizer takes the longest."""


def quiesce(site: Site, drill_id: str, deadline: Deadline) -> tuple[Marked, ...]:
    """Wait until the drill's Restore has ended; return it where it has not in time.

    One that never began is deleted. One under way is left to end, for two reasons seen on a real
    server (v1.18). Before each object Velero looks whether the namespace is there (`restore.go`,
    `EnsureNamespaceExistsAndIsReady`): one that is going away it waits for, ten minutes by
    default, and makes anew, so that the sandbox was back the moment it was gone, without our
    marks, policy and quota. And a Restore that vanishes while it is being finalized keeps the
    one worker of `restore_finalizer_controller.go` trying to update it: for three minutes no
    restore on that server came to an end, a real one's neither. Raises what listing raises.
    """
    running = tuple(r for r in _ours(site, RESTORE, drill_id) if not _over(r))
    for restore in running:
        if not begun(restore):
            _ask(site, RESTORE, restore, unchanged=True)
    if not running:
        return ()
    return _wait_until_gone(site, RESTORE, drill_id, running, deadline, or_else=_over)


def remove(site: Site, drill_id: str, deadline: Deadline) -> tuple[Marked, ...]:
    """Delete what carries the drill's marks and return what is still there at the deadline.

    A Restore that has not ended by then is among it, untouched. Raises what listing raises:
    without it nobody knows what is left.
    """
    going_on = quiesce(site, drill_id, deadline)
    kept = {thing.uid for thing in going_on}
    found = {
        kind: tuple(
            thing for thing in _ours(site, kind, drill_id) if objects.uid(thing) not in kept
        )
        for kind in KINDS
    }
    for kind, things in found.items():
        for thing in things:
            _ask(site, kind, thing)
    left = tuple(
        left
        for kind, things in found.items()
        if things
        for left in _wait_until_gone(site, kind, drill_id, things, deadline)
    )
    return (*going_on, *left)


def _over(restore: KubeObject) -> bool:
    return restore_standing(phase(restore)) is Standing.ENDED


def _ours(site: Site, kind: Kind, drill_id: str) -> tuple[KubeObject, ...]:
    try:
        found = site.ports.cluster.list(kind, site.namespace, labels=marks.selector(drill_id))
    except NotServed:
        return ()
    return tuple(obj for obj in found if marks.drill_of(obj) == drill_id)


def _ask(site: Site, kind: Kind, thing: KubeObject, *, unchanged: bool = False) -> None:
    """Ask for the deletion; a refusal shows in what is left."""
    if objects.text(thing, "metadata", "deletionTimestamp"):
        return
    try:
        site.unmake(kind, thing, unchanged=unchanged)
    except Conflicted:
        return
    except Interrupted:
        raise
    except DrillError as error:
        where = f"{kind.kind} {site.namespace}/{objects.name(thing)}"
        site.ports.listener.action("delete", where, "failed", {"error": str(error)})


def _wait_until_gone(
    site: Site,
    kind: Kind,
    drill_id: str,
    things: tuple[KubeObject, ...],
    deadline: Deadline,
    *,
    or_else: Callable[[KubeObject], bool] = lambda _: False,
) -> tuple[Marked, ...]:
    """Watch until the very things (by uid) are gone or `or_else`, or the deadline comes.

    A stop signal does not end this wait: cleaning up is what follows one.
    """
    left: dict[str, Marked] = {objects.uid(t): site.marked(kind, t) for t in things}
    listed: set[str] = set()
    changes = site.ports.cluster.watch(
        kind,
        site.namespace,
        labels=marks.selector(drill_id),
        stop=lambda: deadline.passed or not left,
        idle=IDLE_SECONDS,
    )
    for change in changes:
        if change is None:
            continue
        uid = objects.uid(change.object)
        if change.type is ChangeType.SYNCED:
            _gone(site, left, set(left) - listed)
        elif change.type is ChangeType.DELETED:
            _gone(site, left, {uid})
        else:
            listed.add(uid)
            if or_else(change.object):
                left.pop(uid, None)
        if not left:
            break
    return tuple(thing for thing in left.values() if not _proven_gone(site, thing))


def _proven_gone(site: Site, thing: Marked) -> bool:
    """Look once more: the deadline may have come while another kind was waited for."""
    found = site.ports.cluster.get(thing.kind, thing.namespace, thing.name)
    if found is not None and objects.uid(found) == thing.uid:
        return False
    site.ports.journal.gone(thing)
    return True


def _gone(site: Site, left: dict[str, Marked], uids: set[str]) -> None:
    for uid in uids & set(left):
        site.ports.journal.gone(left.pop(uid))
