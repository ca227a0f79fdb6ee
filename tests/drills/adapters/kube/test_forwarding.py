"""TLS inside a port-forward, and what its error channel means."""

import ssl

import pytest

from drills.adapters.clock import SystemClock
from drills.adapters.kube.forwarding import trouble
from drills.adapters.kube.services import NotListening
from drills.adapters.kube.stream_socket import StreamSocket
from drills.adapters.kube.tls_stream import TlsStream
from drills.cluster import TlsWish
from drills.errors import CannotAsk
from drills.ports import Deadline
from embedded.tls import server_context

REFUSED = (
    "error forwarding port 8080 to pod abc: failed to connect to localhost:8080 inside namespace: "
    "dial tcp4 127.0.0.1:8080: connect: connection refused"
)


WISH = TlsWish(server_name="shop")


def soon() -> Deadline:
    """Return the moment in five seconds."""
    clock = SystemClock()
    return Deadline(clock=clock, at=clock.monotonic() + 5)


class TlsPeer:
    """A TLS server at the other end of a byte stream; it answers what it hears, backwards."""

    simulated = False
    farewell = closed = True

    def __init__(self, *, closes: bool = False) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = server_context()[0].wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._greeted = False
        self._closes = closes

    def send(self, data: bytes, seconds: float) -> None:
        """Take bytes and answer what can be answered."""
        self._incoming.write(data)
        try:
            if not self._greeted:
                self._tls.do_handshake()
                self._greeted = True
            self._tls.write(self._tls.read(1 << 16)[::-1])
            if self._closes:
                self._tls.unwrap()
        except ssl.SSLWantReadError:
            pass

    def receive(self, seconds: float) -> bytes:
        """Return some of what is to be heard, in small pieces; nothing more is a time-out."""
        if not self._outgoing.pending:
            raise TimeoutError
        return self._outgoing.read(700)


class PlainPeer:
    """A server that knows no TLS."""

    farewell = closed = True

    def send(self, data: bytes, seconds: float) -> None:
        """Hear nothing."""

    def receive(self, seconds: float) -> bytes:
        """Answer in plain HTTP."""
        return b"HTTP/1.1 400 Bad Request\r\n\r\n"


def test_bytes_travel_inside_tls() -> None:
    stream = TlsStream(TlsPeer(), WISH, soon())
    stream.send(b"hello", 5)
    assert stream.receive(5) == b"olleh"
    with pytest.raises(TimeoutError):
        stream.receive(5)


def test_the_end_of_tls_is_the_end() -> None:
    stream = TlsStream(TlsPeer(closes=True), WISH, soon())
    stream.send(b"bye", 5)
    file = StreamSocket(stream, soon()).makefile("rb")
    assert file.read() == b"eyb"


def test_a_port_without_tls_does_not_listen_for_it() -> None:
    with pytest.raises(NotListening, match="does not speak TLS"):
        TlsStream(PlainPeer(), WISH, soon())


def test_a_refused_port_is_told_from_a_closed_way() -> None:
    assert isinstance(trouble("x", REFUSED), NotListening)
    assert isinstance(trouble("x", "pod sandbox not found"), CannotAsk)
