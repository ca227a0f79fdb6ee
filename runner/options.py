"""Options that several commands share, each with its `DRILL_*` variable."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from runner.settings import DEFAULT_REPORT_DIR, RunSettings

F = TypeVar("F", bound=Callable[..., object])


def scenario_arguments(function: F) -> F:
    """Add one or more SCENARIO arguments."""
    return click.argument(
        "scenarios",
        metavar="SCENARIO...",
        nargs=-1,
        required=True,
        type=click.Path(path_type=Path),
    )(function)


def scenario_argument(function: F) -> F:
    """Add one SCENARIO argument."""
    return click.argument("scenario", metavar="SCENARIO", type=click.Path(path_type=Path))(function)


def cluster_options(function: F) -> F:
    """Add what chooses the cluster."""
    for option in (
        click.option(
            "--kubeconfig",
            envvar="DRILL_KUBECONFIG",
            metavar="FILE",
            help="Kubeconfig instead of the scenario's.",
        ),
        click.option(
            "--context",
            envvar="DRILL_CONTEXT",
            metavar="NAME",
            help="Kubeconfig context instead of the scenario's.",
        ),
        click.option(
            "--stand-in",
            "stand_ins",
            multiple=True,
            envvar="DRILL_STAND_INS",
            metavar="NAME",
            help="Embedded cluster: let this stand-in answer for containers.",
        ),
        click.option(
            "--store",
            envvar="DRILL_STORE",
            metavar="DIR_OR_S3_URL",
            help="Embedded cluster: restore from this copied bucket or s3://bucket/prefix.",
        ),
        click.option(
            "--embedded",
            is_flag=True,
            envvar="DRILL_EMBEDDED",
            help="Use the embedded cluster, whatever the scenario names.",
        ),
    ):
        function = option(function)
    return function


def report_store_option(function: F) -> F:
    """Add where reports are copied to."""
    return click.option(
        "--report-store",
        envvar="DRILL_REPORT_STORE",
        metavar="S3_URL",
        help="Copy reports to s3://BUCKET/PREFIX[?endpoint=URL&region=R&ca=FILE] too.",
    )(function)


def report_options(function: F) -> F:
    """Add where reports and journals live."""
    for option in (
        click.option(
            "--state-dir",
            type=click.Path(path_type=Path, file_okay=False),
            envvar="DRILL_STATE_DIR",
            metavar="DIR",
            help="Journals of drills under way.  [default: REPORT_DIR/.journal]",
        ),
        click.option(
            "--report-dir",
            type=click.Path(path_type=Path, file_okay=False),
            envvar="DRILL_REPORT_DIR",
            default=DEFAULT_REPORT_DIR,
            show_default=True,
            metavar="DIR",
            help="Reports go to DIR/<drill-id>/.",
        ),
    ):
        function = option(function)
    return function


def records_option(function: F) -> F:
    """Add where records of live sources are kept."""
    return click.option(
        "--records",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="DRILL_RECORDS",
        metavar="FILE",
        help="What `record` found in the live source.  [default: REPORT_DIR/recorded.jsonl]",
    )(function)


def rights_options(function: F) -> F:
    """Add how a runner with few rights gets those it needs inside its sandbox."""
    for option in (
        click.option(
            "--service-account",
            envvar="DRILL_SERVICE_ACCOUNT",
            metavar="NAMESPACE/NAME",
            help="Who --sandbox-role is bound to.",
        ),
        click.option(
            "--sandbox-role",
            envvar="DRILL_SANDBOX_ROLE",
            metavar="CLUSTERROLE",
            help="Bind this ClusterRole to the runner inside each sandbox (see deploy/rbac.yaml).",
        ),
    ):
        function = option(function)
    return function


def prober_option(function: F) -> F:
    """Add which image proves that the sandbox is closed."""
    return click.option(
        "--prober-image",
        default="",
        envvar="DRILL_PROBER_IMAGE",
        metavar="IMAGE",
        help="Image that must not get out of the sandbox, where the scenario names none: any with "
        "a shell and nc (busybox), or with Python.",
    )(function)


def log_option(function: F) -> F:
    """Add the log's format and depth."""
    function = click.option(
        "-v", "--verbose", is_flag=True, envvar="DRILL_VERBOSE", help="Log progress within stages."
    )(function)
    return click.option(
        "--log-format",
        type=click.Choice(["auto", "text", "json"]),
        default="auto",
        show_default=True,
        envvar="DRILL_LOG_FORMAT",
        help="Log lines on stderr; auto shows live progress on a terminal.",
    )(function)


def check_settings(settings: RunSettings) -> None:
    """Refuse options that make no sense without each other."""
    if settings.store is not None and not settings.embedded:
        raise click.UsageError("--store belongs to the embedded cluster; add --embedded")
    if (settings.sandbox_role is None) != (settings.service_account is None):
        raise click.UsageError("--sandbox-role and --service-account go together")
    if settings.service_account is not None and settings.service_account.count("/") != 1:
        raise click.UsageError("--service-account wants NAMESPACE/NAME")


def settings_from(options: dict[str, Any]) -> RunSettings:
    """Return the settings that click gathered; click has checked their types."""
    return RunSettings(**options)
