"""Cleaning after one drill, by its marks in the cluster. Running it twice is harmless.

Used at a drill's end, by the next drill that wants the sandbox, and by the `clean` command.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from drills import objects
from drills.engine import Engine
from drills.errors import Conflicted, DrillError, Missing
from drills.marks import DRILL_ID, ENGINE, KEPT, drill_of, selector
from drills.objects import KubeObject
from drills.ports import Clock, Cluster, Deadline, Marked
from drills.sandbox import LEASE, NAMESPACE
from drills.stages.cleanup import CleanupTools, Removal, remove_sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What an interrupted drill left in the cluster."""

    drill_id: str
    namespaces: tuple[str, ...] = ()
    leases: tuple[Marked, ...] = ()
    renewed: tuple[str, ...] = ()
    """Each lease's renewTime: one that moves belongs to a living drill."""
    engine: str = ""
    """The scenario's word for the engine, from the marks; '' where they do not say."""
    kept: bool = False
    """Whether its drill kept the sandbox on purpose."""


def clean_drill(
    tools: CleanupTools,
    engine: Engine,
    drill_id: str,
    *,
    known: Mapping[str, str] | None = None,
) -> Removal:
    """Remove everything that carries `drill_id`'s marks; leftovers come with their reason.

    `known` are the namespaces (name to uid) that the drill is known to have made: one that lost
    its marks meanwhile is not touched, and is said to be left.
    """
    left: list[str] = []
    made = dict(known or {})
    try:
        uids = made | {
            objects.name(obj): objects.uid(obj)
            for obj in tools.cluster.list(NAMESPACE, labels=selector(drill_id))
        }
    except DrillError as error:
        return Removal(removed=0, leftovers=(f"the sandbox of {drill_id} is unknown: {error}",))
    left += _going_on(tools, engine, drill_id, uids)
    if left:
        uids = {}

    def engine_things() -> None:
        left.extend(_remove_engine_things(tools, engine, drill_id))

    removal = remove_sandbox(tools, drill_id, uids, meanwhile=engine_things)
    left.extend(_orphans(engine, drill_id, tools.deadline))
    left.extend(_back_again(tools.cluster, made))
    return Removal(removed=removal.removed, leftovers=(*removal.leftovers, *left))


def remains(cluster: Cluster) -> tuple[Remains, ...]:
    """Return what drills have left in the cluster, living ones included, by drill id."""
    namespaces: dict[str, list[KubeObject]] = defaultdict(list)
    leases: dict[str, list[KubeObject]] = defaultdict(list)
    for kind, found in ((NAMESPACE, namespaces), (LEASE, leases)):
        for obj in cluster.list(kind, labels=selector()):
            found[objects.labels(obj)[DRILL_ID]].append(obj)
    return tuple(
        Remains(
            drill_id=drill_id,
            namespaces=tuple(objects.name(obj) for obj in namespaces[drill_id]),
            leases=tuple(_lease(obj) for obj in leases[drill_id]),
            renewed=tuple(objects.text(obj, "spec", "renewTime") for obj in leases[drill_id]),
            engine=_engine((*namespaces[drill_id], *leases[drill_id])),
            kept=any(KEPT in objects.labels(obj) for obj in namespaces[drill_id]),
        )
        for drill_id in sorted({*namespaces, *leases})
    )


def _engine(found: Sequence[KubeObject]) -> str:
    return next((word for obj in found if (word := objects.labels(obj).get(ENGINE))), "")


def _lease(obj: KubeObject) -> Marked:
    return Marked(
        kind=LEASE, namespace=objects.namespace(obj), name=objects.name(obj), uid=objects.uid(obj)
    )


def drop_leases(cluster: Cluster, leases: Sequence[Marked]) -> None:
    """Delete the Leases of a drill that is known to be dead."""
    for lease in leases:
        try:
            cluster.delete(lease.kind, lease.namespace, lease.name, uid=lease.uid)
        except (Missing, Conflicted):
            continue


def cleanup_deadline(
    clock: Clock, seconds: float, *, cut: Callable[[], bool] = lambda: False
) -> Deadline:
    """Return the moment by which cleaning must have ended, at once when `cut` says so."""
    return Deadline(clock=clock, at=clock.monotonic() + seconds, cut=cut)


def _going_on(
    tools: CleanupTools, engine: Engine, drill_id: str, uids: Mapping[str, str]
) -> Iterator[str]:
    """Yield each namespace that must stay because the engine is still at work in it."""
    if not uids:
        return
    try:
        going_on = engine.quiesce(drill_id, tools.deadline)
    except DrillError as error:
        why = f"whether {engine.name} still restores into it is unknown ({error})"
    else:
        if not going_on:
            return
        names = ", ".join(f"{thing.kind.kind} {thing.namespace}/{thing.name}" for thing in going_on)
        why = f"{names} has not ended, and {engine.name} could make the namespace anew"
    yield from (f"namespace {name} stays, closed as it is: {why}" for name in uids)


def _remove_engine_things(tools: CleanupTools, engine: Engine, drill_id: str) -> list[str]:
    try:
        return list(engine.remove(drill_id, tools.deadline))
    except DrillError as error:
        return [f"what {engine.name} made for {drill_id} may still be there: {error}"]


def _orphans(engine: Engine, drill_id: str, deadline: Deadline) -> tuple[str, ...]:
    try:
        return engine.orphans(drill_id, deadline)
    except DrillError as error:
        return (f"what {drill_id} restored outside the sandbox could not be looked for: {error}",)


def _back_again(cluster: Cluster, made: Mapping[str, str]) -> Iterator[str]:
    """Yield the sandbox namespaces that somebody made anew, and that no drill has marked.

    An engine that cannot be stopped does so when it goes on restoring after our deadline.
    """
    for name, uid in made.items():
        try:
            present = cluster.get(NAMESPACE, "", name)
        except DrillError as error:
            yield f"namespace {name} may be there again: {error}"
            continue
        if present is not None and objects.uid(present) != uid and drill_of(present) is None:
            yield f"namespace {name} was made anew by somebody else; it is left alone"
