"""Reads a backup's archive as a stream, to its last byte: gzip, then tar.

In: an open file. Out: one entry after another; damage of any kind raises BackupUnreadable.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from drills.errors import BackupUnreadable
from drills.integrity import tar
from drills.integrity.inflate import inflate

CHUNK = 1 << 18
FOLDER = b"5"


@dataclass(frozen=True, slots=True)
class Entry:
    """One regular file of the archive."""

    path: str
    body: bytes


class Counted:
    """A readable that counts the bytes that went through it."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.bytes = 0

    def read(self, size: int = -1) -> bytes:
        """Read from the source."""
        data = self._source.read(size)
        self.bytes += len(data)
        return data


def entries(source: Counted, wanted: Callable[[str], bool]) -> Iterator[Entry]:
    """Yield the regular files whose path is `wanted`; every byte is read and checked all the same.

    Raises BackupUnreadable for anything but a whole archive: not gzip, a wrong checksum, an early
    end, something behind the end, an unsafe path.
    """
    try:
        for path, kind, body in tar.members(inflate(_chunks(source))):
            _check(path, kind)
            if kind in tar.REGULAR and wanted(path):
                yield Entry(path, body)
    except BackupUnreadable as error:
        raise BackupUnreadable(f"the archive is damaged: {error}") from error


def _chunks(source: Counted) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk


def _check(path: str, kind: bytes) -> None:
    """Refuse what Velero never writes: ways out of the folder, links, devices."""
    if tar.leads_out(path):
        raise BackupUnreadable(f"it holds an unsafe path: {path!r}")
    if kind not in tar.REGULAR and kind != FOLDER:
        raise BackupUnreadable(f"it holds something that is no file: {path!r}")
