"""Bytes carried between one channel of a WebSocket and a socket that speaks for a pod's port.

In: the WebSocket, the channel, a connected socket. Out: bytes there and back until one side ends;
when the socket ends, the WebSocket is closed, as a kubelet does when the container hangs up.
"""

import contextlib
import socket
import threading

from embedded.websocket import WebSocket

_PIECE = 32 * 1024


class Relay:
    """One forwarded port with something real behind it."""

    def __init__(self, client: WebSocket, channel: int, other: socket.socket) -> None:
        self._client = client
        self._channel = channel
        self._other = other
        self._other.settimeout(None)
        self._thread = threading.Thread(target=self._back, name="relay", daemon=True)
        self._thread.start()

    def send(self, data: bytes) -> None:
        """Carry bytes from the client; what the other side no longer takes is let fall."""
        with contextlib.suppress(OSError):
            self._other.sendall(data)

    def close(self) -> None:
        """End both directions and wait for the thread."""
        with contextlib.suppress(OSError):
            self._other.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._other.close()

    def _back(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._other.recv(_PIECE):
                self._client.send(self._channel, data)
        self._client.close()
