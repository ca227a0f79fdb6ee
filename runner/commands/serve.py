"""`serve`: the long-running scheduler with its web pages."""

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
Example:
  python -m runner serve --listen 127.0.0.1:8080 --report-dir /reports scenarios/*.yaml
"""


@click.command(name="serve", epilog=EXAMPLE)
@scenario_arguments
@report_options
@report_store_option
@records_option
@cluster_options
@log_option
@rights_options
@prober_option
@click.option(
    "--listen",
    default="127.0.0.1:8080",
    show_default=True,
    envvar="DRILL_LISTEN",
    metavar="HOST:PORT",
    help="Where pages, /healthz and /metrics are served.",
)
@click.option(
    "--parallel",
    type=click.IntRange(min=1, max=64),
    default=2,
    show_default=True,
    envvar="DRILL_PARALLEL",
    help="How many drills run at once.",
)
def command(scenarios: tuple[Path, ...], listen: str, log_format: str, **options: Any) -> int:
    """Run drills on their schedules until SIGTERM.

    A run that was due while the service was down is made up for once. The pages have no login:
    listen on the loopback address, or put a proxy with one in front.
    """
    settings = settings_from(options)
    check_settings(settings)
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit():
        raise click.BadParameter("wants HOST:PORT, such as 127.0.0.1:8080", param_hint="--listen")
    from drills.errors import DrillError
    from runner.loading import load_all
    from runner.service import Service

    loaded = load_all(scenarios)
    unscheduled = [scenario.source for scenario in loaded if scenario.schedule is None]
    if unscheduled:
        raise click.UsageError(f"no spec.schedule in {', '.join(unscheduled)}")
    try:
        service = Service(loaded, settings)
    except DrillError as error:
        raise click.UsageError(f"{error}\n  {error.hint}") from error
    return service.run((host.strip("[]"), int(port)), log_format=log_format)
