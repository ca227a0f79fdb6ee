"""`verify`: the backup itself, read to its end; no restore."""

from pathlib import Path
from typing import Any

import click

from runner.options import check_settings, cluster_options, scenario_argument, settings_from

EXAMPLE = """\b
Example:
  python -m runner verify --embedded --store ./bucket-copy scenario.yaml
"""


@click.command(name="verify", epilog=EXAMPLE)
@scenario_argument
@cluster_options
def command(scenario: Path, **options: Any) -> int:
    """Check that the chosen backup is readable, complete and consistent; nothing is restored.

    A good answer here is no proof of a restore: only a drill is. Exit codes as for a drill.
    """
    settings = settings_from(options)
    check_settings(settings)
    from runner import rehearsing

    loaded, rehearsal = rehearsing.rehearsal_of(scenario, settings)
    for line in rehearsing.backup_lines(rehearsal):
        click.echo(line)
    if rehearsal.inventory is not None:
        inventory = rehearsal.inventory
        click.echo(
            f"holds  {len(inventory.objects)} objects, {len(inventory.volumes)} volumes, "
            f"{inventory.bytes} bytes stored"
        )
    for line in rehearsing.finding_lines(rehearsal.findings):
        click.echo(line)
    click.echo(rehearsing.closing_line("backup read, not restored", loaded, rehearsal))
    return rehearsing.CODES[rehearsal.verdict]
