"""Removes what the engine made for a drill in Velero's namespace, and nothing else.

In: the drill's id. Out: what could not be removed, in words. Found by both marks, deleted with
the uid as precondition, waited for until gone. A Restore has a finalizer that needs a running
server and an available location (Velero v1.18 `restore_controller.go`); it is never stripped here.
"""

from collections.abc import Callable, Iterator

from drills import marks, objects
from drills.engines.velero.kinds import CONFIG_MAP, DOWNLOAD_REQUEST, RESTORE, STATUS_REQUEST
from drills.engines.velero.movers import Movers, movers, wait_for_movers
from drills.engines.velero.phases import Standing, restore_standing
from drills.engines.velero.site import Site
from drills.engines.velero.turns import begun
from drills.engines.velero.waiting import phase, wait_until_gone
from drills.errors import Conflicted, DrillError, Forbidden, Interrupted, NotServed
from drills.objects import KubeObject
from drills.ports import Deadline, Kind, Marked

KINDS = (RESTORE, CONFIG_MAP, DOWNLOAD_REQUEST, STATUS_REQUEST)
"""Restores first: their finalizer takes the longest."""
RESTORE_UID_LABEL = "velero.io/restore-uid"
USAGE_LABEL = "velero.io/resource-usage"


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
    return _wait_until_gone(site, RESTORE, drill_id, running, deadline, enough=_over)


def remove(site: Site, drill_id: str, deadline: Deadline) -> tuple[str, ...]:
    """Delete what carries the drill's marks and say what is still there at the deadline.

    A Restore that has not ended by then is among it, untouched, and so is what still moves volume
    data for one that is gone. Raises what listing raises: without it nobody knows what is left.
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
    # Looked for while Velero's finalizer is at work, so that it costs a drill no time.
    moving, unknown = _movers(site, drill_id, restored=bool(found[RESTORE]))
    notes = tuple(word for restore in found[RESTORE] for word in _forgotten_notes(site, restore))
    left = tuple(
        left
        for kind, things in found.items()
        if things
        for left in _wait_until_gone(site, kind, drill_id, things, deadline)
    )
    words = tuple(
        f"{thing.kind.kind} {thing.namespace}/{thing.name} is still there"
        for thing in (*going_on, *left)
    )
    if any(thing.kind == RESTORE for thing in (*going_on, *left)):
        return words  # what moved its data stays as long as it does
    return (*words, *notes, *unknown, *wait_for_movers(site, drill_id, moving, deadline))


def _movers(site: Site, drill_id: str, *, restored: bool) -> tuple[Movers, tuple[str, ...]]:
    """Return what moves data, and what keeps us from knowing where something was restored."""
    try:
        return movers(site, drill_id), ()
    except Forbidden as error:
        unknown = f"whether Velero still moves volume data for {drill_id} is unknown: {error}"
        return {}, (unknown,) if restored else ()


def _forgotten_notes(site: Site, restore: KubeObject) -> Iterator[str]:
    """Delete what Velero noted of moved data for a Restore of ours; yield what is left.

    It makes a ConfigMap of each DataUpload and deletes all of them when it has gone through the
    backup (v1.18 `pkg/restore/restore.go`, `dataupload_retrieve_action.go`). A server that was
    stopped meanwhile forgets them; they carry the Restore's uid, not our marks.
    """
    if phase(restore) == "Completed":
        return
    label = f"{RESTORE_UID_LABEL}={objects.uid(restore)},{USAGE_LABEL}=DataUpload"
    for note in tuple(site.ports.cluster.list(CONFIG_MAP, site.namespace, labels=label)):
        _ask(site, CONFIG_MAP, note)
        if not _proven_gone(site, site.marked(CONFIG_MAP, note)):
            yield f"{CONFIG_MAP.kind} {site.namespace}/{objects.name(note)} is still there"


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
    enough: Callable[[KubeObject], bool] = lambda _: False,
) -> tuple[Marked, ...]:
    """Return those that are still there at the deadline; the journal hears of each that goes."""
    left = wait_until_gone(
        site,
        kind,
        marks.selector(drill_id),
        things,
        deadline,
        gone=lambda thing: site.ports.journal.gone(site.marked(kind, thing)),
        enough=enough,
    )
    marked = (site.marked(kind, thing) for thing in left)
    return tuple(thing for thing in marked if not _proven_gone(site, thing))


def _proven_gone(site: Site, thing: Marked) -> bool:
    """Look once more: the deadline may have come while another kind was waited for."""
    found = site.ports.cluster.get(thing.kind, thing.namespace, thing.name)
    if found is not None and objects.uid(found) == thing.uid:
        return False
    site.ports.journal.gone(thing)
    return True
