"""Waiting for one object in Velero's namespace to become something, by watching it."""

from collections.abc import Callable
from typing import TypeVar

from drills import objects
from drills.cluster import ChangeType
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


def phase(obj: KubeObject) -> str:
    """Return status.phase; Velero leaves a new object's phase empty, which means New."""
    return objects.text(obj, "status", "phase") or "New"
