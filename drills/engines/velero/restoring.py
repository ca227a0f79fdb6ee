"""Submits the Restore and watches it to its end.

In: the order. Out: the Restore object in its terminal phase. Velero cannot cancel a Restore, so
one that outlives our deadline is left for `remove`, which deletes it.
"""

from dataclasses import dataclass
from datetime import datetime

from drills import objects
from drills.cluster import ChangeType
from drills.engine import RestoreOrder
from drills.engines.velero.kinds import RESTORE
from drills.engines.velero.manifest import modifier_map, restore_object
from drills.engines.velero.phases import Standing, restore_standing
from drills.engines.velero.site import Site
from drills.engines.velero.waiting import IDLE_SECONDS, phase
from drills.errors import DeadlinePassed, Interrupted, OutsideRefused
from drills.objects import KubeObject
from drills.ports import Deadline

NO_CANCEL = (
    "Velero cannot cancel a restore: cleanup waits for its end, and if that does not come in time "
    "leaves sandbox and Restore to `clean`."
)
LEAST_TIMEOUT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A Restore in its terminal phase."""

    restore: KubeObject
    requested_at: datetime


def run_restore(site: Site, order: RestoreOrder, deadline: Deadline) -> Ended:
    """Create what the order needs and wait; raises as `Engine.restore` does."""
    site.check_stop()
    requested_at = site.ports.clock.now()
    modifier = modifier_map(order, site.namespace)
    if modifier is not None:
        site.make(modifier)
    timeout = f"{max(int(deadline.left), LEAST_TIMEOUT)}s"
    made = site.make(restore_object(order, site.namespace, timeout=timeout, modifier=modifier))
    return Ended(restore=_Watch(site, made, deadline).to_end(), requested_at=requested_at)


class _Watch:
    """Follows one Restore, tells the listener what moves, and knows why it gave up."""

    def __init__(self, site: Site, made: KubeObject, deadline: Deadline) -> None:
        self._site, self._deadline = site, deadline
        self._name, self._uid = objects.name(made), objects.uid(made)
        self._last = made
        self._told = ""

    def to_end(self) -> KubeObject:
        """Return the Restore in a terminal phase."""
        changes = self._site.ports.cluster.watch(
            RESTORE,
            self._site.namespace,
            name=self._name,
            stop=lambda: self._deadline.passed or self._site.ports.stop(),
            idle=IDLE_SECONDS,
        )
        seen = False
        for change in changes:
            if change is None or self._site.ports.stop():
                continue
            if change.type is ChangeType.DELETED or (change.type is ChangeType.SYNCED and not seen):
                raise self._vanished()
            if change.type is not ChangeType.SYNCED:
                seen = True
                if self._look(change.object):
                    return change.object
        raise self._gave_up()

    def _look(self, restore: KubeObject) -> bool:
        """Return whether the Restore has ended; raises where it is ours no more."""
        if objects.uid(restore) != self._uid:
            raise self._vanished()
        self._last = restore
        standing = restore_standing(phase(restore))
        if standing is Standing.ENDED:
            return True
        if objects.text(restore, "metadata", "deletionTimestamp"):
            raise self._vanished()
        self._tell(restore, standing)
        return False

    def _tell(self, restore: KubeObject, standing: Standing) -> None:
        done = objects.number(restore, "status", "progress", "itemsRestored")
        total = objects.number(restore, "status", "progress", "totalItems")
        counted = f", {done} of {total} objects looked at" if total else ""
        words = {
            Standing.WAITING: "waiting in Velero's queue",
            Standing.UNKNOWN: f"phase {phase(restore)} is not known; waiting on",
        }.get(standing, f"{phase(restore)}{counted}")
        if words != self._told:
            self._told = words
            self._site.ports.listener.stage("restore", "progress", words)

    def _vanished(self) -> OutsideRefused:
        return OutsideRefused(
            f"somebody deleted Restore {self._site.namespace}/{self._name} while it was under way",
            hint="Find out who or what deletes Restores (a pruning GitOps tool, a clean-up job).",
        )

    def _gave_up(self) -> Interrupted | DeadlinePassed:
        where = f"Restore {self._site.namespace}/{self._name}"
        state = phase(self._last)
        if self._site.ports.stop():
            return Interrupted(f"stopped while {where} was in phase {state}", hint=NO_CANCEL)
        hints = {
            Standing.WAITING: "It never started: see whether the Velero server runs and whether "
            "another restore is under way.",
            Standing.UNKNOWN: f"Phase {state} is not one this tool knows.",
        }
        hint = hints.get(restore_standing(state), "See the Velero server's log for this restore.")
        return DeadlinePassed(
            f"{where} was still in phase {state} when the drill's deadline came",
            hint=f"{hint} {NO_CANCEL}",
        )
