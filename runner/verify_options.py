"""Options of `verify` for what comes of it: reports, metrics, and which findings fail it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import click

from drills.findings import Finding, Severity
from runner.exit_codes import ExitCode
from runner.options import F


class FailOn(StrEnum):
    """From which severity on an answered finding makes the exit code 1."""

    CRITICAL = "critical"
    WARNING = "warning"
    NEVER = "never"


WEIGHS: Mapping[FailOn, frozenset[Severity]] = {
    FailOn.CRITICAL: frozenset({Severity.CRITICAL}),
    FailOn.WARNING: frozenset({Severity.CRITICAL, Severity.WARNING}),
    FailOn.NEVER: frozenset(),
}

OUTPUT_OPTIONS = (
    click.option(
        "--report-dir",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="DRILL_VERIFY_REPORT_DIR",
        metavar="DIR",
        help="Write verify.json and verify.html into DIR/verify-<time>-<suffix>/.",
    ),
    click.option(
        "--report-store",
        envvar="DRILL_VERIFY_REPORT_STORE",
        metavar="S3_URL",
        help="Copy the report to s3://BUCKET/PREFIX[?endpoint=URL&...] too; never beside backups.",
    ),
    click.option(
        "--metrics",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="DRILL_VERIFY_METRICS",
        metavar="FILE",
        help="Write Prometheus metrics for a textfile collector; its name ends with .prom.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice([one.value for one in FailOn]),
        envvar="DRILL_VERIFY_FAIL_ON",
        default=FailOn.CRITICAL.value,
        show_default=True,
        help="Exit code 1 from this severity on; what could not be asked is 3 all the same.",
    ),
)

OUTPUT_NAMES = ("report_dir", "report_store", "metrics", "fail_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOutput:
    """What comes of a run besides its text."""

    report_dir: Path | None = None
    report_store: str | None = None
    metrics: Path | None = None
    fail_on: FailOn = FailOn.CRITICAL

    def code(self, findings: Iterable[Finding], *, complete: bool = True) -> ExitCode:
        """Return the exit code; `complete` says whether all that was wished for was asked."""
        found = tuple(findings)
        if any(f.severity in WEIGHS[self.fail_on] and not f.unanswered for f in found):
            return ExitCode.FAILED
        if not complete or any(f.unanswered for f in found):
            return ExitCode.INCONCLUSIVE
        return ExitCode.OK


def output_options(function: F) -> F:
    """Add what comes of a run."""
    for option in reversed(OUTPUT_OPTIONS):
        function = option(function)
    return function
