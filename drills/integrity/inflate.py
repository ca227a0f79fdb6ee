"""Unpacks gzip as a stream, strictly: to the end, checksums included, and nothing behind it.

In: chunks of packed bytes. Out: chunks of at most PIECE bytes. A gzip file may have several members
(RFC 1952, 2.2); Go's reader, and so Velero, reads them as one, and tools that pack with many
threads or copy in parts write such files. ISA-L unpacks about four times as
fast as zlib and both let other threads run meanwhile; without it the standard library does.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Protocol

from drills.errors import BackupUnreadable


def _isal() -> ModuleType | None:
    try:
        return import_module("isal.igzip_lib")
    except ImportError:
        return None


ISAL = _isal()
PIECE = 1 << 20
MOST_RATIO = 400
"""Kubernetes objects pack 5 to 20 times; deflate itself ends at 1032."""
MAGIC = b"\x1f\x8b"
LEAST_MEMBER, FREE_MEMBERS = 512, 1000
"""Packed bytes of a member on average, once there are many: each costs a new start."""
FREE_BYTES = 1 << 28
"""Below this size nothing is called a bomb: reading it does no harm."""


class Exploding(BackupUnreadable):
    """A small file that unpacks without end: made to exhaust whoever reads it."""


class Inflater(Protocol):
    """One gzip stream being unpacked."""

    eof: bool
    behind: bytes

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what `chunk` unpacks to; raises one of FAULTS."""
        ...


class FastInflater:
    """ISA-L."""

    def __init__(self, isal: ModuleType) -> None:
        self._stream = isal.IgzipDecompressor(flag=isal.DECOMP_GZIP)
        self.eof, self.behind = False, b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what `chunk` unpacks to."""
        stream = self._stream
        yield stream.decompress(chunk, PIECE)
        while not stream.needs_input and not stream.eof:
            yield stream.decompress(b"", PIECE)
        self.eof, self.behind = stream.eof, stream.unused_data


class PlainInflater:
    """The standard library."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)
        self.eof, self.behind = False, b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what `chunk` unpacks to."""
        stream = self._stream
        while chunk and not stream.eof:
            yield stream.decompress(chunk, PIECE)
            chunk = stream.unconsumed_tail
        self.eof, self.behind = stream.eof, stream.unused_data


FAULTS: tuple[type[Exception], ...] = (zlib.error, *((ISAL.error,) if ISAL else ()))


def inflater() -> Inflater:
    """Return the fastest there is."""
    return FastInflater(ISAL) if ISAL else PlainInflater()


def inflate(chunks: Iterable[bytes], fresh: Callable[[], Inflater] = inflater) -> Iterator[bytes]:
    """Yield the unpacked bytes; raises BackupUnreadable at the first thing that is wrong."""
    stream, members = fresh(), 1
    packed = unpacked = 0
    for chunk in chunks:
        packed += len(chunk)
        rest = chunk
        while rest:
            if stream.eof:
                members += 1
                _check_next(rest, members, packed)
                stream = fresh()
            for piece in _fed(stream, rest):
                unpacked += len(piece)
                _check_size(packed, unpacked)
                yield piece
            rest = stream.behind
    if not stream.eof:
        raise BackupUnreadable("it ends too early: it is cut off or empty")


def _check_next(rest: bytes, members: int, packed: int) -> None:
    """Refuse what is no further member, and members without number."""
    if not (rest.startswith(MAGIC) or MAGIC.startswith(rest)):
        raise BackupUnreadable("there is something behind the end of the gzip stream")
    if members > FREE_MEMBERS and packed < members * LEAST_MEMBER:
        raise Exploding(f"{packed} bytes are {members} gzip streams and more, as no backup is")


def _check_size(packed: int, unpacked: int) -> None:
    if unpacked > max(FREE_BYTES, MOST_RATIO * packed):
        raise Exploding(f"{packed} bytes unpack to more than {unpacked}, as no backup does")


def _fed(stream: Inflater, chunk: bytes) -> Iterator[bytes]:
    try:
        yield from stream.feed(chunk)
    except FAULTS as error:
        raise BackupUnreadable(f"it is no sound gzip: {error}") from error
