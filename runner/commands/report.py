"""`report`: what past drills said."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.options import report_options
from runner.settings import colour_wanted

if TYPE_CHECKING:
    from reports import Document

EXAMPLE = """\b
Examples:
  python -m runner report list
  python -m runner report show drill-reports/ID/report.json
  python -m runner report compare old/report.json new/report.json
  python -m runner report render --to html old/report.json > old.html
"""
FALLBACK = (100, 24)


@click.group(name="report", epilog=EXAMPLE)
def command() -> None:
    """List, show, compare and re-render reports."""


@command.command(name="list")
@report_options
def list_(report_dir: Path, state_dir: Path | None) -> int:
    """List the drills in a folder, newest first; names reports that cannot be read."""
    del state_dir
    from drills.errors import DrillError
    from reports.history import history

    try:
        found = history(report_dir)
    except DrillError as error:
        raise click.ClickException(f"{error}\n  {error.hint}") from error
    for past in found.drills:
        rto = "-" if past.rto_seconds is None else f"{past.rto_seconds:.1f}s"
        click.echo(
            f"{past.verdict:<12}  {past.started_at}  {past.scenario}  {past.environment}"
            f"  RTO {rto}  proof {past.proof_level}  {past.path}"
        )
    for broken in found.broken:
        click.echo(f"unreadable    {broken.path}: {broken.reason}", err=True)
    return 1 if found.broken else 0


@command.command()
@click.argument("report", type=click.Path(path_type=Path))
def show(report: Path) -> int:
    """Print a report's summary."""
    from reports import summary_lines

    width = shutil.get_terminal_size(FALLBACK).columns
    colour = colour_wanted(terminal=sys.stdout.isatty())
    click.echo("\n".join(summary_lines(_load(report), width=width, colour=colour)))
    return 0


@command.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
def compare(before: Path, after: Path) -> int:
    """Say what changed between two drills; exit code 1 where something got worse."""
    from reports.compare import Direction, comparison_lines
    from reports.compare import compare as compared

    comparison = compared(_load(before), _load(after))
    click.echo("\n".join(comparison_lines(comparison)))
    return int(any(change.direction is Direction.WORSE for change in comparison.changes))


@command.command()
@click.argument("report", type=click.Path(path_type=Path))
@click.option("--to", "kind", type=click.Choice(["html", "junit", "text", "json"]), default="html")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False))
def render(report: Path, kind: str, output: Path | None) -> int:
    """Make a page, JUnit XML or text from a report.json."""
    from reports import render as rendered
    from reports.evidence import write_atomically

    content = rendered(_load(report), kind)
    if output is None:
        sys.stdout.buffer.write(content)
    else:
        write_atomically(output, content)
    return 0


def _load(path: Path) -> "Document":
    from reports import ReportUnreadable, load_report

    try:
        return load_report(path / "report.json" if path.is_dir() else path)
    except ReportUnreadable as error:
        raise click.ClickException(f"{error}\n  {error.hint}") from error
