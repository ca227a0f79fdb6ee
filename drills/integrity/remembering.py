"""Checks get what memory and history know; what is new and whole is remembered.

In: a check. Out: the check with more findings. One of these per run, in one thread.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol, runtime_checkable

from drills.errors import DrillError
from drills.findings import Cause, Finding, Severity
from drills.integrity.history import sudden
from drills.integrity.memory import Ledger, Memory, changes, is_another, memory_of, vanished
from drills.integrity.result import BackupCheck, FileFact
from drills.ports import Clock, ObjectStore, StoredObject


@runtime_checkable
class Describing(Protocol):
    """A store that can tell an object's version."""

    def describe(self, key: str) -> StoredObject:
        """Return one file's facts; raises Missing, Forbidden, Unreachable."""
        ...


class Remembering:
    """Memory of one location."""

    def __init__(self, ledger: Ledger, location: str, store: ObjectStore, clock: Clock) -> None:
        self._ledger, self._location, self._store, self._clock = ledger, location, store, clock
        recalled = ledger.recall(location)
        self._trouble = recalled.trouble
        self._memories = list(recalled.memories)
        self._by_name = {memory.name: memory for memory in recalled.memories}

    def judge(self, check: BackupCheck) -> BackupCheck:
        """Return the check with what changed; remembers it when it is new and whole."""
        known = self._by_name.get(check.name)
        if check.leftover:  # its backup is gone, as one whose folder is gone too
            gone = vanished((known,) if known else (), frozenset(), self._clock.now())
            return replace(check, findings=(*check.findings, *gone))
        found = (*(changes(check, known) if known else ()), *sudden(check, self._memories))
        judged = replace(check, findings=(*check.findings, *found))
        if known is None or is_another(check, known):
            self._remember(judged)
        return judged

    def whole(self, present: frozenset[str]) -> Iterator[Finding]:
        """Yield what concerns the location: `present` are all its backups."""
        yield from vanished(self._memories, present, self._clock.now())

    def trouble(self) -> Iterator[Finding]:
        """Yield what keeps memory from being trusted."""
        if self._trouble:
            yield Finding(
                code="memory-damaged",
                severity=Severity.WARNING,
                cause=Cause.RUNNER,
                subject=f"memory of {self._location}",
                message=f"{self._trouble} Changes of backups cannot be ruled out.",
                remedy="Bring the ledger file back from its own backup, or begin a new one.",
                unanswered=True,
            )

    def _remember(self, check: BackupCheck) -> None:
        memory = memory_of(check, self._location, self._clock.now())
        if memory is None:
            return
        memory = replace(memory, files=tuple(self._versioned(file) for file in memory.files))
        self._ledger.remember(memory)
        self._keep(memory)

    def _keep(self, memory: Memory) -> None:
        self._memories.append(memory)
        self._by_name[memory.name] = memory

    def _versioned(self, file: FileFact) -> FileFact:
        if not isinstance(self._store, Describing):
            return file
        try:
            return replace(file, version=self._store.describe(file.key).version)
        except DrillError:
            return file  # the version is a convenience for bringing a file back
