"""Runs `verify --bucket`: lists, checks, remembers, prints, and says how it went.

In: which bucket and which backups. Out: an exit code. Nothing in the bucket is ever written.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from drills.adapters.clock import SystemClock
from drills.adapters.ledger_file import FileLedger
from drills.adapters.store import location_of, open_store
from drills.errors import DrillError, Interrupted, Misconfigured
from drills.findings import Finding
from drills.integrity.contract import Bucket, Listed, Wish
from drills.integrity.remembering import Remembering
from drills.integrity.result import BackupCheck
from drills.spelling import what_there_is
from reports.verify_record import NotLookedAt
from runner.bucket_workers import Advance, BucketSource, checks_apart, checks_here
from runner.exit_codes import ExitCode
from runner.refusals import Misuse, Refusal
from runner.stopping import DrillStop, StopSignal, signals
from runner.verify_options import VerifyOutput
from runner.verify_publish import check_places, publish_verify
from runner.verify_records import record_of_bucket
from runner.verify_scope import beyond_bucket
from runner.verify_text import backup_lines, finding_lines, summary_line

WHOLE = 100
APART_FROM = 32 << 20
"""Stored bytes from which starting more processes pays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What tells the user how far a check is."""

    advance: Advance
    say: Callable[[str], None]
    """Prints a line, past the bar where there is one."""


Progress = Callable[[int, int], AbstractContextManager[Shown]]
"""Given bytes and backups in all, shows how far the check is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOrder:
    """What to check."""

    source: BucketSource
    wish: Wish
    state: Path | None
    """The ledger; None remembers nothing."""
    workers: int
    around: Callable[[], Iterable[Finding]] = tuple
    """More that concerns the bucket as a whole; raises what keeps us from asking."""
    policy: bool = False
    """Whether `around` asks what is promised."""
    output: VerifyOutput = field(default_factory=VerifyOutput)

    def not_looked_at(self) -> tuple[NotLookedAt, ...]:
        """Return what this order leaves open."""
        return beyond_bucket(
            remembered=self.state is not None,
            everything=self.wish.everything,
            policy=self.policy,
            volume_data=self.source.read_percent == WHOLE,
        )


def verify_bucket(order: VerifyOrder, progress: Progress) -> ExitCode:
    """Check and print; raises ClickException with the remedy."""
    signal = StopSignal()
    with signals(signal, lambda name, _: click.echo(f"{name}: stopping", err=True)):
        try:
            with signal.view() as view:
                return _verify(order, progress, view)
        except Misconfigured as error:
            raise Misuse(error) from error
        except Interrupted as error:
            raise click.Abort from error
        except DrillError as error:
            raise Refusal(error) from error


def _verify(order: VerifyOrder, progress: Progress, stop: DrillStop) -> ExitCode:
    reports = check_places(order.output)
    clock = SystemClock(stop.event)
    begun, started_at = clock.monotonic(), clock.now()
    memory = _memory(order, clock)
    bucket = order.source.open(stop.event)
    backups = _listed(order, bucket)
    checks: list[BackupCheck] = []
    with progress(sum(one.bytes for one in backups), len(backups)) as shown:
        for check in _checks(order, bucket, backups, shown.advance, stop):
            judged = memory.judge(check) if memory else check
            checks.append(judged)
            _say(backup_lines(judged), shown.say)
    around = tuple(_around(order, backups, memory))
    _say(finding_lines(around), click.echo)
    record = record_of_bucket(
        location_of(order.source.url),
        checks,
        around,
        (started_at, clock.monotonic() - begun),
        order.not_looked_at(),
    )
    code = order.output.code(record.all_findings)
    code = publish_verify(record, order.output, code, reports)
    click.echo(summary_line(record.state, order.source.url, checks, record.seconds))
    return code


def _memory(order: VerifyOrder, clock: SystemClock) -> Remembering | None:
    if order.state is None:
        return None
    url = order.source.url
    return Remembering(FileLedger(order.state), location_of(url), open_store(url), clock)


def _listed(order: VerifyOrder, bucket: Bucket) -> tuple[Listed, ...]:
    found = tuple(bucket.backups(order.wish))
    lacking = sorted(order.wish.names - {one.name for one in found})
    if lacking or not found:
        what = f"holds no backup {lacking[0]}" if lacking else "holds no backup that is wished for"
        known = [one.name for one in bucket.backups(Wish())] if lacking else []
        meant = f". {what_there_is(lacking[0], known)}" if known else ""
        raise Misconfigured(
            f"{location_of(order.source.url)} {what}{meant}",
            hint="Name the folder or prefix that holds `backups/`, and a backup in it.",
        )
    return found


def _checks(
    order: VerifyOrder,
    bucket: Bucket,
    backups: tuple[Listed, ...],
    advance: Advance,
    stop: DrillStop,
) -> Iterator[BackupCheck]:
    """Check in the order listed, in several processes where that pays."""
    workers = min(order.workers, len(backups))
    if workers < 2 or sum(one.bytes for one in backups) < APART_FROM:  # noqa: PLR2004 - several
        return checks_here(bucket, backups, advance, stop.stop)
    return checks_apart(order.source, backups, workers, advance, stop.stop)


def _around(
    order: VerifyOrder, backups: tuple[Listed, ...], memory: Remembering | None
) -> Iterator[Finding]:
    """Yield what concerns the bucket rather than one backup."""
    yield from order.around()
    if memory is None:
        return
    yield from memory.trouble()
    if order.wish.everything:
        yield from memory.whole(frozenset(one.name for one in backups))


def _say(lines: Iterable[str], say: Callable[[str], None]) -> None:
    """Print lines; names come from the bucket, so no terminal may obey them."""
    for line in lines:
        say("".join(c if c.isprintable() else "?" for c in line))


@contextmanager
def no_progress(_bytes: int, _backups: int) -> Iterator[Shown]:
    """Show nothing: for logs and pipes."""
    yield Shown(advance=lambda _: None, say=click.echo)
