"""Finishes what killed drills left: by their journals, and by their marks in a cluster."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from drills.adapters.clock import SystemClock
from drills.adapters.journal import FileJournal, JournalHeader, JournalState, read_journals
from drills.clean import Remains, clean_drill, cleanup_deadline, drop_leases, remains
from drills.errors import DrillError
from drills.marks import marks
from drills.ports import Cluster
from drills.sandbox import NAMESPACE
from drills.stages.cleanup import CleanupTools
from runner.clusters import Clusters
from runner.engines import engine_maker
from runner.listeners import LogListener
from runner.processes import known_dead
from scenarios.model import ClusterRef

log = structlog.get_logger()
CLEANUP_SECONDS = 600.0
UNBEGUN_SECONDS = 60.0
"""Age from which a journal without a whole first line has nobody left who would write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What became of one drill's remains; without leftovers nothing is there any more."""

    drill_id: str
    leftovers: tuple[str, ...] = ()


def holder_is_dead(folder: Path) -> Callable[[str], bool]:
    """Return a judge of drill ids: True where its journal's process certainly died."""

    def dead(drill_id: str) -> bool:
        states = {state.header.drill_id: state for state in read_journals(folder)}
        return drill_id in states and known_dead(states[drill_id].header)

    return dead


def dead_journals(folder: Path) -> Iterator[JournalState]:
    """Yield the journals whose process certainly died.

    One that was never begun goes: its first line is on the disk before anything is made, and
    within moments of the file. One whose first line was spoilt later is yielded, for somebody to
    look at.
    """
    for state in read_journals(folder):
        if state.empty:
            _forget(state.path)
        elif state.headless or known_dead(state.header):
            yield state


def _forget(path: Path) -> None:
    with suppress(OSError):  # its writer has just removed it, or the folder may not be written to
        if time.time() - path.stat().st_mtime > UNBEGUN_SECONDS:
            path.unlink()


def finish_orphans(folder: Path, clusters: Clusters) -> tuple[Finished, ...]:
    """Finish every dead drill that has a journal here; never raises, logs what it could not do."""
    finished = []
    for state in dead_journals(folder):
        log.info("finishing a killed drill", drill=state.header.drill_id)
        try:
            done = finish_journal(state, clusters)
        except DrillError as error:
            done = Finished(drill_id=state.header.drill_id, leftovers=(str(error),))
        for left in done.leftovers:
            log.warning("left behind by a killed drill", drill=done.drill_id, what=left)
        finished.append(done)
    return tuple(finished)


def finish_journal(state: JournalState, clusters: Clusters) -> Finished:
    """Clean after one killed drill; its journal goes when nothing is left.

    Raises DrillError where its cluster cannot be reached.
    """
    header = state.header
    if state.headless:
        return Finished(drill_id=header.drill_id, leftovers=(_headless(state.path),))
    journal = FileJournal(state.path, header)
    if header.embedded:
        # That cluster lived in the killed process and went with it.
        journal.close()
        return Finished(drill_id=header.drill_id)
    clock = SystemClock()
    cluster = clusters.connect(_reference(header), clock)
    if header.identity and cluster.identity() != header.identity:
        return Finished(
            drill_id=header.drill_id,
            leftovers=(f"context {header.context!r} now leads to another cluster",),
        )
    found = next((r for r in remains(cluster) if r.drill_id == header.drill_id), None)
    done = finish(
        cluster,
        clock,
        header,
        found or Remains(drill_id=header.drill_id),
        journal=journal,
        known=_namespaces(state),
    )
    if not done.leftovers:
        journal.close()
    return done


def finish(
    cluster: Cluster,
    clock: SystemClock,
    header: JournalHeader,
    found: Remains,
    *,
    journal: FileJournal,
    known: Mapping[str, str] | None = None,
) -> Finished:
    """Remove one dead drill's things, its Leases last.

    `known` are the namespaces (name to uid) that its journal says it made.
    """
    listener = LogListener(header.drill_id)
    engine = engine_maker(
        header.engine,
        header.engine_namespace or None,
        {},
        cluster=cluster,
        clock=clock,
        journal=journal,
        labels=marks(header.drill_id, header.scenario),
    )(listener, lambda: False)
    tools = CleanupTools(
        cluster=cluster,
        journal=journal,
        listener=listener,
        deadline=cleanup_deadline(clock, CLEANUP_SECONDS),
    )
    removal = clean_drill(tools, engine, header.drill_id, known=known)
    drop_leases(cluster, found.leases)
    return Finished(drill_id=header.drill_id, leftovers=removal.leftovers)


def _headless(path: Path) -> str:
    return (
        f"the first line of {path} cannot be read, so nobody knows where this drill ran; "
        "run `clean --context` for each cluster it may have been, then delete the file"
    )


def _namespaces(state: JournalState) -> dict[str, str]:
    return {
        thing.name: thing.uid for thing, _ in state.left if thing.kind == NAMESPACE and thing.uid
    }


def _reference(header: JournalHeader) -> ClusterRef:
    return ClusterRef(
        context=header.context or None,
        kubeconfig=header.kubeconfig or None,
        in_cluster=header.in_cluster,
    )
