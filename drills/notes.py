"""What a drill writes down as it goes; at the end it becomes the DrillRecord.

The one mutable thing in a drill, so that whatever stops it, what is known so far is reported.
"""

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from drills.backups import Backup, Inventory
from drills.engine import Restored
from drills.errors import (
    BackupUnreadable,
    DeadlinePassed,
    DrillError,
    Interrupted,
    Misconfigured,
    SandboxLost,
    TooMuchToRewrite,
)
from drills.findings import Cause, Finding, Severity
from drills.foreseen import Foreseen
from drills.ports import Clock, Listener
from drills.proving.facts import Proof
from drills.record import (
    AuditEntry,
    Completeness,
    Outcome,
    PassedOver,
    ProbeRecord,
    Rewriting,
    StageRecord,
    VolumeRecord,
)


class Halt(Exception):
    """Raised where going on makes no sense; the findings say why."""


@dataclass(slots=True)
class StageNote:
    """Lets a stage add to its own record while it runs."""

    outcome: Outcome = Outcome.PASSED
    message: str = ""
    queue_seconds: float | None = None
    waited_seconds: float | None = None
    volume_seconds: float | None = None


@dataclass(slots=True, kw_only=True)
class AuditTrail:
    """A Listener that keeps every action in the shape auditors want and passes all on."""

    listener: Listener
    clock: Clock
    actor: str
    entries: list[AuditEntry] = field(default_factory=list)

    def stage(self, name: str, state: str, message: str = "") -> None:
        """Pass a stage's progress on."""
        self.listener.stage(name, state, message)

    def action(self, action: str, resource: str, status: str, details: Mapping[str, str]) -> None:
        """Keep an action and pass it on."""
        self.entries.append(
            AuditEntry(
                timestamp=self.clock.now(),
                action=action,
                user=self.actor,
                resource=resource,
                status=status,
                details=dict(details),
            )
        )
        self.listener.action(action, resource, status, details)


@dataclass(slots=True, kw_only=True)
class Notes:
    """Everything seen so far."""

    clock: Clock
    listener: Listener
    started_at: datetime
    started: float
    findings: list[Finding] = field(default_factory=list)
    stages: list[StageRecord] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    backups: tuple[Backup, ...] = ()
    backup: Backup | None = None
    passed_over: tuple[PassedOver, ...] = ()
    choice: tuple[Finding, ...] = ()
    """What the choice of the backup said; another choice takes it back."""
    lacking: dict[str, str] = field(default_factory=dict)
    """Backups that were read and held nothing of a wanted namespace, with the words for it."""
    held: set[str] = field(default_factory=set)
    """Namespaces that those hold."""
    seed: int | None = None
    inventory: Inventory | None = None
    foreseen: Foreseen = field(default_factory=Foreseen)
    """What the target cluster was known not to be able to do before anything was restored."""
    submitted: Mapping[str, object] = field(default_factory=dict)
    requested: float | None = None
    requested_at: datetime | None = None
    restored: Restored | None = None
    completeness: Completeness | None = None
    volumes: tuple[VolumeRecord, ...] = ()
    rewritings: tuple[Rewriting, ...] = ()
    settled: bool = False
    settled_seconds: float | None = None
    probes: tuple[ProbeRecord, ...] = ()
    finished: bool = False
    restores: bool = True
    """False where the engine would not even begin a restore."""
    touched: bool = False
    isolated: bool = False
    proof: Proof | None = None
    compared: str = ""
    """How much of the live source the backup holds, in words; '' where that was not asked."""
    traceback: str = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[StageNote]:
        """Time a stage and turn what stops it into a finding, then Halt.

        The one place that catches the unexpected: it makes the drill inconclusive and keeps the
        traceback. Misconfigured passes through while nothing was touched: exit code 2.
        """
        note, ended = StageNote(), False
        started_at, started = self.clock.now(), self.clock.monotonic()
        self.listener.stage(name, "started")
        try:
            yield note
            ended = True
        except Halt:
            note.outcome = Outcome.FAILED if self._critical() else Outcome.INCONCLUSIVE
            raise
        except DrillError as error:
            if isinstance(error, Misconfigured) and not self.touched:
                raise
            self._stopped(note, name, error)
            raise Halt from error
        except Exception as error:
            self.traceback = traceback.format_exc()
            self._stopped(note, name, _unexpected(error))
            raise Halt from error
        finally:
            if not ended and note.outcome is Outcome.PASSED:
                note.outcome = Outcome.INCONCLUSIVE
            self._close(name, note, started_at, started)

    def since_request(self) -> float | None:
        """Return seconds since the restore was requested, None before."""
        return None if self.requested is None else self.clock.monotonic() - self.requested

    def _critical(self) -> bool:
        return any(f.severity is Severity.CRITICAL and not f.unanswered for f in self.findings)

    def _stopped(self, note: StageNote, stage: str, error: DrillError) -> None:
        note.outcome = (
            Outcome.FAILED if isinstance(error, BackupUnreadable) else Outcome.INCONCLUSIVE
        )
        note.message = str(error)
        self.findings.append(_finding(stage, error))

    def _close(self, name: str, note: StageNote, started_at: datetime, started: float) -> None:
        seconds = self.clock.monotonic() - started
        self.stages.append(
            StageRecord(
                name=name,
                started_at=started_at,
                seconds=seconds,
                outcome=note.outcome,
                message=note.message,
                queue_seconds=note.queue_seconds,
                waited_seconds=note.waited_seconds,
                volume_seconds=note.volume_seconds,
                offset_seconds=started - self.started,
            )
        )
        self.listener.stage(name, str(note.outcome), note.message)


def _unexpected(error: Exception) -> DrillError:
    return DrillError(
        f"unexpected {type(error).__name__} in the runner itself",
        hint="The report keeps the traceback; please report it as a bug.",
        cause=Cause.RUNNER,
    )


CODES: tuple[tuple[type[DrillError], str], ...] = (
    (BackupUnreadable, "backup-unreadable"),
    (DeadlinePassed, "deadline-passed"),
    (Interrupted, "interrupted"),
    (SandboxLost, "sandbox-lost"),
    (TooMuchToRewrite, "too-much-to-rewrite"),
)


def _finding(stage: str, error: DrillError) -> Finding:
    damaged = isinstance(error, BackupUnreadable)
    code = next((code for kind, code in CODES if isinstance(error, kind)), "stage-stopped")
    return Finding(
        code=code,
        severity=Severity.CRITICAL if damaged else Severity.WARNING,
        cause=error.cause,
        subject=f"stage {stage}",
        message=f"Stage {stage} could not end: {error}.".replace("..", "."),
        remedy=error.hint or "Mend what the message names, then drill again.",
        unanswered=not damaged,
    )
