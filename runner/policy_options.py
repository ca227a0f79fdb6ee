"""Options of `verify` for what lies beyond the backups' own files, checked against the others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click

from runner.options import F
from scenarios.model import RetentionSpec
from scenarios.sizes import parse_size

POLICY_OPTIONS = (
    click.option(
        "--restorability",
        is_flag=True,
        help="With a SCENARIO: ask the cluster whether it has what the backup's objects need.",
    ),
    click.option(
        "--policy",
        is_flag=True,
        help="Hold the backups to what is promised: retention, schedules, a copy, the bucket.",
    ),
    click.option(
        "--replica",
        envvar="DRILL_REPLICA",
        metavar="DIR_OR_S3_URL",
        help="With --policy: compare with this second place, object by object.",
    ),
    click.option(
        "--storage-limit", metavar="SIZE", help="With --policy: what the store may hold, 500Gi."
    ),
)

NAMES = ("restorability", "policy", "replica", "storage_limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWish:
    """What the command line says about policy."""

    bucket: str | None = None
    """Where the backups lie; without it the store itself is not looked at."""
    replica: str | None = None
    limit: str | None = None

    def at(self, store: str | None) -> "PolicyWish":
        """Return the wish with `store` for its bucket, where it names none."""
        return replace(self, bucket=self.bucket or store)

    def onto(self, retention: RetentionSpec) -> RetentionSpec:
        """Return what the scenario says, the command line first; raises BadParameter."""
        try:
            limit = parse_size(self.limit) if self.limit else retention.storage_limit
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--storage-limit") from error
        return replace(retention, storage_limit=limit, replica=self.replica or retention.replica)


def policy_options(function: F) -> F:
    """Add what is asked beyond the backups' own files."""
    for option in reversed(POLICY_OPTIONS):
        function = option(function)
    return function


def check_together(
    scenario: Path | None, about_bucket: Mapping[str, object], beyond: Mapping[str, object]
) -> None:
    """Refuse what makes no sense together; raises UsageError."""
    bucket = about_bucket["bucket"]
    if scenario is None and bucket is None:
        raise click.UsageError("give a SCENARIO or --bucket")
    if scenario is not None and bucket is not None and not beyond["policy"]:
        raise click.UsageError("give a SCENARIO or --bucket; both only with --policy")
    if scenario is None and beyond["restorability"]:
        raise click.UsageError("--restorability asks a cluster, so it needs a SCENARIO")
    if not beyond["policy"] and (beyond["replica"] or beyond["storage_limit"]):
        raise click.UsageError("--replica and --storage-limit belong to --policy")
