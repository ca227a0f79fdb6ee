"""`plan`: what a drill would do, with nothing restored."""

from pathlib import Path
from typing import Any

import click

from runner.options import (
    check_settings,
    cluster_options,
    prober_option,
    records_option,
    scenario_argument,
    settings_from,
)

EXAMPLE = """\b
Examples:
  python -m runner plan scenarios/production-weekly.yaml
  python -m runner plan --embedded --store ./bucket-copy --manifests scenario.yaml
  python -m runner plan --dry-run scenarios/production-weekly.yaml
"""


@click.command(name="plan", epilog=EXAMPLE)
@scenario_argument
@records_option
@cluster_options
@prober_option
@click.option("--manifests", is_flag=True, help="Print what the engine would be given, as JSON.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Send each object to the API server in dry run, into a sandbox made and removed for it.",
)
def command(scenario: Path, *, manifests: bool, dry_run: bool, **options: Any) -> int:
    """Show what would be restored, left out, rewritten and probed; nothing is restored.

    The backup is read to its end for it. With --dry-run the cluster is asked for what the backup
    needs, and judges each object as the restore would create it. Exit codes as for a drill.
    """
    settings = settings_from(options)
    check_settings(settings)
    from drills.adapters.sample_file import SampleFile
    from drills.rehearsal import Ask
    from runner import rehearsing
    from runner.plan_text import plan_lines

    loaded, rehearsal = rehearsing.rehearsal_of(
        scenario,
        settings,
        (Ask.ABILITIES, *((Ask.REFERENCES, Ask.DRY_RUN) if dry_run else ())),
    )
    if manifests:
        import json

        click.echo(json.dumps(rehearsal.submitted, indent=2, sort_keys=True, default=str))
        return rehearsing.exit_code(rehearsal)
    rehearsing.say(plan_lines(loaded, rehearsal, SampleFile(settings.records_file)))
    return rehearsing.exit_code(rehearsal)
