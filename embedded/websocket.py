"""WebSocket frames on a connection (RFC 6455), the server's side only.

In: an upgrade request and a connection. Out: messages both ways. Channels are Kubernetes' own
layer on top: the first byte of each binary message says which stream it belongs to.
"""

import base64
import contextlib
import hashlib
import struct
from collections.abc import Mapping, Sequence

from embedded.api_errors import bad_request
from embedded.http_wire import Connection, Request

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_SHORT, _MEDIUM, _LONG = 125, 126, 127
_LARGEST = 16 * 1024 * 1024
_FRAME = 32 * 1024


def chosen_protocol(request: Request, served: Sequence[str]) -> str:
    """Return the first served subprotocol that the client offers.

    Raises:
        ApiError: 400 when this is no WebSocket upgrade or no subprotocol fits.
    """
    if "websocket" not in request.headers.get("upgrade", "").lower():
        raise bad_request("Upgrade request required")
    offered = [one.strip() for one in request.headers.get("sec-websocket-protocol", "").split(",")]
    for one in offered:
        if one in served:
            return one
    raise bad_request(f"no subprotocol of {offered} is served; use one of {list(served)}")


class WebSocket:
    """One upgraded connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._closed = False

    def accept(self, request: Request, protocol: str, headers: Mapping[str, str]) -> None:
        """Switch protocols; the headers go with the answer."""
        key = request.headers.get("sec-websocket-key", "") + _MAGIC
        digest = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest())
        lines = [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {digest.decode()}",
            f"Sec-WebSocket-Protocol: {protocol}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self._connection.send("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def send(self, channel: int, data: bytes) -> None:
        """Send bytes on a channel, in frames of moderate size."""
        for start in range(0, max(len(data), 1), _FRAME):
            self._frame(_BINARY, bytes((channel,)) + data[start : start + _FRAME])

    def receive(self) -> tuple[int, bytes] | None:
        """Return the next message as channel and bytes, or None when the client closes."""
        whole = b""
        while True:
            final, code, data = self._read()
            if code == _CLOSE:
                return None
            if code == _PING:
                self._frame(_PONG, data)
            elif code in {_TEXT, _BINARY, _CONTINUATION}:
                whole += data
                if final and whole:
                    return whole[0], whole[1:]

    def close(self, code: int = 1000) -> None:
        """Say goodbye; once is enough."""
        if not self._closed:
            self._closed = True
            with contextlib.suppress(OSError):  # the client may have left already
                self._frame(_CLOSE, struct.pack(">H", code))

    def _frame(self, code: int, data: bytes) -> None:
        head = bytearray((0x80 | code,))
        if len(data) <= _SHORT:
            head.append(len(data))
        elif len(data) < 1 << 16:
            head += struct.pack(">BH", _MEDIUM, len(data))
        else:
            head += struct.pack(">BQ", _LONG, len(data))
        self._connection.send(bytes(head) + data)

    def _read(self) -> tuple[bool, int, bytes]:
        first, second = self._connection.exactly(2)
        size = second & 0x7F
        if size == _MEDIUM:
            (size,) = struct.unpack(">H", self._connection.exactly(2))
        elif size == _LONG:
            (size,) = struct.unpack(">Q", self._connection.exactly(8))
        if size > _LARGEST:
            raise ConnectionError("a WebSocket frame is too large")
        mask = self._connection.exactly(4) if second & 0x80 else b"\0\0\0\0"
        data = self._connection.exactly(size)
        return bool(first & 0x80), first & 0x0F, _unmasked(data, mask)


def _unmasked(data: bytes, mask: bytes) -> bytes:
    if not data:
        return data
    stream = (mask * (len(data) // 4 + 1))[: len(data)]
    mixed = int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")
    return mixed.to_bytes(len(data), "big")
