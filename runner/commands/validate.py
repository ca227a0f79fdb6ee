"""`validate`: are the scenarios right, in form and meaning? No cluster is touched."""

from pathlib import Path

import click

from runner.loading import load_all
from runner.options import scenario_arguments
from scenarios import scenario_remarks

EXAMPLE = """\b
Example:
  python -m runner validate scenarios/*.yaml
"""


@click.command(name="validate", epilog=EXAMPLE)
@scenario_arguments
def command(scenarios: tuple[Path, ...]) -> int:
    """Check scenarios for form and meaning.

    Prints every problem with file, line and column; exit code 2 when there is one. A number that
    may have been meant as a version is a warning, which leaves the exit code 0.
    """
    for scenario in load_all(scenarios):
        click.echo(f"valid  {scenario.source}  {scenario.name}")
        for probe in scenario.probes:
            if probe.pack:
                click.echo(f"  pack {probe.pack}  {probe.name}  ({probe.kind})")
        for remark in scenario_remarks(scenario.source):
            click.echo(f"warning  {remark}", err=True)
    return 0
