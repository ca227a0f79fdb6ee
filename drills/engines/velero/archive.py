"""Reads a backup's archive as a stream, to its last byte: gzip, then tar.

In: an open file. Out: one entry after another; damage of any kind raises BackupUnreadable. Python's
own tar reader takes a damaged header in the middle for the end, so the blocks are read here.
"""

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from drills.errors import BackupUnreadable

BLOCK = 512
MOST_BYTES = 64 * 1024 * 1024
"""Largest entry that is read; the API server takes objects of a few MiB at the most."""
CHUNK = 256 * 1024


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
        with gzip.GzipFile(fileobj=source, mode="rb") as unpacked:  # type: ignore[call-overload]
            yield from _members(unpacked, wanted)
            _nothing_behind(unpacked)
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BackupUnreadable(f"the archive is damaged: {error}") from error
    except EOFError as error:
        raise BackupUnreadable("the archive ends too early: it is cut off") from error


def _members(unpacked: BinaryIO, wanted: Callable[[str], bool]) -> Iterator[Entry]:
    longer: dict[str, str] = {}
    while (header := _read(unpacked, BLOCK)).strip(b"\0"):
        member = _header(header)
        size = int(longer.get("size", member.size))
        if member.type in {tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME}:
            longer |= _extension(member.type, _body(unpacked, size))
            continue
        path = longer.get("path", member.name)
        longer = {}
        _check(path, member)
        if member.isreg() and wanted(path):
            yield Entry(path, _body(unpacked, size))
        else:
            _skip(unpacked, size if member.isreg() else 0)


def _header(header: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
    except tarfile.TarError as error:
        raise BackupUnreadable(f"the archive is damaged: {error}") from error


def _extension(kind: bytes, body: bytes) -> dict[str, str]:
    """Return path and size from a PAX or GNU extension header, which go before long names."""
    if kind == tarfile.GNUTYPE_LONGNAME:
        return {"path": body.rstrip(b"\0").decode(errors="surrogateescape")}
    found: dict[str, str] = {}
    while body.strip(b"\0"):
        length, _, _ = body.partition(b" ")
        if not length.isdigit() or not len(length) < int(length) <= len(body):
            raise BackupUnreadable("the archive is damaged: a PAX header makes no sense")
        record = body[len(length) + 1 : int(length) - 1].decode(errors="surrogateescape")
        key, _, value = record.partition("=")
        found[key] = value
        body = body[int(length) :]
    if not found.get("size", "0").isdigit():
        raise BackupUnreadable("the archive is damaged: a PAX header makes no sense")
    return {key: found[key] for key in ("path", "size") if key in found}


def _check(path: str, member: tarfile.TarInfo) -> None:
    """Refuse what Velero never writes: ways out of the folder, links, devices."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or "\0" in path:
        raise BackupUnreadable(f"the archive holds an unsafe path: {path!r}")
    if not (member.isreg() or member.isdir()):
        raise BackupUnreadable(f"the archive holds something that is no file: {path!r}")


def _body(unpacked: BinaryIO, size: int) -> bytes:
    if not 0 <= size <= MOST_BYTES:
        raise BackupUnreadable(f"the archive holds an entry of {size} bytes, which cannot be")
    body = _read(unpacked, size)
    _read(unpacked, -size % BLOCK)
    return body


def _skip(unpacked: BinaryIO, size: int) -> None:
    left = size + -size % BLOCK
    if size < 0:
        raise BackupUnreadable("the archive is damaged: an entry has a negative size")
    while left:
        left -= len(_read(unpacked, min(left, CHUNK)))


def _read(unpacked: BinaryIO, size: int) -> bytes:
    """Return exactly `size` bytes; an early end is damage even between two entries."""
    data = unpacked.read(size)
    if len(data) != size:
        raise BackupUnreadable("the archive ends too early: it is cut off or empty")
    return data


def _nothing_behind(unpacked: BinaryIO) -> None:
    """Read to the end, so that the checksum is checked; only zeros may pad a tar."""
    while data := unpacked.read(CHUNK):
        if data.strip(b"\0"):
            raise BackupUnreadable("the archive holds something behind its end")
