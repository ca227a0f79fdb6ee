"""What a backup was when it was first seen whole, and what has changed since.

In: a check, what is remembered. Out: findings. A finished backup never changes: whatever does has
decayed, was tampered with, or was encrypted by someone. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from drills.findings import Cause, Finding, Severity
from drills.integrity.result import BackupCheck, Facts, FileFact, State

FORENSICS = (
    "Treat it as an incident until explained: bring the file back from the bucket's versions, "
    "and see in the bucket's access log who wrote it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One backup as it was first seen."""

    location: str
    """The store, as the user names it, without options."""
    name: str
    uid: str
    recorded_at: datetime
    started_at: datetime | None
    expires_at: datetime | None
    schedule: str | None
    files: tuple[FileFact, ...]
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """All that a ledger holds of one location, oldest first."""

    memories: tuple[Memory, ...] = ()
    trouble: str = ""
    """Why some of it cannot be trusted, in one sentence."""


class Ledger(Protocol):
    """Keeps memories; nothing in it is ever rewritten."""

    def recall(self, location: str) -> Recalled:
        """Return what is remembered of one location."""
        ...

    def remember(self, memory: Memory) -> None:
        """Add one memory."""
        ...


def memory_of(check: BackupCheck, location: str, now: datetime) -> Memory | None:
    """Return what to remember: only what is final, whole, and was read in full."""
    if not check.terminal or check.state is not State.GOOD:
        return None
    return Memory(
        location=location,
        name=check.name,
        uid=check.uid,
        recorded_at=now,
        started_at=check.started_at,
        expires_at=check.expires_at,
        schedule=check.schedule,
        files=check.files,
        facts=check.facts,
    )


def is_another(check: BackupCheck, memory: Memory) -> bool:
    """Return whether the name now belongs to a backup taken later, as after a deletion."""
    return (
        check.uid != memory.uid
        and check.started_at is not None
        and memory.started_at is not None
        and check.started_at > memory.started_at
    )


def changes(check: BackupCheck, memory: Memory) -> Iterator[Finding]:
    """Yield what changed since the backup was first seen."""
    if is_another(check, memory):
        yield _finding(
            "backup-replaced",
            Severity.WARNING,
            check,
            f"This name belonged to another backup until {memory.recorded_at:%Y-%m-%d %H:%M} UTC.",
            "Nothing, if somebody deleted the old one and took a new one by that name.",
        )
        return
    now = {file.name: file for file in check.files}
    before = {file.name: file for file in memory.files}
    changed = [name for name in before if name in now and now[name].sha256 != before[name].sha256]
    gone = [name for name in before if name not in now and not _unread(check)]
    new = [name for name in now if name not in before]
    if changed or gone:
        yield _finding(
            "backup-changed",
            Severity.CRITICAL,
            check,
            f"Since {memory.recorded_at:%Y-%m-%d %H:%M} UTC, when it was whole, "
            f"{_told(changed, 'changed', before, now)}{_told(gone, 'vanished', before, now)}"
            "although a finished backup never changes.",
            FORENSICS,
        )
    if new:
        why = f"Files appeared in it since it was first seen: {', '.join(sorted(new)[:5])}."
        yield _finding("backup-grew", Severity.WARNING, check, why, FORENSICS)


def vanished(
    memories: Iterable[Memory], present: frozenset[str], now: datetime
) -> Iterator[Finding]:
    """Yield a finding for each remembered backup that is gone before its time."""
    last = {memory.name: memory for memory in memories}
    for name, memory in sorted(last.items()):
        expired = memory.expires_at is not None and memory.expires_at <= now
        if name not in present and not expired:
            until = f"{memory.expires_at:%Y-%m-%d %H:%M} UTC" if memory.expires_at else "for ever"
            yield Finding(
                code="backup-vanished",
                severity=Severity.WARNING,
                cause=Cause.BACKUP,
                subject=f"backup {name}",
                message=f"It was whole and was to be kept until {until}, and is gone.",
                remedy="Nothing, if somebody deleted it on purpose; else see the access log.",
            )


def _unread(check: BackupCheck) -> bool:
    return any(finding.unanswered for finding in check.findings)


def _told(
    names: list[str], verb: str, before: Mapping[str, FileFact], now: Mapping[str, FileFact]
) -> str:
    if not names:
        return ""
    sizes = [
        f"{name} ({before[name].bytes} to {now[name].bytes} bytes)" if name in now else name
        for name in sorted(names)[:5]
    ]
    return f"{len(names)} file(s) {verb}: {', '.join(sizes)}; "


def _finding(
    code: str, severity: Severity, check: BackupCheck, message: str, remedy: str
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        cause=Cause.BACKUP,
        subject=f"backup {check.name}",
        message=message,
        remedy=remedy,
    )
