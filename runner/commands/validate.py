"""`validate`: are the scenarios right, in form and meaning? No cluster is touched."""

from pathlib import Path

import click

from runner.loading import load_all
from runner.options import scenario_arguments

EXAMPLE = """\b
Example:
  python -m runner validate scenarios/*.yaml
"""


@click.command(name="validate", epilog=EXAMPLE)
@scenario_arguments
def command(scenarios: tuple[Path, ...]) -> int:
    """Check scenarios for form and meaning.

    Prints every problem with file, line and column; exit code 2 when there is one.
    """
    for scenario in load_all(scenarios):
        click.echo(f"valid  {scenario.source}  {scenario.name}")
        for probe in scenario.probes:
            if probe.pack:
                click.echo(f"  pack {probe.pack}  {probe.name}  ({probe.kind})")
    return 0
