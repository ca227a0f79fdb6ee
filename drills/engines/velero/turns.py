"""Giving way: somebody else's restore goes before a drill's.

In: Velero's Restores as a watch shows them. Out: when it is our turn, and who waited behind us.
Velero works on one Restore at a time, in the order they were made (v1.18
`restore_controller.go`, no MaxConcurrentReconciles). Restores with our marks are other drills':
they queue like any other, and nobody waits for anybody, so that two drills cannot block each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from drills import marks, objects
from drills.cluster import Change, ChangeType
from drills.engines.velero.kinds import RESTORE, RESTORE_FINALIZER
from drills.engines.velero.phases import Standing, restore_standing
from drills.engines.velero.remarks import note
from drills.engines.velero.site import Site
from drills.engines.velero.waiting import IDLE_SECONDS, phase
from drills.errors import DeadlinePassed
from drills.findings import Cause, Finding, warning
from drills.objects import KubeObject
from drills.ports import Clock, Deadline

TAKEN_UP_SECONDS = 1.0
"""A server that is free takes a Restore up within one; waiting less is nobody's fault."""


def somebody_elses(restore: KubeObject) -> bool:
    """Return whether `restore` is real, or another tool's: not made by a drill of ours."""
    return marks.drill_of(restore) is None


def begun(restore: KubeObject) -> bool:
    """Return whether Velero has laid hands on the Restore: from then on it must run to its end.

    The finalizer is put on right before the phase is set (v1.18 `restore_controller.go`).
    """
    waiting = restore_standing(phase(restore)) is Standing.WAITING
    return not waiting or RESTORE_FINALIZER in objects.items(restore, "metadata", "finalizers")


@dataclass(slots=True, kw_only=True)
class Others:
    """Somebody else's Restores that have not ended, as a watch shows them."""

    clock: Clock
    _found: dict[str, KubeObject] = field(default_factory=dict)
    _waiting_since: dict[str, float] = field(default_factory=dict)
    _waited: dict[str, float] = field(default_factory=dict)

    @property
    def under_way(self) -> tuple[KubeObject, ...]:
        """Return those that wait or run, oldest first."""
        return tuple(self._found.values())

    def hear(self, change: Change) -> None:
        """Take a change in; one that is no Restore of somebody else's is passed by."""
        if change.type is ChangeType.SYNCED or not somebody_elses(change.object):
            return
        ended = restore_standing(phase(change.object)) is Standing.ENDED
        if ended or change.type is ChangeType.DELETED:
            self._found.pop(objects.uid(change.object), None)
        else:
            self._found[objects.uid(change.object)] = change.object

    def hold_up(self, *, busy: bool) -> None:
        """Count the time of each that waits while we are `busy`; to be called at each change."""
        now = self.clock.monotonic()
        waiting = {
            objects.name(restore)
            for restore in self.under_way
            if busy and restore_standing(phase(restore)) is Standing.WAITING
        }
        for name in waiting - self._waiting_since.keys():
            self._waiting_since[name] = now
        for name in self._waiting_since.keys() - waiting:
            since = self._waiting_since.pop(name)
            self._waited[name] = self._waited.get(name, 0.0) + now - since

    def held_up(self, namespace: str) -> Iterator[Finding]:
        """Yield a warning for each that waited behind us; we are done."""
        self.hold_up(busy=False)
        for name, seconds in self._waited.items():
            if seconds >= TAKEN_UP_SECONDS:
                yield warning(
                    "restore-held-up",
                    f"restore {namespace}/{name}",
                    f"Somebody else's restore waited {seconds:.0f} s behind this drill, which had "
                    "begun and cannot be stopped: Velero runs them one at a time.",
                    "Schedule drills away from planned restores, and keep them short.",
                    cause=Cause.ENVIRONMENT,
                )

    def words(self) -> str:
        """Return who is waited for."""
        shown = ", ".join(f"{objects.name(r)} ({phase(r)})" for r in self.under_way)
        return f"waiting for somebody else's restore: {shown}"


def wait_turn(site: Site, deadline: Deadline) -> tuple[str, ...]:
    """Return once nobody else's Restore is under way, with the names of those waited for.

    Raises DeadlinePassed, Interrupted, and what watching raises.
    """
    others, known, told = Others(clock=site.ports.clock), False, ""
    names: dict[str, None] = {}
    changes = site.ports.cluster.watch(
        RESTORE,
        site.namespace,
        stop=lambda: deadline.passed or site.ports.stop(),
        idle=IDLE_SECONDS,
    )
    for change in changes:
        site.check_stop()
        if change is None:
            continue
        others.hear(change)
        known = known or change.type is ChangeType.SYNCED
        if not known:
            continue
        if not others.under_way:
            return tuple(names)
        names |= dict.fromkeys(objects.name(restore) for restore in others.under_way)
        if others.words() != told:
            told = others.words()
            site.ports.listener.stage("restore", "progress", told)
    site.check_stop()
    raise DeadlinePassed(
        f"the drill gave way, and its deadline came {others.words()}",
        hint="Let that restore end, or see why it does not, then drill again; a drill that shall "
        "not wait says restore.yield: false.",
    )


def waited_note(namespace: str, names: tuple[str, ...], seconds: float) -> Finding:
    """Return the note that the drill gave way."""
    return note(
        "gave-way",
        f"restore {', '.join(f'{namespace}/{name}' for name in names)}",
        f"The drill waited {seconds:.0f} s for somebody else's restore before its own; "
        "this is no part of the RTO.",
    )
