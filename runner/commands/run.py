"""`run`: drills, their progress, their reports, and the exit code."""

from pathlib import Path
from typing import Any

import click

from runner.options import (
    check_settings,
    cluster_options,
    log_option,
    prober_option,
    records_option,
    report_options,
    report_store_option,
    rights_options,
    scenario_arguments,
    settings_from,
)

EXAMPLE = """\b
Examples:
  python -m runner run scenarios/quickstart.yaml
  python -m runner run --report-dir /reports nightly.yaml weekly.yaml
  python -m runner run --embedded --store ./bucket-copy scenario.yaml
"""


@click.command(name="run", epilog=EXAMPLE)
@scenario_arguments
@report_options
@report_store_option
@records_option
@cluster_options
@log_option
@rights_options
@prober_option
@click.option("--keep", is_flag=True, envvar="DRILL_KEEP", help="Keep the sandbox afterwards.")
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    envvar="DRILL_WAIT",
    metavar="SECONDS",
    help="Wait this long for another drill that holds the sandbox; 0 refuses at once.",
)
@click.option(
    "--parallel",
    type=click.IntRange(min=1, max=256),
    default=4,
    show_default=True,
    envvar="DRILL_PARALLEL",
    help="How many drills run at once.",
)
@click.option(
    "--seed",
    type=int,
    envvar="DRILL_SEED",
    help="Seed for random picks that name none, to repeat a drill.",
)
def command(scenarios: tuple[Path, ...], log_format: str, **options: Any) -> int:
    """Run drills and write their reports.

    The last line on stdout is the verdict. Exit codes: 0 passed or warned, 1 failed, 2 nothing
    was touched, 3 inconclusive, 4 passed or warned but something was left behind.
    """
    settings = settings_from(options)
    check_settings(settings)
    from runner.execution import run_all
    from runner.loading import load_all

    return run_all(load_all(scenarios), settings, log_format=log_format)
