"""What the `clean` command does: journals first, then the marks in a cluster."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from drills.adapters.clock import SystemClock
from drills.adapters.journal import FileJournal, JournalHeader
from drills.clean import Remains, remains
from drills.errors import DrillError
from drills.lease import DURATION, LOOK_EVERY
from drills.ports import Cluster
from runner.clusters import Clusters
from runner.exit_codes import ExitCode
from runner.logs import configure
from runner.orphans import Finished, dead_journals, finish, finish_journal
from runner.settings import RunSettings
from scenarios.model import ClusterRef


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanOrder:
    """What shall be cleaned."""

    in_cluster: bool
    engine: str | None
    engine_namespace: str | None
    drill_id: str | None
    kept: bool
    dry_run: bool


def clean(settings: RunSettings, order: CleanOrder, *, log_format: str) -> ExitCode:
    """Clean, print what was done, and return 0, or 4 where something stays."""
    configure("json" if log_format == "json" else "text", colour=False, verbose=settings.verbose)
    finished: list[Finished] = []
    with Clusters(settings) as clusters:
        try:
            finished += _journals(settings, order, clusters)
            named = settings.context or settings.kubeconfig or order.in_cluster
            if named:
                finished += _by_marks(settings, order, clusters)
        except DrillError as error:
            click.echo(f"{error}\n  {error.hint}", err=True)
            return ExitCode.INCONCLUSIVE
    return _told(finished, order)


def _told(finished: list[Finished], order: CleanOrder) -> ExitCode:
    verb = "would remove" if order.dry_run else "removed"
    for done in finished:
        for left in done.leftovers:
            click.echo(f"left  {done.drill_id}: {left}", err=True)
        if not done.leftovers:
            click.echo(f"{verb}  what drill {done.drill_id} left")
    if not finished:
        click.echo("clean  nothing was left behind")
    return ExitCode.LEFTOVERS if any(done.leftovers for done in finished) else ExitCode.OK


def _journals(settings: RunSettings, order: CleanOrder, clusters: Clusters) -> Iterator[Finished]:
    for state in dead_journals(settings.journal_dir):
        if order.drill_id not in {None, state.header.drill_id}:
            continue
        if order.dry_run:
            yield Finished(drill_id=state.header.drill_id)
            continue
        try:
            yield finish_journal(state, clusters)
        except DrillError as error:
            yield Finished(drill_id=state.header.drill_id, leftovers=(str(error),))


def _by_marks(settings: RunSettings, order: CleanOrder, clusters: Clusters) -> Iterator[Finished]:
    clock = SystemClock()
    reference = ClusterRef(
        context=settings.context, kubeconfig=settings.kubeconfig, in_cluster=order.in_cluster
    )
    cluster = clusters.connect(reference, clock)
    found = [r for r in remains(cluster) if order.drill_id in {None, r.drill_id}]
    alive = _alive(cluster, clock, found)
    for remain in found:
        if remain.drill_id in alive:
            click.echo(f"alive  drill {remain.drill_id} is under way; left alone", err=True)
        elif remain.kept and not order.kept and order.drill_id is None:
            click.echo(
                f"kept  drill {remain.drill_id} kept {', '.join(remain.namespaces)} on purpose; "
                "--kept removes it",
                err=True,
            )
        elif order.dry_run:
            yield Finished(drill_id=remain.drill_id)
        else:
            header = _header(order, settings, remain)
            journal = FileJournal(settings.journal_dir / f"{remain.drill_id}.jsonl", header)
            done = finish(cluster, clock, header, remain, journal=journal)
            if not done.leftovers:
                journal.close()
            yield done


def _alive(cluster: Cluster, clock: SystemClock, found: list[Remains]) -> set[str]:
    """Return the drills that renew their Lease while we look; without a Lease none is alive.

    What stands still for the Lease's own duration on our clock is dead; clocks need not agree.
    """
    waiting = {r.drill_id: r.renewed for r in found if r.leases}
    alive: set[str] = set()
    until = clock.monotonic() + DURATION
    while waiting and clock.monotonic() < until:
        clock.sleep(LOOK_EVERY)
        now = {r.drill_id: r.renewed for r in remains(cluster)}
        for drill_id, renewed in list(waiting.items()):
            if now.get(drill_id) != renewed:
                alive.add(drill_id)
                del waiting[drill_id]
    return alive


def _home(remain: Remains) -> str:
    """Return the engine's namespace, where a drill keeps its Leases; '' where none is left."""
    return next((lease.namespace for lease in remain.leases), "")


def _header(order: CleanOrder, settings: RunSettings, remain: Remains) -> JournalHeader:
    return JournalHeader(
        drill_id=remain.drill_id,
        scenario="",
        started_at=datetime.now(UTC),
        context=settings.context or "",
        kubeconfig=settings.kubeconfig or "",
        in_cluster=order.in_cluster,
        engine=order.engine or remain.engine,
        engine_namespace=order.engine_namespace or _home(remain),
        sandbox=remain.namespaces,
    )
