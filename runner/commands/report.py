"""`report`: what past drills and checks of backups said."""

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
  python -m runner report show drill-reports/ID
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
    """List drills and checks of backups in a folder, newest first; names what cannot be read."""
    del state_dir
    from drills.errors import DrillError
    from reports.history import history, lines

    try:
        found = history(report_dir)
    except DrillError as error:
        raise click.ClickException(f"{error}\n  {error.hint}") from error
    for line in lines(found):
        click.echo(line)
    for broken in found.broken:
        click.echo(f"unreadable    {broken.path}: {broken.reason}", err=True)
    return 1 if found.broken else 0


@command.command()
@click.argument("report", type=click.Path(path_type=Path))
def show(report: Path) -> int:
    """Print the summary of a report.json or a verify.json."""
    from reports import summary_lines, verify_summary_lines

    kind, document = _load_any(report)
    width = shutil.get_terminal_size(FALLBACK).columns
    colour = colour_wanted(terminal=sys.stdout.isatty())
    lines = verify_summary_lines if kind == "verify" else summary_lines
    click.echo("\n".join(lines(document, width=width, colour=colour)))
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
    """Make a page, JUnit XML or text from a report.json; a page or text from a verify.json."""
    from reports import RENDERERS, VERIFY_RENDERERS
    from reports.writing import write_atomically

    loaded, document = _load_any(report)
    renderer = (VERIFY_RENDERERS if loaded == "verify" else RENDERERS).get(kind)
    if renderer is None:
        raise click.UsageError(f"a verify.json has no {kind}; there is html, text and json")
    content = renderer(document)
    if output is None:
        sys.stdout.buffer.write(content)
    else:
        write_atomically(output, content)
    return 0


def _load(path: Path) -> "Document":
    """Return a drill's report; a check of backups is refused."""
    kind, document = _load_any(path)
    if kind == "verify":
        raise click.UsageError(f"{path} is a check of backups; compare takes reports of drills")
    return document


def _load_any(path: Path) -> "tuple[str, Document]":
    from reports import ReportUnreadable, load_any

    if path.is_dir():
        verify = path / "verify.json"
        path = verify if verify.is_file() else path / "report.json"
    try:
        return load_any(path)
    except ReportUnreadable as error:
        raise click.ClickException(f"{error}\n  {error.hint}") from error
