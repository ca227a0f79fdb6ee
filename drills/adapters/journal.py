"""The journal on disk: what a drill is about to make, so that a killed one can be cleaned up.

In: a header that says whose drill it is and where it runs, then one JSON line per step. Out: the
Journal port, and `read_journals` for whoever finishes the job. Every line is on the disk before
the thing it speaks of is created; the file comes into being with the first line and goes when
nothing is left, so a journal that is there means work to do.
"""

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from drills import objects
from drills.adapters import journal_lines
from drills.adapters.journal_lines import JournalHeader, ThingState
from drills.cluster import Kind
from drills.errors import OutsideRefused
from drills.findings import Cause
from drills.ports import Marked

__all__ = [
    "FileJournal",
    "JournalHeader",
    "JournalState",
    "ThingState",
    "read_journal",
    "read_journals",
]

SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalState:
    """What one journal says is still there."""

    path: Path
    header: JournalHeader
    left: tuple[tuple[Marked, ThingState], ...]
    """What is not proven gone, in the order it was intended."""
    damaged: bool = False
    """True where a line could not be read: clean by the marks in the cluster as well."""
    headless: bool = False
    """True where the first line could not be read: nobody knows the drill's cluster or process."""
    empty: bool = False
    """True where not even the first line is whole: nothing was made yet."""


class FileJournal:
    """One drill's journal. Safe for many threads. On an existing file it goes on writing."""

    def __init__(self, path: Path, header: JournalHeader) -> None:
        self._path = path
        self._header = header
        self._lock = threading.Lock()
        self._ready = False

    def intend(self, thing: Marked) -> None:
        """Record that `thing` is about to be created; raises OutsideRefused where it cannot."""
        self._write(ThingState.INTENDED, thing)

    def made(self, thing: Marked) -> None:
        """Record that `thing` exists, with its uid."""
        self._write(ThingState.MADE, thing)

    def gone(self, thing: Marked) -> None:
        """Record that `thing` is proven gone."""
        self._write(ThingState.GONE, thing)

    def close(self) -> None:
        """Remove the file: nothing is left."""
        with self._lock:
            self._path.unlink(missing_ok=True)
            self._ready = False

    def _write(self, state: ThingState, thing: Marked) -> None:
        with self._lock:
            try:
                if not self._ready:
                    self._begin()
                _append(
                    self._path, journal_lines.thing_line(state, thing), os.O_WRONLY | os.O_APPEND
                )
            except OSError as error:
                raise OutsideRefused(
                    f"the journal {self._path} cannot be written: {error.strerror}",
                    hint="free the disk or choose another folder for journals; "
                    "without one, a killed drill could not be cleaned up",
                    cause=Cause.RUNNER,
                ) from error

    def _begin(self) -> None:
        """Write the header, or go on with a journal that a killed drill left."""
        self._ready = True
        if self._path.exists():
            if _torn(self._path):
                _write(self._path, b"\n", os.O_WRONLY | os.O_APPEND)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _append(
            self._path,
            journal_lines.header_line(self._header),
            os.O_WRONLY | os.O_CREAT | os.O_EXCL,
        )
        _sync_folder(self._path.parent)


def read_journals(folder: Path) -> tuple[JournalState, ...]:
    """Return the journals in `folder`, by file name; an absent folder holds none.

    A last line cut short by a crash is passed over: the thing it spoke of was not created yet.
    """
    states = (read_journal(path) for path in sorted(folder.glob(f"*{SUFFIX}")))
    return tuple(state for state in states if state is not None)


def read_journal(path: Path) -> JournalState | None:
    """Return what one journal says, None where it went meanwhile."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    lines = content.split(b"\n")
    torn = lines.pop()
    documents = [journal_lines.parsed(line) for line in lines]
    things: dict[tuple[Kind, str, str, str], tuple[Marked, ThingState]] = {}
    for document in documents[1:]:
        _apply(things, document)
    damaged = any(not document for document in documents) or (bool(torn) and not documents)
    header = journal_lines.header(documents[0] if documents else {}, path.name.removesuffix(SUFFIX))
    return JournalState(
        path=path,
        header=header,
        left=tuple(things.values()),
        damaged=damaged,
        headless=not (documents and documents[0]),
        empty=not documents,
    )


def _apply(
    things: dict[tuple[Kind, str, str, str], tuple[Marked, ThingState]],
    document: Mapping[str, object],
) -> None:
    if objects.text(document, "state") not in set(ThingState):
        return
    state, thing = ThingState(objects.text(document, "state")), journal_lines.thing(document)
    whole = (thing.kind, thing.namespace, thing.name, thing.uid)
    things.pop((*whole[:3], ""), None)
    things.pop(whole, None)
    if state is not ThingState.GONE:
        things[whole] = (thing, state)


def _append(path: Path, document: Mapping[str, object], flags: int) -> None:
    _write(path, json.dumps(document).encode() + b"\n", flags)


def _write(path: Path, line: bytes, flags: int) -> None:
    """Write one line and wait until the disk has it; a line cut short is taken back."""
    handle = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        before = os.fstat(handle).st_size
        if os.write(handle, line) != len(line):
            os.ftruncate(handle, before)
            raise OSError(28, "No space left on device")
        os.fsync(handle)
    finally:
        os.close(handle)


def _torn(path: Path) -> bool:
    size = path.stat().st_size
    if not size:
        return False
    with path.open("rb") as file:
        file.seek(size - 1)
        return file.read(1) != b"\n"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
