"""A gate before the API server: every request of one runner passes it, and can be stopped there.

In comes a kubeconfig, out comes another one that leads through the gate. Whoever watches is told
of each request when it has arrived (nothing of it was done yet), and of each write once it was
done (the runner was not told yet). What the watcher does meanwhile, such as waiting or killing
the runner, the request waits for.
"""

import base64
import ssl
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import urllib3
import yaml

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEPT = ("Content-Type", "Accept")
_CONNECT_SECONDS = 10.0


class Moment(StrEnum):
    """How far a request has come."""

    ARRIVED = "arrived"
    DONE = "done"


Watcher = Callable[[Moment, str, str], None]
"""Told the moment, the method and the path; a ConnectionError from it cuts the connection."""


class Gate:
    """The way of one runner to the API server; use it as a context."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        self.watcher: Watcher = lambda _moment, _method, _path: None
        document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        self._server = str(document["clusters"][0]["cluster"]["server"])
        self.pool = urllib3.PoolManager(maxsize=64, ssl_context=_context(document))
        self._listener = _Listener(("127.0.0.1", 0), _Handler)
        self._listener.gate = self
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,))
        self.kubeconfig = folder / "through-the-gate"
        document["clusters"][0]["cluster"] = {
            "server": f"http://127.0.0.1:{self._listener.server_port}"
        }
        document["users"][0]["user"] = {"token": "none"}
        self.kubeconfig.write_text(yaml.safe_dump(document), encoding="utf-8")

    def __enter__(self) -> Self:
        """Opens the gate."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it for good."""
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()
        self.pool.clear()

    def url(self, path: str) -> str:
        """Where a path is on the API server."""
        return self._server + path


def _context(document: dict[str, Any]) -> ssl.SSLContext:
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    with tempfile.NamedTemporaryFile() as both:
        both.write(base64.b64decode(user["client-certificate-data"]))
        both.write(base64.b64decode(user["client-key-data"]))
        both.flush()
        context.load_cert_chain(both.name)
    return context


class _Listener(ThreadingHTTPServer):
    """Knows the gate that it listens for."""

    daemon_threads = True
    gate: Gate


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def handle(self) -> None:
        """Serves a connection; a runner that was killed has left it."""
        with suppress(ConnectionError):
            super().handle()

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Returns what answers any method."""
        if not name.startswith("do_"):
            raise AttributeError(name)
        return self._pass_on

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
        """Says nothing."""

    def _pass_on(self) -> None:
        gate = self.server.gate
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length) if length else None
        gate.watcher(Moment.ARRIVED, self.command, self.path)
        try:
            answer = gate.pool.request(
                self.command,
                gate.url(self.path),
                body=body,
                headers={name: self.headers[name] for name in _KEPT if name in self.headers},
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=None),
                retries=False,
                preload_content=False,
            )
            self._answer(answer)
        except urllib3.exceptions.HTTPError as error:
            raise ConnectionResetError(str(error)) from error

    def _answer(self, answer: urllib3.BaseHTTPResponse) -> None:
        if self.command in WRITES:
            content = answer.read()
            self.server.gate.watcher(Moment.DONE, self.command, self.path)
            self._head(answer, "Content-Length", str(len(content)))
            self.wfile.write(content)
            return
        self._head(answer, "Transfer-Encoding", "chunked")
        try:
            for piece in answer.stream():
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        finally:
            answer.close()

    def _head(self, answer: urllib3.BaseHTTPResponse, name: str, value: str) -> None:
        self.send_response(answer.status)
        for word in ("Content-Type", "Retry-After"):
            if word in answer.headers:
                self.send_header(word, answer.headers[word])
        self.send_header(name, value)
        self.end_headers()
