"""What a run of `verify` saw, as the values its reports are made from.

In: the checks of a bucket, or the rehearsal of a scenario. Out: a VerifyRecord.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from drills.findings import Finding
from drills.integrity.result import BackupCheck, State, state_of
from drills.record import Verdict
from reports.verify_record import CheckedBackup, NotLookedAt, Target, VerifyRecord, checked
from runner.ids import drill_id
from runner.version import version_number

if TYPE_CHECKING:
    from drills.rehearsal import Rehearsal

STATES = {
    Verdict.PASSED: State.GOOD,
    Verdict.WARNED: State.GOOD,
    Verdict.FAILED: State.DAMAGED,
    Verdict.INCONCLUSIVE: State.UNKNOWN,
}


def _verify_id(started_at: datetime) -> str:
    """Return `verify-20261121-060000-a1b2c3`."""
    return drill_id("verify", started_at)


def record_of_bucket(
    place: str,
    checks: Iterable[BackupCheck],
    around: tuple[Finding, ...],
    span: tuple[datetime, float],
    not_looked_at: tuple[NotLookedAt, ...],
) -> VerifyRecord:
    """Return what `verify --bucket` saw; `span` is when it began and how many seconds it took."""
    backups = tuple(checked(check) for check in checks)
    return VerifyRecord(
        verify_id=_verify_id(span[0]),
        target=Target.BUCKET,
        place=place,
        state=state_of((*around, *(f for one in backups for f in one.findings))),
        started_at=span[0],
        seconds=span[1],
        version=version_number(),
        backups=backups,
        findings=around,
        not_looked_at=not_looked_at,
    )


def record_of_rehearsal(
    name: str,
    rehearsal: "Rehearsal",
    span: tuple[datetime, float],
    not_looked_at: tuple[NotLookedAt, ...],
) -> VerifyRecord:
    """Return what `verify SCENARIO` saw; findings belong to the backup where there is one."""
    backups = tuple(_backup(rehearsal))
    return VerifyRecord(
        verify_id=_verify_id(span[0]),
        target=Target.SCENARIO,
        place=name,
        state=STATES[rehearsal.verdict],
        started_at=span[0],
        seconds=span[1],
        version=version_number(),
        backups=backups,
        findings=() if backups else rehearsal.findings,
        not_looked_at=not_looked_at,
    )


def _backup(rehearsal: "Rehearsal") -> Iterator[CheckedBackup]:
    backup, inventory = rehearsal.backup, rehearsal.inventory
    if backup is None:
        return
    yield CheckedBackup(
        name=backup.name,
        engine=backup.engine,
        state=STATES[rehearsal.verdict],
        phase=backup.phase,
        schedule=backup.schedule,
        started_at=backup.started_at,
        expires_at=backup.expires_at,
        objects=len(inventory.objects) if inventory else None,
        volumes=len(inventory.volumes) if inventory else None,
        bytes=inventory.bytes if inventory else None,
        findings=rehearsal.findings,
    )
