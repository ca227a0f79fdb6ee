"""Submits the Restore and watches it to its end.

In: the order. Out: the Restore object in its terminal phase. Velero cannot cancel a Restore, so
one that outlives our deadline is left for `remove`, which deletes it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from drills import objects
from drills.cluster import ChangeType
from drills.engine import RestoreOrder
from drills.engines.velero.kinds import RESTORE
from drills.engines.velero.manifest import modifier_map, restore_object, timeout_of
from drills.engines.velero.phases import Standing, restore_standing
from drills.engines.velero.site import Site
from drills.engines.velero.turns import Others, begun, wait_turn, waited_note
from drills.engines.velero.waiting import IDLE_SECONDS, phase
from drills.errors import Conflicted, DeadlinePassed, Interrupted, OutsideRefused
from drills.findings import Finding
from drills.objects import KubeObject
from drills.ports import Deadline

NO_CANCEL = (
    "Velero cannot cancel a restore: cleanup waits for its end, and if that does not come in time "
    "leaves sandbox and Restore to `clean`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A Restore in its terminal phase."""

    restore: KubeObject
    requested_at: datetime
    submitted: Mapping[str, object]
    """The objects as they were sent."""
    waited_seconds: float | None = None
    """Until the request, for somebody else's restores; None where nobody was waited for."""
    findings: tuple[Finding, ...] = ()


def run_restore(
    site: Site, order: RestoreOrder, deadline: Deadline, tell: Callable[[str], None]
) -> Ended:
    """Create what the order needs and wait; raises as `Engine.restore` does.

    `tell` hears the Restore's name once Velero has begun with it. Where the order gives way,
    somebody else's restores go first; ours is withdrawn for one that comes before ours has begun.
    """
    site.check_stop()
    clock = site.ports.clock
    began, names = clock.monotonic(), dict.fromkeys(_turn(site, order, deadline))
    modifier = modifier_map(order, site.namespace)
    shown = modifier_map(order, site.namespace, veil=True)
    if modifier is not None:
        site.make(modifier)
    while True:
        requested_at, requested = clock.now(), clock.monotonic()
        timeout = timeout_of(deadline.left)
        sent = restore_object(order, site.namespace, timeout=timeout, modifier=modifier)
        watch = _Watch(site, site.make(sent), deadline, gives_way=order.gives_way)
        restore = watch.to_end(tell)
        if restore is not None:
            break
        names |= dict.fromkeys((*watch.gave_way_to, *_turn(site, order, deadline)))
    waited = requested - began if names else None
    notes = () if waited is None else (waited_note(site.namespace, tuple(names), waited),)
    return Ended(
        restore=restore,
        requested_at=requested_at,
        submitted={"restore": sent, "resourceModifier": shown},
        waited_seconds=waited,
        findings=(*notes, *watch.held_up()),
    )


def _turn(site: Site, order: RestoreOrder, deadline: Deadline) -> tuple[str, ...]:
    return wait_turn(site, deadline) if order.gives_way else ()


class _Watch:
    """Follows one Restore, tells the listener what moves, and knows why it gave up."""

    def __init__(
        self, site: Site, made: KubeObject, deadline: Deadline, *, gives_way: bool
    ) -> None:
        self._site, self._deadline, self._gives_way = site, deadline, gives_way
        self._name, self._uid = objects.name(made), objects.uid(made)
        self._last = made
        self._told = ""
        self._others = Others(clock=site.ports.clock)
        self._withdrawn = False
        self.gave_way_to: tuple[str, ...] = ()
        """Names of those for whom ours was withdrawn."""

    def held_up(self) -> Iterator[Finding]:
        """Yield a warning for each restore of somebody else's that waited behind ours."""
        return self._others.held_up(self._site.namespace)

    def to_end(self, tell: Callable[[str], None]) -> KubeObject | None:
        """Return the Restore in a terminal phase, None once it was withdrawn and is gone."""
        changes = self._site.ports.cluster.watch(
            RESTORE,
            self._site.namespace,
            stop=lambda: self._deadline.passed or self._site.ports.stop(),
            idle=IDLE_SECONDS,
        )
        seen = False
        for change in changes:
            if change is None or self._site.ports.stop():
                continue
            ours = objects.name(change.object) == self._name
            gone = ours and change.type is ChangeType.DELETED
            if gone or (change.type is ChangeType.SYNCED and not seen):
                if self._withdrawn:
                    self._site.ports.journal.gone(self._site.marked(RESTORE, self._last))
                    return None
                raise self._vanished()
            self._others.hear(change)
            if ours:
                seen = True
                if self._look(change.object):
                    return change.object
                if begun(change.object):
                    tell(self._name)
            self._mind_the_others()
        raise self._gave_up()

    def _mind_the_others(self) -> None:
        """Withdraw ours for somebody else's as long as it has not begun; else count their wait."""
        at_work = begun(self._last)
        self._others.hold_up(busy=at_work)
        if at_work or self._withdrawn or not self._gives_way or not self._others.under_way:
            return
        try:
            # Velero's first touch would change the version: one that has begun is never deleted.
            self._site.unmake(RESTORE, self._last, unchanged=True)
        except Conflicted:
            return
        self._withdrawn = True
        self.gave_way_to = tuple(objects.name(other) for other in self._others.under_way)
        words = f"withdrawn before it began; {self._others.words()}"
        self._site.ports.listener.stage("restore", "progress", words)

    def _look(self, restore: KubeObject) -> bool:
        """Return whether the Restore has ended; raises where it is ours no more."""
        if objects.uid(restore) != self._uid:
            raise self._vanished()
        self._last = restore
        standing = restore_standing(phase(restore))
        if standing is Standing.ENDED:
            return True
        if objects.text(restore, "metadata", "deletionTimestamp") and not self._withdrawn:
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
        if self._others.under_way:
            hint = f"{hint} Somebody else's restore waits behind it."
        return DeadlinePassed(
            f"{where} was still in phase {state} when the drill's deadline came",
            hint=f"{hint} {NO_CANCEL}",
        )
