"""Unpacks gzip as a stream, strictly: to the end, checksum included, and nothing behind it.

In: chunks of packed bytes. Out: chunks of at most PIECE bytes. ISA-L unpacks about four times as
fast as zlib and both let other threads run meanwhile; without it the standard library does.
"""

import zlib
from collections.abc import Iterable, Iterator
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


def inflate(chunks: Iterable[bytes], with_: Inflater | None = None) -> Iterator[bytes]:
    """Yield the unpacked bytes; raises BackupUnreadable at the first thing that is wrong."""
    stream = with_ or inflater()
    packed = unpacked = 0
    for chunk in chunks:
        if stream.eof:
            raise BackupUnreadable("there is something behind the end of the gzip stream")
        packed += len(chunk)
        for piece in _fed(stream, chunk):
            unpacked += len(piece)
            if unpacked > max(FREE_BYTES, MOST_RATIO * packed):
                raise Exploding(f"{packed} bytes unpack to more than {unpacked}, as no backup does")
            yield piece
        if stream.behind:
            raise BackupUnreadable("there is something behind the end of the gzip stream")
    if not stream.eof:
        raise BackupUnreadable("it ends too early: it is cut off or empty")


def _fed(stream: Inflater, chunk: bytes) -> Iterator[bytes]:
    try:
        yield from stream.feed(chunk)
    except FAULTS as error:
        raise BackupUnreadable(f"it is no sound gzip: {error}") from error
