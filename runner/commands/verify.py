"""`verify`: backups themselves, read to their end; no restore."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.options import F, check_settings, cluster_options, settings_from
from runner.policy_options import NAMES, PolicyWish, check_together, policy_options
from runner.settings import DEFAULT_REPORT_DIR, processors
from runner.verify_options import OUTPUT_NAMES, FailOn, VerifyOutput, output_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from drills.findings import Finding
    from drills.rehearsal import Rehearsal
    from runner.verifying import Progress

LEDGER = DEFAULT_REPORT_DIR / ".verify" / "ledger.jsonl"

EXAMPLE = """\b
Examples:
  python -m runner verify --embedded --store ./bucket-copy scenario.yaml
  python -m runner verify --bucket s3://backups/cluster-1
  python -m runner verify --bucket ./bucket-copy --schedule production-daily
  python -m runner verify --restorability --policy scenarios/production-weekly.yaml
  python -m runner verify --policy --bucket s3://backups --replica s3://backups-dr
"""

BUCKET_OPTIONS = (
    click.option(
        "--bucket",
        envvar="DRILL_BUCKET",
        metavar="DIR_OR_S3_URL",
        help="Check stored backups: a copied bucket, or s3://BUCKET/PREFIX[?endpoint=URL&...].",
    ),
    click.option(
        "--backup", "names", multiple=True, metavar="NAME", help="With --bucket: only this one."
    ),
    click.option("--schedule", metavar="NAME", help="With --bucket: only this schedule's."),
    click.option(
        "--namespace", metavar="NAME", help="With --bucket: only those that cover this namespace."
    ),
    click.option(
        "--state",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="DRILL_VERIFY_STATE",
        default=LEDGER,
        show_default=True,
        metavar="FILE",
        help="With --bucket: remembers what backups were, so that changes show.",
    ),
    click.option("--no-state", is_flag=True, help="With --bucket: remember and compare nothing."),
    click.option(
        "--workers",
        type=click.IntRange(1, 64),
        envvar="DRILL_VERIFY_WORKERS",
        help="With --bucket: backups at once.  [default: one for each processor]",
    ),
    click.option(
        "--volume-data",
        "read_percent",
        type=click.IntRange(0, 100),
        envvar="DRILL_VERIFY_VOLUME_DATA",
        default=0,
        show_default=True,
        metavar="PERCENT",
        help="With --bucket and kopia at hand: share of the files in volume snapshots to read; "
        "at 0 each block must have its pack.",
    ),
    click.option(
        "--engine", default="velero", show_default=True, help="With --bucket: who wrote it."
    ),
)


BUCKET_NAMES = (
    "bucket",
    "names",
    "schedule",
    "namespace",
    "state",
    "no_state",
    "workers",
    "read_percent",
    "engine",
)


def bucket_options(function: F) -> F:
    """Add what chooses a bucket and its backups."""
    for option in reversed(BUCKET_OPTIONS):
        function = option(function)
    return function


@click.command(name="verify", epilog=EXAMPLE)
@click.argument("scenario", metavar="[SCENARIO]", required=False, type=click.Path(path_type=Path))
@cluster_options
@bucket_options
@policy_options
@output_options
def command(scenario: Path | None, **options: Any) -> int:
    """Check backups: readable, complete, consistent, unchanged; nothing is restored.

    With a SCENARIO, the backup that its drill would restore. With --bucket, those stored in an
    object store: no cluster is needed, and read-only rights suffice.

    A good answer here is no proof of a restore: only a drill is. Exit codes: 0 good, 1 damaged,
    2 the command line is wrong, 3 something could not be asked. --fail-on moves the line of 1.
    """
    output = _output({name: options.pop(name) for name in OUTPUT_NAMES})
    about_bucket = {name: options.pop(name) for name in BUCKET_NAMES}
    beyond = {name: options.pop(name) for name in NAMES}
    check_together(scenario, about_bucket, beyond)
    if scenario is not None:
        if any(about_bucket[name] for name in ("names", "schedule", "namespace")):
            raise click.UsageError("--backup, --schedule and --namespace belong to --bucket")
        return _scenario(scenario, options, _wish(about_bucket["bucket"], beyond), beyond, output)
    wish = _wish(about_bucket["bucket"], beyond) if beyond["policy"] else None
    return _bucket(about_bucket, wish, output)


def _output(given: dict[str, Any]) -> VerifyOutput:
    return VerifyOutput(**{**given, "fail_on": FailOn(given["fail_on"])})


def _wish(bucket: str | None, beyond: dict[str, Any]) -> PolicyWish:
    return PolicyWish(bucket=bucket, replica=beyond["replica"], limit=beyond["storage_limit"])


def _scenario(
    scenario: Path,
    options: dict[str, Any],
    wish: PolicyWish,
    beyond: dict[str, Any],
    output: VerifyOutput,
) -> int:
    settings = settings_from(options)
    check_settings(settings)
    from drills.adapters.clock import SystemClock
    from drills.rehearsal import Ask
    from runner import policing, rehearsing, verify_publish, verify_records, verify_scope

    with rehearsing.refusals():
        store = verify_publish.check_places(output)
    clock = SystemClock()
    begun, started_at = clock.monotonic(), clock.now()
    wanted = {Ask.REFERENCES: beyond["restorability"], Ask.POLICY: beyond["policy"]}
    asks = [ask for ask, asked in wanted.items() if asked]
    loaded, rehearsal = rehearsing.rehearsal_of(scenario, settings, asks)
    if beyond["policy"]:
        with rehearsing.refusals():
            rehearsal = policing.with_store_policy(loaded, rehearsal, wish.at(settings.store))
    _say(rehearsal)
    click.echo(rehearsing.closing_line("backup read, not restored", loaded, rehearsal))
    beyond_it = verify_scope.beyond_scenario(
        restorability=beyond["restorability"], policy=beyond["policy"]
    )
    span = (started_at, clock.monotonic() - begun)
    record = verify_records.record_of_rehearsal(loaded.name, rehearsal, span, beyond_it)
    code = output.code(rehearsal.findings, complete=rehearsal.inventory is not None)
    return verify_publish.publish_verify(record, output, code, store)


def _say(rehearsal: "Rehearsal") -> None:
    from runner import rehearsing

    rehearsing.say(rehearsing.backup_lines(rehearsal))
    if rehearsal.inventory is not None:
        inventory = rehearsal.inventory
        click.echo(
            f"holds  {len(inventory.objects)} objects, {len(inventory.volumes)} volumes, "
            f"{inventory.bytes} bytes stored"
        )
    if rehearsal.compared:
        click.echo(f"holds  {rehearsal.compared}")
    rehearsing.say(rehearsing.finding_lines(rehearsal.findings))


def _bucket(given: dict[str, Any], policy: PolicyWish | None, output: VerifyOutput) -> int:
    from drills.integrity.contract import Wish
    from runner import verifying
    from runner.bucket_workers import BucketSource

    wish = Wish(
        names=frozenset(given["names"]), schedule=given["schedule"], namespace=given["namespace"]
    )

    order = verifying.VerifyOrder(
        source=BucketSource(
            url=given["bucket"], engine=given["engine"], read_percent=given["read_percent"]
        ),
        wish=wish,
        state=None if given["no_state"] else given["state"],
        workers=given["workers"] or processors(),
        around=_around(given, policy),
        policy=policy is not None,
        output=output,
    )
    return verifying.verify_bucket(order, _progress())


def _progress() -> "Progress":
    if sys.stderr.isatty():
        from runner.verify_progress import live_progress

        return live_progress
    from runner.verifying import no_progress

    return no_progress


def _around(given: dict[str, Any], policy: PolicyWish | None) -> "Callable[[], Iterable[Finding]]":
    if policy is None:
        return tuple
    from runner.policing import about_bucket

    return about_bucket(policy, engine=given["engine"], namespace=given["namespace"])
