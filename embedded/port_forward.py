"""Port-forwards to pods whose containers do not exist.

In: a WebSocket whose channels carry the bytes of forwarded connections. Out: what stand-ins
answer. Bytes that make a whole HTTP request are asked as HTTP, all others raw; where a stand-in
gives a socket, bytes are only carried to and fro. Channel 2n carries
the data of the n-th port, 2n+1 its errors; both begin with the port number, little-endian.
"""

import contextlib
import struct
import threading
from http import HTTPStatus

from embedded.api_errors import bad_request
from embedded.containers import Containers, HttpAnswer
from embedded.exec_stream import STAND_IN, nobody
from embedded.http_wire import Answer, Connection, Request, Takeover
from embedded.json_objects import JsonObject, name_of, namespace_of
from embedded.relay import Relay
from embedded.websocket import WebSocket, chosen_protocol

_V4 = "v4.channel.k8s.io"
_METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ", b"OPTIONS ")
_HIGHEST = 65_535
_QUIET_SECONDS = 0.3
"""After which a client that has sent nothing is told where nobody stands in."""


def forward(containers: Containers, pod: JsonObject, request: Request) -> Answer:
    """Return what takes the connection over to forward ports.

    Raises:
        ApiError: 400 for a plain request or ports that are none.
    """
    ports = _ports(request)
    protocol = chosen_protocol(request, (_V4,))

    def run(connection: Connection) -> None:
        socket = WebSocket(connection)
        socket.accept(request, protocol, {STAND_IN: f"pod/{name_of(pod)}"})
        for number, port in enumerate(ports):
            socket.send(2 * number, struct.pack("<H", port))
            socket.send(2 * number + 1, struct.pack("<H", port))
        _Forwarding(containers, pod, ports, socket).serve()
        socket.close()

    return Takeover(run=run)


def _ports(request: Request) -> list[int]:
    asked = [one for value in request.params("ports") for one in value.split(",")]
    if not asked or not all(one.isdigit() and 0 < int(one) <= _HIGHEST for one in asked):
        raise bad_request('query parameter "ports" is required and must hold port numbers')
    return [int(one) for one in asked]


class _Forwarding:
    """The forwarded connections of one WebSocket."""

    def __init__(
        self, containers: Containers, pod: JsonObject, ports: list[int], socket: WebSocket
    ) -> None:
        self._containers = containers
        self._namespace, self._pod = namespace_of(pod), name_of(pod)
        self._ports = ports
        self._socket = socket
        self._pending = dict.fromkeys(range(len(ports)), b"")
        self._relays: dict[int, Relay] = {}
        self._heard: set[int] = set()

    def serve(self) -> None:
        """Answer until the client leaves."""
        quiet = threading.Timer(_QUIET_SECONDS, self._say_who_is_away)
        quiet.start()
        for number, port in enumerate(self._ports):
            other = self._containers.stream(self._namespace, self._pod, port)
            if other is not None:
                self._relays[number] = Relay(self._socket, 2 * number, other)
        try:
            self._hear()
        finally:
            quiet.cancel()
            quiet.join()
            for relay in self._relays.values():
                relay.close()

    def _say_who_is_away(self) -> None:
        """Tell a client that only connects, and sends nothing, of ports where nobody stands in."""
        for number, port in enumerate(self._ports):
            if number not in self._relays and number not in self._heard and not self._listens(port):
                self._refuse(number)

    def _listens(self, port: int) -> bool:
        asked = Request(method="HEAD", path="/", headers={}, raw_query="", body=b"")
        return "bytes" in self._containers.ways or self._http(port, asked) is not None

    def _refuse(self, number: int) -> None:
        error = nobody(f"port {self._ports[number]} of pod {self._namespace}/{self._pod}")
        with contextlib.suppress(OSError):
            self._socket.send(2 * number + 1, error.message.encode())

    def _hear(self) -> None:
        while (message := self._socket.receive()) is not None:
            channel, data = message
            number = channel // 2
            if channel % 2 or number >= len(self._ports):
                continue
            if number in self._relays:
                self._relays[number].send(data)
                continue
            self._heard.add(number)
            self._pending[number] += data
            self._answer(number)

    def _answer(self, number: int) -> None:
        """Answer what has arrived on one port, once it is whole."""
        data, port = self._pending[number], self._ports[number]
        if data.startswith(_METHODS):
            whole = _whole_request(data)
            if whole is None:
                return
            asked, self._pending[number] = whole
            told = self._http(port, asked)
        else:
            self._pending[number] = b""
            told = self._containers.connect(self._namespace, self._pod, port, data)
        if told is None:
            self._refuse(number)
            return
        self._socket.send(2 * number, told)

    def _http(self, port: int, asked: Request) -> bytes | None:
        path = f"{asked.path}?{asked.raw_query}" if asked.raw_query else asked.path
        answer = self._containers.http(
            self._namespace,
            f"pod/{self._pod}",
            str(port),
            asked.method,
            path,
            asked.headers,
            asked.body,
        )
        return None if answer is None else _http_bytes(answer)


def _whole_request(data: bytes) -> tuple[Request, bytes] | None:
    """Return the first HTTP request and what follows it, or None while it is incomplete."""
    head, mark, rest = data.partition(b"\r\n\r\n")
    if not mark:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    length = int(headers.get("content-length", "0") or "0")
    if len(rest) < length:
        return None
    method, target, *_ = [*first.split(), "/", "/"]
    path, _, raw_query = target.partition("?")
    request = Request(
        method=method, path=path, raw_query=raw_query, headers=headers, body=rest[:length]
    )
    return request, rest[length:]


def _http_bytes(answer: HttpAnswer) -> bytes:
    known = {one.value: one.phrase for one in HTTPStatus}
    lines = [
        f"HTTP/1.1 {answer.status} {known.get(answer.status, 'Status')}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
        f"{STAND_IN}: {answer.stand_in}",
        f"Content-Length: {len(answer.body)}",
        "Connection: keep-alive",
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body
