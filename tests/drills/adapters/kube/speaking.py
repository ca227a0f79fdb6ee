"""Applications that say exactly what a test wants, byte by byte, over real sockets."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

Script = Callable[[socket.socket, bytes], None]
"""What an application does with a connection once it has heard the request's head."""


def saying(data: bytes) -> Script:
    """Return a script that says this, and ends."""

    def script(sock: socket.socket, _: bytes) -> None:
        sock.sendall(data)

    return script


def dripping(data: bytes) -> Script:
    """Return a script that says this byte by byte, and ends."""

    def script(sock: socket.socket, _: bytes) -> None:
        for at in range(len(data)):
            sock.sendall(data[at : at + 1])

    return script


def endlessly(head: bytes, more: bytes) -> Script:
    """Return a script that never comes to an end of its own accord."""

    def script(sock: socket.socket, _: bytes) -> None:
        sock.sendall(head)
        while True:
            sock.sendall(more)

    return script


def holding(data: bytes, hold: threading.Event) -> Script:
    """Return a script that says this and falls silent, until the test is over."""

    def script(sock: socket.socket, _: bytes) -> None:
        sock.sendall(data)
        hold.wait(30)

    return script


class Application:
    """Stands behind a port-forward: `dial` is what the embedded cluster connects it with."""

    def __init__(
        self, script: Script, tls: ssl.SSLContext | None = None, *, polite: bool = True
    ) -> None:
        self.script = script
        self.heard: list[bytes] = []
        self._tls = tls
        self._polite = polite
        self._threads: list[threading.Thread] = []

    def dial(self) -> socket.socket:
        """Return one end of a connection with the application at the other."""
        mine, theirs = socket.socketpair()
        thread = threading.Thread(target=self._serve, args=(mine,), daemon=True)
        self._threads.append(thread)
        thread.start()
        return theirs

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            sock.settimeout(10)
            if self._tls is None:
                self._talk(sock)
                return
            with self._tls.wrap_socket(sock, server_side=True) as inner:
                self._talk(inner)
                if self._polite:
                    inner.unwrap()

    def _talk(self, sock: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and (more := sock.recv(65536)):
            head += more
        self.heard.append(head)
        self.script(sock, head)


class RawApi:
    """An API server of which every answer is a script."""

    def __init__(self) -> None:
        self.script: Script = saying(b"")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def kubeconfig(self, folder: Path) -> str:
        """Write a kubeconfig that leads here and return its path."""
        server = "http://127.0.0.1:%d" % self._listener.getsockname()[1]  # noqa: UP031
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "raw",
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {"token": "made-up"}}],
            "contexts": [{"name": "raw", "context": {"cluster": "c", "user": "u"}}],
        }
        path = folder / "raw-kubeconfig"
        path.write_text(yaml.safe_dump(document))
        return str(path)

    def _accept(self) -> None:
        for sock in self._accepted():
            application = Application(self.script)
            threading.Thread(target=application._serve, args=(sock,), daemon=True).start()  # noqa: SLF001

    def _accepted(self) -> Iterator[socket.socket]:
        while True:
            try:
                yield self._listener.accept()[0]
            except OSError:
                return
