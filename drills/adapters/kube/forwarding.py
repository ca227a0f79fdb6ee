"""Port-forward: a byte stream into a pod, past every network policy, since the kubelet dials.

In: namespace, pod and port number. Out: a PodStream. Whether anything listens there shows only
later, in the error channel: then the stream raises NotListening, or what `explain` makes of it.
"""

import socket
import struct
from collections.abc import Callable
from typing import Protocol

from drills.adapters.kube.asking import Asker
from drills.adapters.kube.channels import Channels, open_channels
from drills.adapters.kube.refusals import NOBODY
from drills.adapters.kube.services import Endpoint, NotListening, pod_path
from drills.adapters.kube.wire import Request
from drills.errors import CannotAsk, DrillError, NobodyAnswers
from drills.ports import Clock

DATA, TROUBLE = 0, 1
MOST_HEARD = 1024 * 1024
"""Bytes that an exchange keeps: a reply is a word or a line."""
Explain = Callable[[DrillError], DrillError]


class Stream(Protocol):
    """Bytes there and back."""

    def send(self, data: bytes, seconds: float) -> None:
        """Send bytes."""
        ...

    def receive(self, seconds: float) -> bytes:
        """Return the next bytes, b'' at the end; raises TimeoutError."""
        ...

    @property
    def farewell(self) -> bool:
        """Return whether the other side has said that this is the end."""
        ...

    @property
    def closed(self) -> bool:
        """Return whether the connection to the pod was closed, and did not break."""
        ...


class PodStream:
    """Bytes to and from one port of a pod."""

    def __init__(
        self,
        channels: Channels,
        clock: Clock,
        what: str,
        port: int,
        explain: Explain | None = None,
    ) -> None:
        self._channels = channels
        self._clock = clock
        self._what = what
        self._explain = explain
        self._greetings = {DATA: struct.pack("<H", port), TROUBLE: struct.pack("<H", port)}
        self.simulated = channels.simulated

    @property
    def farewell(self) -> bool:
        """Return whether the pod's side was closed, which ends what it says."""
        return self.closed

    @property
    def closed(self) -> bool:
        """Return whether the connection was closed, and did not break."""
        return self._channels.farewell

    def send(self, data: bytes, seconds: float) -> None:
        """Send bytes."""
        self._channels.send(DATA, data, seconds)

    def receive(self, seconds: float) -> bytes:
        """Return the next bytes, b'' at the end; raises NotListening, CannotAsk, TimeoutError."""
        until = self._clock.monotonic() + seconds
        while (left := until - self._clock.monotonic()) > 0:
            data = self.take(left)
            if data is None:
                return b""
            if data:
                return data
        raise TimeoutError(f"nothing came within {seconds:.1f} s")

    def take(self, seconds: float) -> bytes | None:
        """Return what the next message holds for us, perhaps b'', None at the end; raises so."""
        message = self._channels.receive(seconds)
        if message is None:
            return None
        channel, data = message
        data = data.removeprefix(self._greetings.pop(channel, b""))
        if channel == TROUBLE and data:
            error = trouble(self._what, data.decode("utf-8", "replace"))
            if self._explain is not None and isinstance(error, NotListening):
                error = self._explain(error)
            raise error
        return data

    def wait(self, other: socket.socket, seconds: float) -> tuple[bool, bool]:
        """Return whether the stream, and whether `other`, has something to read by then."""
        return self._channels.wait(other, seconds)

    def close(self) -> None:
        """End the stream."""
        self._channels.close()


def forward(
    asker: Asker,
    namespace: str,
    endpoint: Endpoint,
    seconds: float,
    explain: Explain | None = None,
) -> PodStream:
    """Open a stream to a pod's port; raises Forbidden, Missing, CannotAsk, Unreachable."""
    pod, port = endpoint.pod, endpoint.port
    what = f"port-forward to {port} of pod {namespace}/{pod}"
    request = Request(
        what=what,
        method="GET",
        path=pod_path(namespace, pod, "portforward"),
        query=(("ports", str(port)),),
    )
    channels = open_channels(asker, request, seconds)
    return PodStream(channels, asker.clock, what, port, explain)


def trouble(what: str, words: str) -> DrillError:
    """Return what the error channel means: nothing listens, or no way leads there."""
    if "refused" in words:
        return NotListening(f"{what}: nothing listens there: {words[:300]}")
    if NOBODY in words:
        return NobodyAnswers(f"{what}: {words[:300]}")
    return CannotAsk(f"{what}: {words[:300]}")
