"""HTTP/1.1 on a socket: requests in, answers and streams out.

In: a connected socket. Out: `Request`s, and methods that write whole answers, chunked streams and
the switch to WebSocket. Written by hand because the standard library's server parses headers too
slowly for thousands of small requests per second.
"""

import contextlib
import json
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

from embedded.api_errors import ApiError, bad_request
from embedded.json_objects import encoded

_LONGEST_HEAD = 65_536
_PIECE = 65_536
_LARGEST_BODY = 64 * 1024 * 1024
JSON_TYPE = "application/json"


@dataclass(slots=True, kw_only=True)
class Request:
    """One HTTP request.

    Attributes:
        method: upper-case method.
        path: path without query, percent-decoding left undone.
        raw_query: query as sent.
        query: query parameters in order.
        headers: headers with lower-case names.
        body: whole body.
    """

    method: str
    path: str
    raw_query: str = ""
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def param(self, name: str, default: str = "") -> str:
        """Return the first value of a query parameter."""
        return next((value for key, value in self.query if key == name), default)

    def params(self, name: str) -> tuple[str, ...]:
        """Return every value of a query parameter."""
        return tuple(value for key, value in self.query if key == name)

    def flag(self, name: str) -> bool:
        """Return whether a query parameter says yes, as Go's ParseBool reads it."""
        return self.param(name).lower() in {"true", "1", "t"}

    @property
    def segments(self) -> tuple[str, ...]:
        """Return the decoded parts of the path."""
        return tuple(unquote(part) for part in self.path.split("/") if part)

    @property
    def content_type(self) -> str:
        """Return the media type of the body without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(slots=True, kw_only=True)
class Response:
    """A whole HTTP answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Takeover:
    """An answer that needs the connection to itself: a watch or a WebSocket.

    Attributes:
        run: writes to the connection and returns when done; the connection then closes.
    """

    run: "Callable[[Connection], None]"


Answer = Response | Takeover


def json_response(value: object, status: int = 200) -> Response:
    """Return an answer that carries JSON."""
    return Response(status=status, body=encoded(value))


def error_response(error: ApiError) -> Response:
    """Return the answer that carries a refusal."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    return Response(status=error.code, body=encoded(error.status()), headers=headers)


def decoded_json(body: bytes) -> object:
    """Return the decoded JSON body.

    Raises:
        ApiError: 400 when it is no JSON.
    """
    try:
        return json.loads(body)
    except ValueError as problem:
        raise bad_request(f"the request body is no JSON: {problem}") from problem


class Connection:
    """One client connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = bytearray()
        self._writing = threading.Lock()

    def read(self) -> Request | None:
        """Return the next request, or None when the client is done.

        Raises:
            ApiError: 400 or 413 for something that is no HTTP request we read.
        """
        head = self._until(b"\r\n\r\n")
        if head is None:
            return None
        first, *rest = head.decode("latin-1").split("\r\n")
        parts = first.split()
        if len(parts) != 3:  # noqa: PLR2004  # method, target, version
            raise bad_request("malformed HTTP request line")
        method, target, _ = parts
        pairs = (line.partition(":") for line in rest)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        if headers.get("expect", "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        path, _, raw_query = target.partition("?")
        return Request(
            method=method.upper(),
            path=path,
            raw_query=raw_query,
            query=tuple(parse_qsl(raw_query, keep_blank_values=True)) if raw_query else (),
            headers=headers,
            body=self._body(headers),
        )

    def _until(self, mark: bytes) -> bytes | None:
        """Return what comes before the mark, or None when the client leaves first."""
        while (end := self._buffer.find(mark)) < 0:
            if len(self._buffer) > _LONGEST_HEAD:
                raise bad_request("the HTTP request head is too long")
            more = self.sock.recv(_PIECE)
            if not more:
                return None
            self._buffer += more
        found = bytes(self._buffer[:end])
        del self._buffer[: end + len(mark)]
        return found

    def exactly(self, size: int) -> bytes:
        """Return this many bytes.

        Raises:
            ConnectionError: when the client leaves first.
        """
        while len(self._buffer) < size:
            more = self.sock.recv(max(_PIECE, size - len(self._buffer)))
            if not more:
                raise ConnectionError("the client left in the middle of a message")
            self._buffer += more
        found = bytes(self._buffer[:size])
        del self._buffer[:size]
        return found

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunks()
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > _LARGEST_BODY:
            raise ApiError(413, "RequestEntityTooLarge", "the request body is too large")
        return self.exactly(int(length))

    def _chunks(self) -> bytes:
        whole = bytearray()
        while True:
            size = int((self._until(b"\r\n") or b"0").partition(b";")[0], 16)
            if len(whole) + size > _LARGEST_BODY:
                raise ApiError(413, "RequestEntityTooLarge", "the request body is too large")
            whole += self.exactly(size)
            self._until(b"\r\n")
            if not size:
                return bytes(whole)

    def send(self, data: bytes) -> None:
        """Write bytes."""
        with self._writing:
            self.sock.sendall(data)

    def respond(self, answer: Response, *, close: bool = False) -> None:
        """Write a whole answer."""
        lines = [_status_line(answer.status), f"Content-Type: {answer.content_type}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines.append(f"Content-Length: {len(answer.body)}")
        if close:
            lines.append("Connection: close")
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body)

    def start_stream(self, content_type: str = JSON_TYPE) -> None:
        """Begin a chunked answer; the connection closes after it, which the client is told."""
        head = (
            _status_line(200),
            f"Content-Type: {content_type}",
            "Transfer-Encoding: chunked",
            "Connection: close",
        )
        self.send("\r\n".join([*head, "", ""]).encode("latin-1"))

    def chunk(self, data: bytes) -> None:
        """Write one chunk."""
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def end_stream(self) -> None:
        """End a chunked answer."""
        self.send(b"0\r\n\r\n")

    def client_gone(self) -> bool:
        """Return whether the client has closed its side, or the connection was cut."""
        if self.sock.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(self.sock, select.POLLIN | select.POLLHUP | select.POLLERR)
        if not poll.poll(0):
            return False
        if isinstance(self.sock, ssl.SSLSocket):
            return True  # while it listens, a client has nothing to say but goodbye
        try:
            return self.sock.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    def close(self) -> None:
        """Close in good order."""
        with contextlib.suppress(OSError):  # the client was faster
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def abort(self) -> None:
        """Cut the connection so that the client sees a reset."""
        with contextlib.suppress(OSError):  # it was closed already
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.socket.shutdown(self.sock, socket.SHUT_RD)
        self.sock.close()


def _status_line(status: int) -> str:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Status"
    return f"HTTP/1.1 {status} {phrase}"
