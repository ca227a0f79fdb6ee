"""`clean`: removes what interrupted drills left, and nothing else."""

from typing import Any

import click

from runner.options import cluster_options, log_option, report_options, settings_from

EXAMPLE = """\b
Examples:
  python -m runner clean
  python -m runner clean --context prod --dry-run
  python -m runner clean --context prod --drill quickstart-20261121-114100-a1b2c3
"""


@click.command(name="clean", epilog=EXAMPLE)
@report_options
@cluster_options
@log_option
@click.option("--in-cluster", is_flag=True, envvar="DRILL_IN_CLUSTER", help="Use the pod's rights.")
@click.option(
    "--engine", metavar="WORD", help="Engine of the drills, where their marks do not say."
)
@click.option("--engine-namespace", metavar="NAMESPACE", help="Where that engine lives.")
@click.option("--drill", "drill_id", metavar="ID", help="Only this drill, kept or abandoned.")
@click.option("--kept", is_flag=True, help="Also remove sandboxes that were kept on purpose.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
def command(
    log_format: str,
    *,
    in_cluster: bool,
    engine: str | None,
    engine_namespace: str | None,
    drill_id: str | None,
    kept: bool,
    dry_run: bool,
    **options: Any,
) -> int:
    """Remove what interrupted drills left; only what carries our marks is touched.

    Without a cluster named, finishes the drills whose journals are here and whose process died.
    With --context, --kubeconfig or --in-cluster, also removes what any dead drill left in that
    cluster; a drill that still renews its Lease is left alone. Exit code 4 when something stays.
    """
    settings = settings_from(options)
    from runner.cleaning import CleanOrder, clean

    return clean(
        settings,
        CleanOrder(
            in_cluster=in_cluster,
            engine=engine,
            engine_namespace=engine_namespace,
            drill_id=drill_id,
            kept=kept,
            dry_run=dry_run,
        ),
        log_format=log_format,
    )
