"""`record`: what the live source holds now, for probes that say `recorded`."""

from pathlib import Path
from typing import Any

import click

from runner.options import (
    check_settings,
    cluster_options,
    records_option,
    report_options,
    scenario_arguments,
    settings_from,
)

EXAMPLE = """\b
Examples:
  python -m runner record scenarios/recorded-counts.yaml
  python -m runner record --records /reports/recorded.jsonl --context prod scenario.yaml
"""


@click.command(name="record", epilog=EXAMPLE)
@scenario_arguments
@report_options
@records_option
@cluster_options
def command(scenarios: tuple[Path, ...], **options: Any) -> int:
    """Record what the live source holds now, for probes that say `recorded`.

    Run it shortly before and shortly after each backup. It asks the namespaces that the scenario
    names, not a sandbox, and only reads; it keeps counts, digests and ids. Exit codes: 0 all
    recorded, 2 nothing to record or the scenario is wrong, 3 something could not be asked.
    """
    settings = settings_from(options)
    check_settings(settings)
    from runner.loading import load_all
    from runner.sampling import record_all

    return record_all(load_all(scenarios), settings)
