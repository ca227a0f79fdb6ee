"""The backup's own list of what it holds, as an index of a few bytes for each object.

In: the resource list as a stream. Out: an index that ticks objects off as the archive names them.
A million objects take 19 MB: the names themselves are only read again when some are missing.
"""

import json
import re
from array import array
from collections.abc import Iterable, Iterator
from enum import Enum

from drills.errors import BackupUnreadable

NEVER = 1
"""Stands for the hash zero, which means an empty place."""
Named = tuple[str, str, str, str]
"""Group, kind, namespace, name."""

_TOKEN = re.compile(rb'[ \t\r\n]*("(?:[^"\\\x00-\x1f]|\\.)*"|[\[\]{},:]|null)', re.DOTALL)
# Not possessive: Python before 3.11.5 matches one character too many there (gh-106052).
_RUN = re.compile(rb'(?:"[^"\\\x00-\x1f]*",)+')
_BLANK = re.compile(rb"[ \t\r\n]*\Z")
MOST_TOKEN = 4096
"""Longest string in the list; Kubernetes names end at 253 characters."""


class Tick(Enum):
    """What ticking an object off found."""

    FIRST = "first"
    AGAIN = "again"
    UNLISTED = "unlisted"


class ListedIndex:
    """Objects by a 64-bit hash, which Python keys anew for each process.

    An open hash table: Python's own set would take five times the memory, a search in sorted
    hashes three times as long.
    """

    def __init__(self) -> None:
        self._table = array("q", (0, 0))
        self._seen = bytearray(2)
        self._last = 1
        self.total = 0
        self.ticked = 0

    def fill(self, named: Iterable[Named]) -> "ListedIndex":
        """Take the list in."""
        numbers = array("q", (hash(one) or NEVER for one in named))
        self.total = len(numbers)
        size = 1 << (self.total * 3 // 2 + 1).bit_length()
        table, last = array("q", bytes(8)) * size, size - 1
        for number in numbers:
            at = number & last
            while (found := table[at]) != number:
                if not found:
                    table[at] = number
                    break
                at = at + 1 & last
        self._table, self._seen, self._last = table, bytearray(size), last
        return self

    def tick(self, one: Named) -> Tick:
        """Note that the archive holds `one`."""
        at = self._place(one)
        if at is None:
            return Tick.UNLISTED
        if self._seen[at]:
            return Tick.AGAIN
        self._seen[at] = 1
        self.ticked += 1
        return Tick.FIRST

    def has(self, one: Named) -> bool:
        """Return whether `one` was ticked off."""
        at = self._place(one)
        return at is not None and bool(self._seen[at])

    def _place(self, one: Named) -> int | None:
        number, table, last = hash(one) or NEVER, self._table, self._last
        at = number & last
        while (found := table[at]) != number:
            if not found:
                return None
            at = at + 1 & last
        return at


def named_in(pieces: Iterable[bytes]) -> Iterator[Named]:
    """Yield what `{"apps/v1/Deployment": ["ns/name", ...]}` names; raises BackupUnreadable."""
    tokens = _Tokens(pieces)
    opening = tokens.following()
    if opening == b"null":
        yield from ()
    elif opening == b"{":
        yield from _kinds(tokens)
    else:
        raise _misshapen()
    if tokens.following():
        raise _misshapen()


def _kinds(tokens: "_Tokens") -> Iterator[Named]:
    token = tokens.following()
    while token != b"}":
        kind = _string(token)
        if tokens.following() != b":":
            raise _misshapen()
        version, _, word = kind.rpartition("/")
        group = version.rpartition("/")[0]
        for entries in _names(tokens):
            for entry in entries:
                namespace, _, name = entry.rpartition("/")
                yield group, word, namespace, name
        token = _behind(tokens, b"}")
        if token == b",":
            token = tokens.following()
            if token == b"}":
                raise _misshapen()


def _names(tokens: "_Tokens") -> Iterator[list[str]]:
    token = tokens.following()
    if token == b"null":
        return
    if token != b"[":
        raise _misshapen()
    begun = False
    while token != b"]":
        names = tokens.run()
        yield names
        token = tokens.following()
        if token == b"]" and not (names or begun):
            return
        yield [_string(token)]
        token = _behind(tokens, b"]")
        begun = True


def _behind(tokens: "_Tokens", end: bytes) -> bytes:
    """Return the end, or the comma that stands before more."""
    token = tokens.following()
    if token not in {b",", end}:
        raise _misshapen()
    return token


def _string(token: bytes) -> str:
    if not token.startswith(b'"'):
        raise _misshapen()
    try:
        return str(json.loads(token)) if b"\\" in token else token[1:-1].decode()
    except ValueError as error:
        raise _misshapen() from error


class _Tokens:
    """The list's tokens, one by one; names without an escape many at a time."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._text, self._at = b"", 0

    def following(self) -> bytes:
        """Return the next token, nothing at the end."""
        while (match := _TOKEN.match(self._text, self._at)) is None:
            if not self._more():
                return b""
        self._at = match.end()
        return match[1]

    def run(self) -> list[str]:
        """Return the names that come next, each with a comma behind it; none is no fault."""
        match = _RUN.match(self._text, self._at)
        if match is None:
            return []
        self._at = match.end()
        return _decoded(match[0][1:-2]).split('","')

    def _more(self) -> bool:
        rest = self._text[self._at :]
        piece = next(self._pieces, None)
        if _BLANK.match(rest):
            rest = b""
        elif piece is None or len(rest) > MOST_TOKEN:
            raise _misshapen()
        self._text, self._at = rest + (piece or b""), 0
        return piece is not None


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except ValueError as error:
        raise _misshapen() from error


def _misshapen() -> BackupUnreadable:
    return BackupUnreadable("it is not a list of names for each kind")
