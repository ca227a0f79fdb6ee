"""The ledger of what backups were: a file that only ever grows.

In: a path. Out: the Ledger port. A line that a crash tore is dropped by the next writer; two
writers take turns.
"""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from drills.errors import Misconfigured
from drills.integrity.ledger_format import line_of, recalled
from drills.integrity.memory import Memory, Recalled

BEGINS = b'{"schema":'
"""What every line begins with, a torn one too as far as it goes."""


class FileLedger:
    """Keeps `drills.integrity.memory.Ledger` in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._end, self._last = -1, b""

    def recall(self, location: str) -> Recalled:
        """Return what the file holds of one location; raises Misconfigured."""
        try:
            return recalled(self._lines(), location)
        except OSError as error:
            raise self._refusal(error) from error

    def remember(self, memory: Memory) -> None:
        """Add a line and bring it to the disk; raises Misconfigured."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                self._find_end(file)
                file.truncate(self._end)
                line = line_of(memory, self._last)
                file.write(line)
                self._end, self._last = self._end + len(line), line
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._refusal(error) from error

    def _find_end(self, file: BinaryIO) -> None:
        """Find the last whole line, unless it is still the one written here."""
        if file.seek(0, os.SEEK_END) == self._end:
            return
        file.seek(0)
        self._end, self._last = 0, b""
        for line in file:
            if line.endswith(b"\n"):
                self._end, self._last = self._end + len(line), line
            elif not _torn(line):
                raise self._foreign()

    def _lines(self) -> Iterator[bytes]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            yield from (line for line in file if not _torn(line))

    def _foreign(self) -> Misconfigured:
        return Misconfigured(
            f"the ledger {self._path} ends with something else than a memory",
            hint="Bring the ledger back from its own backup, or name a new file with --state.",
        )

    def _refusal(self, error: OSError) -> Misconfigured:
        return Misconfigured(
            f"the ledger {self._path} cannot be used: {error.strerror}",
            hint="Name a file that may be written with --state, or do without: --no-state.",
        )


def _torn(line: bytes) -> bool:
    """Return whether a crash cut this line off; anything else at the end is not to be dropped."""
    return not line.endswith(b"\n") and BEGINS.startswith(line[: len(BEGINS)])
