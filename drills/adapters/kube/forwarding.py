"""Port-forward: a byte stream into a pod, past every network policy, since the kubelet dials.

In: namespace, pod and port number. Out: a PodStream, or the same inside TLS. Whether anything
listens there shows only later, in the error channel: then the stream raises NotListening.
"""

import socket
import ssl
import struct
from collections.abc import Callable
from typing import Protocol

from drills.adapters.kube.asking import Asker
from drills.adapters.kube.channels import Channels, open_channels
from drills.adapters.kube.refusals import NOBODY
from drills.adapters.kube.services import NotListening, pod_path
from drills.adapters.kube.wire import Request
from drills.errors import CannotAsk, DrillError, NobodyAnswers
from drills.ports import Clock

DATA, TROUBLE = 0, 1
Operation = Callable[[], object]
QUIET_SECONDS = 0.05
"""After the first bytes of an exchange, how long a pause ends it."""


class Stream(Protocol):
    """Bytes there and back."""

    def send(self, data: bytes, seconds: float) -> None:
        """Send bytes."""
        ...

    def receive(self, seconds: float) -> bytes:
        """Return the next bytes, b'' at the end; raises TimeoutError."""
        ...


class PodStream:
    """Bytes to and from one port of a pod."""

    def __init__(self, channels: Channels, clock: Clock, what: str, port: int) -> None:
        self._channels = channels
        self._clock = clock
        self._what = what
        self._greetings = {DATA: struct.pack("<H", port), TROUBLE: struct.pack("<H", port)}
        self.simulated = channels.simulated

    def send(self, data: bytes, seconds: float) -> None:
        """Send bytes."""
        self._channels.send(DATA, data, seconds)

    def receive(self, seconds: float) -> bytes:
        """Return the next bytes, b'' at the end; raises NotListening, CannotAsk, TimeoutError."""
        until = self._clock.monotonic() + seconds
        while (data := self.take(until - self._clock.monotonic())) is not None:
            if data:
                return data
        return b""

    def take(self, seconds: float) -> bytes | None:
        """Return what the next message holds for us, perhaps b'', None at the end; raises so."""
        message = self._channels.receive(seconds)
        if message is None:
            return None
        channel, data = message
        data = data.removeprefix(self._greetings.pop(channel, b""))
        if channel == TROUBLE and data:
            raise trouble(self._what, data.decode("utf-8", "replace"))
        return data

    def exchange(self, data: bytes, *, timeout: float) -> bytes:
        """Send `data`, return what came until a pause, the end, or `timeout` seconds."""
        until = self._clock.monotonic() + timeout
        if data:
            self.send(data, timeout)
        heard = b""
        try:
            while more := self.receive(QUIET_SECONDS if heard else until - self._clock.monotonic()):
                heard += more
                if self._clock.monotonic() >= until:
                    break
        except TimeoutError:
            pass
        return heard

    def wait(self, other: socket.socket, seconds: float) -> tuple[bool, bool]:
        """Return whether the stream, and whether `other`, has something to read by then."""
        return self._channels.wait(other, seconds)

    def close(self) -> None:
        """End the stream."""
        self._channels.close()


class TlsStream:
    """TLS inside another stream. The certificate is not verified: it was made for another name."""

    def __init__(self, stream: Stream, clock: Clock, server_name: str, seconds: float) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._stream = stream
        self._clock = clock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._until = clock.monotonic() + seconds
        self._step(self._tls.do_handshake)

    def send(self, data: bytes, seconds: float) -> None:
        """Send bytes."""
        self._until = self._clock.monotonic() + seconds
        self._step(lambda: self._tls.write(data))

    def receive(self, seconds: float) -> bytes:
        """Return the next bytes, b'' at the end; raises as `PodStream.receive`."""
        self._until = self._clock.monotonic() + seconds
        received: list[bytes] = []
        self._step(lambda: received.append(self._tls.read(1 << 16)))
        return b"".join(received)

    def _step(self, operation: Operation) -> None:
        """Do one TLS operation, carrying bytes to and fro as long as it asks for more."""
        while True:
            try:
                operation()
            except ssl.SSLWantReadError:
                self._flush()
                self._feed()
            except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
                return
            except ssl.SSLError as error:
                raise NotListening(f"the pod does not speak TLS there: {error.reason}") from error
            else:
                self._flush()
                return

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._stream.send(self._outgoing.read(), self._until - self._clock.monotonic())

    def _feed(self) -> None:
        data = self._stream.receive(self._until - self._clock.monotonic())
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


def forward(asker: Asker, namespace: str, pod: str, port: int, seconds: float) -> PodStream:
    """Open a stream to a pod's port; raises Forbidden, Missing, CannotAsk, Unreachable."""
    what = f"port-forward to {port} of pod {namespace}/{pod}"
    request = Request(
        what=what,
        method="GET",
        path=pod_path(namespace, pod, "portforward"),
        query=(("ports", str(port)),),
    )
    return PodStream(open_channels(asker, request, seconds), asker.clock, what, port)


def trouble(what: str, words: str) -> DrillError:
    """Return what the error channel means: nothing listens, or no way leads there."""
    if "refused" in words:
        return NotListening(f"{what}: nothing listens there: {words[:300]}")
    if NOBODY in words:
        return NobodyAnswers(f"{what}: {words[:300]}")
    return CannotAsk(f"{what}: {words[:300]}")
