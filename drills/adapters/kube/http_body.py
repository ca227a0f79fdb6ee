"""The body of an HTTP answer, to its very end or not at all.

In: a response whose head was read, and how many bytes are wanted at most. Out: a Body, and whether
it is all of it. `http.client` takes a connection that ends early for the end of the body, and a
chunk's size that was cut for a size (RFC 9112, sections 6.3, 7.1 and 8); here both are EarlyEnd.
A body without a length lasts until the other side closes: whether that was a proper goodbye is for
the caller to ask of its connection, hence `delimited`.
"""

import http.client
import io
from dataclasses import dataclass
from http import HTTPStatus

LONGEST_LINE = 16 * 1024
PIECE = 64 * 1024
MOST_DIGITS = 16
_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class EarlyEnd(Exception):
    """The connection ended inside the answer."""


class NotHttp(Exception):
    """What came is no HTTP body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What was read."""

    data: bytes
    whole: bool = True
    """False where there is more than was wanted."""
    delimited: bool = True
    """Whether the answer said itself where its body ends."""


def read_body(response: http.client.HTTPResponse, method: str, most: int) -> Body:
    """Read the body; raises EarlyEnd, NotHttp, and whatever reading raises."""
    if method == "HEAD" or response.status in _BODILESS:
        return Body(data=b"")
    codings = _words(response, "Transfer-Encoding")
    if codings and codings != ["chunked"]:
        raise NotHttp(f"Transfer-Encoding {', '.join(codings)[:100]} is not understood")
    if codings:
        return _chunked(response.fp, most)
    size = _size(_words(response, "Content-Length"))
    return _to_the_end(response.fp, most) if size is None else _sized(response.fp, size, most)


def _words(response: http.client.HTTPResponse, name: str) -> list[str]:
    values = response.headers.get_all(name) or []
    return [word.strip().lower() for value in values for word in value.split(",")]


def _size(said: list[str]) -> int | None:
    """Return the length announced; one that is said twice must be the same."""
    if not said:
        return None
    if (
        len(set(said)) > 1
        or not (said[0].isascii() and said[0].isdigit())
        or len(said[0]) > MOST_DIGITS
    ):
        raise NotHttp(f"Content-Length {', '.join(said)[:100]!r} is no length")
    return int(said[0])


def _sized(file: io.BufferedIOBase, size: int, most: int) -> Body:
    data = _exactly(file, min(size, most), size)
    return Body(data=data, whole=size <= most)


def _to_the_end(file: io.BufferedIOBase, most: int) -> Body:
    data = bytearray()
    while len(data) <= most and (more := file.read(min(PIECE, most + 1 - len(data)))):
        data += more
    return Body(data=bytes(data[:most]), whole=len(data) <= most, delimited=False)


def _chunked(file: io.BufferedIOBase, most: int) -> Body:
    data = bytearray()
    while size := _chunk_size(file):
        if len(data) + size > most:
            return Body(data=bytes(data), whole=False)
        data += _exactly(file, size, size)
        if _line(file):
            raise NotHttp("a chunk that is longer than it says")
    while _line(file):
        pass
    return Body(data=bytes(data))


def _chunk_size(file: io.BufferedIOBase) -> int:
    words = _line(file).partition(b";")[0].strip()
    if not words or len(words) > MOST_DIGITS or words.strip(b"0123456789abcdefABCDEF"):
        raise NotHttp("a chunk without a size")
    return int(words, 16)


def _line(file: io.BufferedIOBase) -> bytes:
    line: bytes = file.readline(LONGEST_LINE)
    if line.endswith(b"\n"):
        return line.rstrip(b"\r\n")
    if len(line) == LONGEST_LINE:
        raise NotHttp("a line that is too long")
    raise EarlyEnd("the connection ended inside the body, between two chunks")


def _exactly(file: io.BufferedIOBase, count: int, announced: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        more = file.read(min(PIECE, count - len(data)))
        if not more:
            raise EarlyEnd(f"the connection ended after {len(data)} of {announced} bytes announced")
        data += more
    return bytes(data)
