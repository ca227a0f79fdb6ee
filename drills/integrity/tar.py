"""Reads a tar as a stream of whole entries, strictly and quickly.

In: chunks of unpacked bytes. Out: one Member after another; damage raises BackupUnreadable.
Python's own reader takes a damaged header in the middle for the end, and is ten times slower.
Headers: POSIX ustar with PAX or GNU long names, which is what Go's archive/tar writes.
"""

import struct
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache

from drills.errors import BackupUnreadable

BLOCK = 512
MOST_BYTES = 64 << 20
"""Largest entry that is read; the API server takes objects of a few MiB at the most."""
MOST_PADDING = 1 << 20
"""Zeros behind the end; Go writes 1 KiB, GNU tar fills up 10 KiB."""

REGULAR = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE})
"""Type flags of regular files."""

_ADLER = 65521
_SPACES = 8 * 0x20
_LONGER = frozenset({tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME})
_ZEROS = bytes(BLOCK)
_FIELDS = struct.Struct("100s24x12s12x8sc100x6s82x155s12x")
"""Name, size, checksum, type flag, magic, prefix."""


Member = tuple[str, bytes, bytes]
"""Path, type flag, content. A plain tuple: there are hundreds of thousands."""


def members(chunks: Iterable[bytes]) -> Iterator[Member]:
    """Yield every entry; reads to the very end, so that a checksum behind it is checked too."""
    source = _Exact(chunks)
    longer: dict[str, str] = {}
    while (header := _header(source.take(BLOCK))) is not None:
        path, kind, size = header
        if kind in _LONGER:
            longer |= _extension(kind, source.entry(size))
            continue
        if longer:
            path, size = _renamed(path, size, longer)
            longer = {}
        yield path, kind, source.entry(size) if kind in REGULAR else b""
    _nothing_behind(source)


def leads_out(path: str) -> bool:
    """Return whether extracting `path` could leave the folder it is extracted to."""
    return (
        not path
        or path[0] == "/"
        or "\\" in path
        or "\0" in path
        or (".." in path and ".." in path.split("/"))
    )


class _Exact:
    """Hands out exactly as many bytes as are asked for."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._buffer, self._at = b"", 0

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._buffer):
            return self._across(size)
        data = self._buffer[self._at : end]
        self._at = end
        return data

    def entry(self, size: int) -> bytes:
        """Return the next entry's bytes without its padding."""
        if size > MOST_BYTES:
            raise BackupUnreadable(f"it holds an entry of {size} bytes, which cannot be")
        padded = self.take(size + -size % BLOCK)
        return padded if len(padded) == size else padded[:size]

    def rest(self) -> Iterator[bytes]:
        yield self._buffer[self._at :]
        yield from self._chunks

    def _across(self, size: int) -> bytes:
        """Return what lies across chunks; only the parts asked for are copied."""
        parts, lacking = [self._buffer[self._at :]], size - len(self._buffer) + self._at
        while lacking > 0:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise BackupUnreadable("it ends too early: it is cut off or empty")
            parts.append(chunk[:lacking])
            self._buffer, self._at = chunk, min(lacking, len(chunk))
            lacking -= len(chunk)
        return b"".join(parts)


def _header(block: bytes) -> tuple[str, bytes, int] | None:
    """Return path, type flag and size; None for the block of zeros that ends an archive."""
    if block == _ZEROS:
        return None
    name, length, check, kind, magic, prefix = _FIELDS.unpack(block)
    # Adler-32 holds the sum of the bytes, modulo a prime, in its lower half: far quicker than sum.
    if zlib.adler32(block) & 0xFFFF != _expected(check):
        raise BackupUnreadable("an entry's header does not match its checksum")
    if magic[:5] != b"ustar":
        raise BackupUnreadable("an entry's header is not one that Velero's tar writer makes")
    path = name.partition(b"\0")[0]
    if prefix[0] and magic == b"ustar\0":
        path = prefix.partition(b"\0")[0] + b"/" + path
    return path.decode(errors="surrogateescape"), kind, _octal(length)


@lru_cache(maxsize=1 << 14)
def _expected(check: bytes) -> int:
    """Return the lower half of a block's Adler-32 if its checksum field is right."""
    return (1 + _octal(check) + sum(check) - _SPACES) % _ADLER


@lru_cache(maxsize=1 << 14)
def _octal(field: bytes) -> int:
    digits = field.strip(b" \0")
    # int() alone would take signs, underscores and "0o" too.
    if not digits.isdigit() or b"8" in digits or b"9" in digits:
        raise BackupUnreadable("an entry's header holds no number where one belongs")
    return int(digits, 8)


def _extension(kind: bytes, body: bytes) -> dict[str, str]:
    """Return path and size from a PAX or GNU extension, which goes before a long name."""
    if kind == tarfile.GNUTYPE_LONGNAME:
        return {"path": body.rstrip(b"\0").decode(errors="surrogateescape")}
    found: dict[str, str] = {}
    while body:
        length, _, _ = body.partition(b" ")
        if not length.isdigit() or not len(length) < int(length[:9]) <= len(body):
            raise BackupUnreadable("a PAX header makes no sense")
        record = body[len(length) + 1 : int(length) - 1].decode(errors="surrogateescape")
        key, _, value = record.partition("=")
        found[key] = value
        body = body[int(length) :]
    return {key: found[key] for key in ("path", "size") if key in found}


def _renamed(path: str, size: int, longer: dict[str, str]) -> tuple[str, int]:
    digits = longer.get("size", str(size))
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:  # noqa: PLR2004 - 63 bits
        raise BackupUnreadable("a PAX header makes no sense")
    return longer.get("path", path), int(digits)


def _nothing_behind(source: _Exact) -> None:
    """Read to the end; only zeros may follow, and not many."""
    padding = 0
    for chunk in source.rest():
        padding += len(chunk)
        if chunk.strip(b"\0"):
            raise BackupUnreadable("there is something behind its end")
        if padding > MOST_PADDING:
            raise BackupUnreadable("there are far too many zeros behind its end")
