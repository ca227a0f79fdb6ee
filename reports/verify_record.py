"""What one run of `verify` saw: the values that verify.json and verify.html are made from.

In: checks of stored backups, or of the one that a scenario would restore. Out: nothing; values.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from drills.findings import Finding
from drills.integrity.result import BackupCheck, FileFact, State


class Target(StrEnum):
    """What was checked."""

    BUCKET = "bucket"
    SCENARIO = "scenario"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedBackup:
    """One backup as it was read; None where it is unknown."""

    name: str
    engine: str
    state: State
    phase: str = ""
    schedule: str | None = None
    started_at: datetime | None = None
    expires_at: datetime | None = None
    objects: int | None = None
    volumes: int | None = None
    bytes: int | None = None
    """Stored bytes that were read."""
    unpacked: int | None = None
    """Bytes of the unpacked archive."""
    seconds: float | None = None
    """How long its check took."""
    files: tuple[FileFact, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLookedAt:
    """A question that this run did not put."""

    what: str
    how: str
    """How to have it looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRecord:
    """One run of `verify`."""

    verify_id: str
    """Names the run; safe as a folder name."""
    target: Target
    place: str
    """The bucket without options, or the scenario's name."""
    state: State
    started_at: datetime
    seconds: float
    version: str
    """Version of the runner."""
    backups: tuple[CheckedBackup, ...]
    findings: tuple[Finding, ...] = ()
    """What concerns the place rather than one backup."""
    not_looked_at: tuple[NotLookedAt, ...] = ()

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Return the findings of the place and of every backup."""
        return (*self.findings, *(f for backup in self.backups for f in backup.findings))

    @property
    def bytes_read(self) -> int:
        """Return the stored bytes that were read, as far as they are known."""
        return sum(backup.bytes or 0 for backup in self.backups)


def checked(check: BackupCheck) -> CheckedBackup:
    """Return a stored backup's check as a report shows it.

    A backup without a readable archive holds an unknown number of objects, not none.
    """
    facts = check.facts
    read = facts.unpacked > 0
    return CheckedBackup(
        name=check.name,
        engine=check.engine,
        state=check.state,
        phase=check.phase,
        schedule=check.schedule,
        started_at=check.started_at,
        expires_at=check.expires_at,
        objects=facts.objects if read else None,
        volumes=facts.volumes if read else None,
        bytes=check.bytes,
        unpacked=facts.unpacked if read else None,
        seconds=check.seconds,
        files=check.files,
        findings=check.findings,
    )
