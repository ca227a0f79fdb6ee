"""The little of a socket that `http.client` uses, over a stream, until a moment.

In: a Stream and a Deadline. Out: a StreamSocket, which also tells how the incoming side went.
"""

import io
from typing import TYPE_CHECKING

from drills.adapters.kube.forwarding import Stream
from drills.ports import Deadline

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FIRST = 16


class StreamSocket:
    """Raises TimeoutError once the moment has come, however much there is to read."""

    def __init__(self, stream: Stream, deadline: Deadline) -> None:
        self.stream = stream
        self.deadline = deadline
        self.first = b""
        """The first few bytes that came."""
        self.received = 0
        self.ended = False
        """Whether somebody has read up to the end."""

    @property
    def broke(self) -> bool:
        """Return whether the connection to the pod broke."""
        return self.ended and not self.stream.closed

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        self.stream.send(data, self._left())

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return the incoming side as a file."""
        return io.BufferedReader(_Incoming(self))

    def receive(self) -> bytes:
        """Return the next bytes, b'' at the end; raises TimeoutError."""
        if self.ended:
            return b""
        data = self.stream.receive(self._left())
        self.ended = not data
        self.received += len(data)
        if len(self.first) < FIRST:
            self.first = (self.first + data)[:FIRST]
        return data

    def close(self) -> None:
        """Do nothing: whoever opened the stream closes it."""

    def _left(self) -> float:
        left = self.deadline.left
        if left <= 0:
            raise TimeoutError("the time is over")
        return left


class _Incoming(io.RawIOBase):
    def __init__(self, source: StreamSocket) -> None:
        super().__init__()
        self._source = source
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        data = self._rest or self._source.receive()
        count = min(len(view), len(data))
        view[:count] = data[:count]
        self._rest = data[count:]
        return count
