"""A port-forward as a local socket, so that a database's own driver can speak through it.

In: an open PodStream. Out: one end of a socket pair; a thread carries bytes between the other end
and the pod. What ends it early (time, too many bytes, nothing listening) is kept for whoever finds
the socket at its end: a driver only knows that the connection broke.
"""

import socket
import threading
import time
from contextlib import suppress
from typing import Protocol, Self

from drills.adapters.kube.services import NotListening
from drills.errors import CannotAsk, DrillError
from drills.findings import Cause

MOST_BYTES = 64 * 1024 * 1024
"""That may come back: a probe asks for a few rows, not for a dump."""
TICK = 0.2
"""Seconds between looks at the time while nothing comes."""
PART_SECONDS = 5.0
"""How long the rest of a message that has begun may take."""
PIECE = 64 * 1024


class Carried(Protocol):
    """The little of a PodStream that is carried."""

    simulated: bool

    def send(self, data: bytes, seconds: float) -> None:
        """Send bytes."""
        ...

    def wait(self, other: socket.socket, seconds: float) -> tuple[bool, bool]:
        """Return whether it, and whether `other`, has something to read by then."""
        ...

    def take(self, seconds: float) -> bytes | None:
        """Return what has come, perhaps b'', None at the end."""
        ...


class PodTunnel:
    """Keeps `drills.cluster.Tunnel`; a context manager that starts and ends the carrying."""

    def __init__(
        self,
        stream: Carried,
        what: str,
        seconds: float,
        *,
        most: int = MOST_BYTES,
        left: float | None = None,
    ) -> None:
        """`left` is what remains of `seconds` where opening took some of it."""
        self._stream = stream
        self._what = what
        self._seconds = seconds
        self._until = time.monotonic() + (seconds if left is None else left)
        self._left = most
        self._most = most
        self._trouble: DrillError | None = None
        self.simulated = stream.simulated
        self.socket, self._far = socket.socketpair()
        self._thread = threading.Thread(target=self._carry, name=f"tunnel {what}", daemon=True)

    def __enter__(self) -> Self:
        """Start carrying."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and wait until the thread has let go of the stream."""
        self._until = 0.0
        with suppress(OSError):
            self._far.shutdown(socket.SHUT_RDWR)
        self._thread.join(PART_SECONDS + 2 * TICK)
        self.socket.close()
        self._far.close()

    @property
    def trouble(self) -> DrillError | None:
        """Return what ended the tunnel, None while it is open or where the pod ended it."""
        return self._trouble

    def _carry(self) -> None:
        self._far.settimeout(PART_SECONDS)
        try:
            while self._step():
                pass
        except DrillError as error:
            self._trouble = error
        except OSError:
            pass
        finally:
            # Only our direction ends: what the driver still sends, a farewell, is let fall.
            with suppress(OSError):
                self._far.shutdown(socket.SHUT_WR)

    def _step(self) -> bool:
        """Carry what there is; return whether more may come."""
        rest = self._until - time.monotonic()
        if rest <= 0:
            raise NotListening(f"{self._what}: no answer in {self._seconds:g} s")
        incoming, outgoing = self._stream.wait(self._far, min(rest, TICK))
        if outgoing:
            data = self._far.recv(PIECE)
            if not data:
                return False
            self._stream.send(data, min(rest, PART_SECONDS))
        return self._take() if incoming else True

    def _take(self) -> bool:
        data = self._stream.take(PART_SECONDS)
        if data is None:
            return False
        self._left -= len(data)
        if self._left < 0:
            raise CannotAsk(
                f"{self._what}: more than {self._most} bytes came back",
                hint="ask for less: a count, the newest rows, a LIMIT",
                cause=Cause.CONFIGURATION,
            )
        if data:
            self._far.sendall(data)
        return True
