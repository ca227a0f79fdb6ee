"""Runs drills side by side, shows them, publishes them, and adds up the exit code."""

import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import click

from drills.drill import run_drill
from drills.errors import DrillError, Misconfigured
from drills.ports import Listener
from drills.record import DrillRecord
from reports import summary_lines
from runner.clusters import Clusters
from runner.exit_codes import ExitCode, worst
from runner.ids import drill_id, fresh_seed
from runner.listeners import Board, BoardListener, LogListener, PreparingListener
from runner.logs import configure, style_of
from runner.orphans import finish_orphans
from runner.outcomes import exit_code
from runner.publish import ReportStore, open_report_store, publish
from runner.settings import RunSettings, colour_wanted
from runner.stopping import HEARING_SECONDS, StopSignal, signals
from runner.wiring import drill_ports
from scenarios.hiding import veil_of
from scenarios.model import CleanupPolicy, Scenario

PLAIN_WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What all drills of one command share."""

    settings: RunSettings
    clusters: Clusters
    signal: StopSignal
    board: Board | None
    store: ReportStore | None
    printing: threading.Lock


def run_all(scenarios: Sequence[Scenario], settings: RunSettings, *, log_format: str) -> ExitCode:
    """Run every scenario, at most `settings.parallel` at once; return the worst exit code."""
    try:
        store = open_report_store(settings.report_store)
    except DrillError as error:
        click.echo(f"{error}\n  {error.hint}", err=True)
        return ExitCode.MISUSED
    live = log_format == "auto" and sys.stderr.isatty()
    configure(
        style_of(log_format),
        colour=colour_wanted(terminal=sys.stderr.isatty()),
        verbose=settings.verbose,
    )
    signal = StopSignal()
    with (
        _board(live=live) as board,
        signals(signal, lambda name, count: _told(board, name, count)),
        Clusters(settings) as clusters,
    ):
        desk = Desk(
            settings=settings,
            clusters=clusters,
            signal=signal,
            board=board,
            store=store,
            printing=threading.Lock(),
        )
        finish_orphans(settings.journal_dir, clusters)
        workers = min(settings.parallel, len(scenarios))
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="drill") as pool:
            drills = [pool.submit(run_one, scenario, desk) for scenario in scenarios]
            while wait(drills, timeout=HEARING_SECONDS).not_done:
                pass
            codes = [drill.result() for drill in drills]
    if len(codes) > 1:
        click.echo(_tally(codes))
    return worst(codes)


def run_one(scenario: Scenario, desk: Desk) -> ExitCode:
    """Run one drill, publish and print it; never raises."""
    name = drill_id(scenario.name, datetime.now(UTC))
    try:
        record = perform(
            scenario, desk.settings, desk.clusters, desk.signal, name, _hear(desk, name)
        )
    except Misconfigured as error:
        _say(desk, name, refusal_lines(scenario, error), err=True)
        return ExitCode.MISUSED
    except DrillError as error:
        _say(desk, name, refusal_lines(scenario, error), err=True)
        return ExitCode.INCONCLUSIVE
    return _publish(record, desk, name)


def refusal_lines(scenario: Scenario, error: DrillError) -> list[str]:
    """Return why a drill could not begin, without the scenario's secrets."""
    veil = veil_of(scenario.confidential.secrets)
    return [veil.hide(f"{scenario.source}: {error}"), veil.hide(f"  {error.hint}")]


def perform(
    scenario: Scenario,
    settings: RunSettings,
    clusters: Clusters,
    signal: StopSignal,
    name: str,
    listener: Listener,
) -> DrillRecord:
    """Run one drill and return its record; raises what kept it from beginning."""
    if settings.keep:
        scenario = replace(scenario, cleanup=CleanupPolicy.NEVER)
    seed = settings.seed if settings.seed is not None else fresh_seed()
    with drill_ports(scenario, settings, clusters, listener, drill_id=name, signal=signal) as ports:
        return run_drill(scenario, ports, drill_id=name, seed=seed)


def _publish(record: DrillRecord, desk: Desk, name: str) -> ExitCode:
    try:
        folder, document = publish(record, desk.settings.report_dir, desk.store)
    except (OSError, DrillError) as error:
        words = (
            f"{record.verdict}  {record.scenario.name}: the report could not be written: {error}"
        )
        _say(desk, name, [words], err=True)
        return worst([exit_code(record), ExitCode.INCONCLUSIVE])
    width = shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns
    colour = colour_wanted(terminal=sys.stdout.isatty())
    lines = summary_lines(document, width=width, colour=colour)
    _say(desk, name, [*lines[:-1], f"report  {folder / 'report.html'}", lines[-1]])
    return exit_code(record)


def _hear(desk: Desk, name: str) -> Listener:
    told = BoardListener(desk.board, name) if desk.board is not None else LogListener(name)
    return PreparingListener(told)


def _say(desk: Desk, name: str, lines: Sequence[str], *, err: bool = False) -> None:
    text = "\n".join(line for line in lines if line.strip() or not err)
    with desk.printing:
        if desk.board is None:
            click.echo(text, err=err)
            return
        desk.board.done(name)
        with desk.board.aside():
            click.echo(text, err=err)


def _told(board: Board | None, name: str, count: int) -> None:
    if count == 1:
        words = f"{name}: stopping and cleaning up; once more abandons the cleanup"
    else:
        words = f"{name}: cleanup abandoned; `python -m runner clean` finishes it"
    if board is not None:
        board.notice = words
    else:
        click.echo(words, err=True)


@contextmanager
def _board(*, live: bool) -> Iterator[Board | None]:
    if not live:
        yield None
        return
    from rich.console import Console

    with Board(Console(stderr=True, no_color=not colour_wanted(terminal=True))) as board:
        yield board


def _tally(codes: Sequence[ExitCode]) -> str:
    words = {
        ExitCode.OK: "passed",
        ExitCode.FAILED: "failed",
        ExitCode.INCONCLUSIVE: "inconclusive",
        ExitCode.LEFTOVERS: "left something behind",
        ExitCode.MISUSED: "could not begin",
    }
    verdict = words[worst(codes)]
    counts = ", ".join(f"{codes.count(code)} {words[code]}" for code in words if code in codes)
    return f"{verdict}  {len(codes)} drills: {counts}"
