"""The backup's own list of what it holds, as an index of a few bytes for each object.

In: the resource list as a stream. Out: an index that ticks objects off as the archive names them.
A million objects take 9 MB: the names themselves are only read again when some are missing.
"""

import json
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from enum import Enum

from drills.errors import BackupUnreadable

Named = tuple[str, str, str, str]
"""Group, kind, namespace, name."""

_SLOTS = 256
_MASK = (1 << 64) - 1
_TOKEN = re.compile(rb'[ \t\r\n]*("(?:[^"\\\x00-\x1f]|\\.)*"|[\[\]{},:]|null)', re.DOTALL)
_BLANK = re.compile(rb"[ \t\r\n]*\Z")
MOST_TOKEN = 4096
"""Longest string in the list; Kubernetes names end at 253 characters."""


class Tick(Enum):
    """What ticking an object off found."""

    FIRST = "first"
    AGAIN = "again"
    UNLISTED = "unlisted"


class ListedIndex:
    """Objects by a 64-bit hash, which Python keys anew for each process."""

    def __init__(self) -> None:
        self._hashes = [array("Q") for _ in range(_SLOTS)]
        self._seen: list[bytearray] = []
        self.total = 0
        self.ticked = 0

    def fill(self, named: Iterable[Named]) -> "ListedIndex":
        """Take the list in."""
        for one in named:
            number = hash(one) & _MASK
            self._hashes[number % _SLOTS].append(number)
            self.total += 1
        self._hashes = [array("Q", sorted(slot)) for slot in self._hashes]
        self._seen = [bytearray(len(slot)) for slot in self._hashes]
        return self

    def tick(self, one: Named) -> Tick:
        """Note that the archive holds `one`."""
        number = hash(one) & _MASK
        slot = self._hashes[number % _SLOTS]
        at = bisect_left(slot, number)
        if at == len(slot) or slot[at] != number:
            return Tick.UNLISTED
        seen = self._seen[number % _SLOTS]
        if seen[at]:
            return Tick.AGAIN
        seen[at] = 1
        self.ticked += 1
        return Tick.FIRST

    def has(self, one: Named) -> bool:
        """Return whether `one` was ticked off."""
        number = hash(one) & _MASK
        slot = self._hashes[number % _SLOTS]
        at = bisect_left(slot, number)
        return at < len(slot) and slot[at] == number and bool(self._seen[number % _SLOTS][at])


def named_in(pieces: Iterable[bytes]) -> Iterator[Named]:
    """Yield what `{"apps/v1/Deployment": ["ns/name", ...]}` names; raises BackupUnreadable."""
    tokens = _tokens(pieces)
    opening = next(tokens, b"")
    if opening == b"null":
        yield from ()
    elif opening == b"{":
        yield from _kinds(tokens)
    else:
        raise _misshapen()
    if next(tokens, None) is not None:
        raise _misshapen()


def _kinds(tokens: Iterator[bytes]) -> Iterator[Named]:
    token = next(tokens, b"")
    while token != b"}":
        kind = _string(token)
        if next(tokens, b"") != b":":
            raise _misshapen()
        version, _, word = kind.rpartition("/")
        group = version.rpartition("/")[0]
        for entry in _names(tokens):
            namespace, _, name = entry.rpartition("/")
            yield group, word, namespace, name
        token = _behind(tokens, b"}")


def _names(tokens: Iterator[bytes]) -> Iterator[str]:
    token = next(tokens, b"")
    if token == b"null":
        return
    if token != b"[":
        raise _misshapen()
    token = next(tokens, b"")
    while token != b"]":
        yield _string(token)
        token = _behind(tokens, b"]")


def _behind(tokens: Iterator[bytes], end: bytes) -> bytes:
    """Return the token behind a comma, or the end."""
    token = next(tokens, b"")
    if token == b",":
        token = next(tokens, b"")
        if token != end:
            return token
    elif token == end:
        return token
    raise _misshapen()


def _string(token: bytes) -> str:
    if not token.startswith(b'"'):
        raise _misshapen()
    try:
        return str(json.loads(token)) if b"\\" in token else token[1:-1].decode()
    except ValueError as error:
        raise _misshapen() from error


def _tokens(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        text, at = rest + piece, 0
        while (match := _TOKEN.match(text, at)) is not None:
            yield match[1]
            at = match.end()
        rest = text[at:]
        if len(rest) > MOST_TOKEN and not _BLANK.match(rest):
            raise _misshapen()
    if not _BLANK.match(rest):
        raise _misshapen()


def _misshapen() -> BackupUnreadable:
    return BackupUnreadable("it is not a list of names for each kind")
