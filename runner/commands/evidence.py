"""`evidence`: what an auditor keeps, and how it is checked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.exit_codes import ExitCode
from runner.options import report_options

if TYPE_CHECKING:
    from reports.evidence import Scheduled

EXAMPLE = """\b
Examples:
  python -m runner evidence export --from 2026-10-01 --to 2027-01-01 -o 2026-q4.zip
  python -m runner evidence verify 2026-q4.zip
"""
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(name="evidence", epilog=EXAMPLE)
def command() -> None:
    """Export and verify evidence for auditors."""


@command.command()
@report_options
@click.option("--from", "start", type=DAY, required=True, help="First day, UTC.")
@click.option("--to", "end", type=DAY, help="Day after the last one, UTC.  [default: tomorrow]")
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Scenario with a schedule: drills that should have run and did not are gaps.",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    envvar="DRILL_EVIDENCE_KEY",
    help="Ed25519 private key (PEM) to sign with.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Zip."
)
def export(
    report_dir: Path,
    state_dir: Path | None,
    *,
    start: datetime,
    end: datetime | None,
    scenarios: tuple[Path, ...],
    key: Path | None,
    output: Path,
) -> int:
    """Put the reports of a period into one zip with a manifest of their SHA-256."""
    del state_dir
    from drills.errors import DrillError
    from reports.evidence import Period, export
    from reports.writing import write_atomically
    from runner.version import version_number

    now = datetime.now(UTC)
    begin = start.replace(tzinfo=UTC)
    until = end.replace(tzinfo=UTC) if end else now + timedelta(days=1)
    try:
        data = export(
            sorted(report_dir.glob("*/report.json")),
            period=Period(start=begin, end=until),
            now=now,
            tool_version=version_number(),
            scheduled=_scheduled(scenarios, begin, min(until, now)),
            private_key=key.read_bytes() if key else None,
        )
        write_atomically(output, data)
    except DrillError as error:
        raise click.ClickException(f"{error}\n  {error.hint}") from error
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error}") from error
    return _describe(output, checked=key is not None)


@command.command()
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    envvar="DRILL_EVIDENCE_PUBLIC_KEY",
    help="Ed25519 public key (PEM) that must have signed it.",
)
def verify(archive: Path, key: Path | None) -> int:
    """Check an export: every hash, nothing added, nothing missing; exit code 1 where it fails."""
    from drills.errors import DrillError
    from reports.evidence import verify as problems_of

    try:
        problems = problems_of(archive, public_key=key.read_bytes() if key else None)
    except DrillError as error:
        raise click.ClickException(f"{error}\n  {error.hint}") from error
    for problem in problems:
        click.echo(f"{problem.path or archive}: {problem.message}", err=True)
    if problems:
        click.echo(f"broken  {archive}: {len(problems)} problems")
        return ExitCode.FAILED
    return _describe(archive, checked=key is not None)


def _describe(archive: Path, *, checked: bool) -> int:
    from reports.evidence import contents

    found = contents(archive)
    if found is None:
        raise click.ClickException(f"{archive} is no evidence archive")
    keys = ", ".join(found.key_ids)
    words = f"signed by {keys}" if checked else "signature not checked: give --key"
    signed = words if found.signed else "not signed"
    click.echo(
        f"intact  {archive}: {len(found.drills)} drills, {len(found.gaps)} gaps, "
        f"{found.period[0]} to {found.period[1]}, {signed}"
    )
    return ExitCode.OK


def _scheduled(
    paths: tuple[Path, ...], start: datetime, end: datetime
) -> "tuple[Scheduled, ...] | None":
    if not paths:
        return None
    from reports.evidence import Scheduled
    from runner.cron_trigger import moments
    from runner.loading import load_all

    return tuple(
        Scheduled(scenario=scenario.name, at=moment)
        for scenario in load_all(paths)
        if scenario.schedule is not None
        for moment in moments(scenario.schedule.cron, scenario.schedule.time_zone, start, end)
    )
