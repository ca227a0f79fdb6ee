"""Runs a rehearsal for `plan` and `verify` and prints what both have in common."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from drills.errors import DrillError, Misconfigured
from drills.findings import Finding
from drills.record import CleanupOutcome, Verdict
from drills.rehearsal import Ask, Rehearsal, rehearse
from reports import plain
from runner.clusters import Clusters
from runner.exit_codes import ExitCode
from runner.ids import drill_id, fresh_seed
from runner.listeners import LogListener
from runner.loading import load_all
from runner.logs import configure, style_of
from runner.refusals import Misuse, Refusal
from runner.settings import RunSettings
from runner.stopping import StopSignal, signals
from runner.wiring import drill_ports
from scenarios.model import Scenario

CODES = {
    Verdict.PASSED: ExitCode.OK,
    Verdict.WARNED: ExitCode.OK,
    Verdict.FAILED: ExitCode.FAILED,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


def rehearsal_of(
    path: Path, settings: RunSettings, asks: Collection[Ask] = ()
) -> tuple[Scenario, Rehearsal]:
    """Return the scenario and its rehearsal; raises ClickException with the remedy."""
    scenario = load_all([path])[0]
    configure(style_of("auto"), colour=False)
    name = drill_id(scenario.name, datetime.now(UTC))
    signal = StopSignal()
    with (
        refusals(),
        signals(signal, lambda name, _: click.echo(f"{name}: stopping", err=True)),
        Clusters(settings) as clusters,
        drill_ports(
            scenario, settings, clusters, LogListener(name), drill_id=name, signal=signal
        ) as ports,
    ):
        seed = settings.seed if settings.seed is not None else fresh_seed()
        return scenario, rehearse(scenario, ports, drill_id=name, seed=seed, asks=asks)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what keeps us from an answer into the command's own end, exit code 2 or 3."""
    try:
        yield
    except Misconfigured as error:
        raise Misuse(error) from error
    except DrillError as error:
        raise Refusal(error) from error


def say(lines: Iterable[str]) -> None:
    """Print lines; what somebody put into a backup's names cannot write to the terminal."""
    for line in lines:
        click.echo(plain.text(line))


def exit_code(rehearsal: Rehearsal) -> ExitCode:
    """Return the exit code, 4 where a good answer left something behind."""
    code = CODES[rehearsal.verdict]
    left = rehearsal.cleanup.outcome is CleanupOutcome.LEFTOVERS
    return ExitCode.LEFTOVERS if left and code is ExitCode.OK else code


def backup_lines(rehearsal: Rehearsal) -> Iterator[str]:
    """Yield the chosen backup and those passed over."""
    if rehearsal.backup is None:
        yield "backup  none can be drilled"
    else:
        point = rehearsal.backup.recovery_point
        when = point.strftime("%Y-%m-%d %H:%M:%S UTC") if point else "unknown"
        yield f"backup  {rehearsal.backup.name}  {rehearsal.backup.phase}  from {when}"
    for over in rehearsal.passed_over:
        yield f"  passed over  {over.name}: {over.reason}"


def cleanup_lines(rehearsal: Rehearsal) -> Iterator[str]:
    """Yield what was left behind, loudly; nothing where nothing was."""
    for thing in rehearsal.cleanup.leftovers:
        yield f"LEFT BEHIND  {thing}"
    if rehearsal.cleanup.leftovers:
        yield "  Run `clean` once the cause is mended."


def finding_lines(findings: tuple[Finding, ...]) -> Iterator[str]:
    """Yield each finding with its remedy."""
    for finding in findings:
        yield f"{finding.severity}  {finding.subject}: {finding.message}"
        yield f"  {finding.remedy}"


def closing_line(word: str, scenario: Scenario, rehearsal: Rehearsal) -> str:
    """Return the last line: the verdict first."""
    where = "  embedded" if rehearsal.embedded else ""
    return f"{rehearsal.verdict}  {scenario.name}{where}  {word}"
