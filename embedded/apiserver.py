"""The embedded API server: sockets, threads, who may ask, and where a request goes.

In: HTTP/1.1 connections on 127.0.0.1. Out: answers from discovery, handlers and the control
endpoint. One thread per connection; a connection costs little while it waits.
"""

import contextlib
import hmac
import secrets
import socket
import ssl
import threading
from pathlib import Path

from embedded.api_errors import ApiError
from embedded.asking import asked_for
from embedded.containers import Containers, NoContainers
from embedded.control import PREFIX, control
from embedded.discovery import discover
from embedded.faults import Faults, Moment
from embedded.handlers import Handlers
from embedded.http_wire import Answer, Connection, Request, Response, Takeover, error_response
from embedded.kubeconfig import write_kubeconfig
from embedded.routes import resource_target
from embedded.storage import Storage

_WAITING_CLIENTS = 1024
_TLS_HANDSHAKE = b"\x16"


class ApiServer:
    """A Kubernetes API over HTTP.

    Args:
        storage: the objects.
        containers: who stands in for containers; nobody by default.
        faults: what goes wrong on purpose; nothing by default.
    """

    def __init__(
        self,
        storage: Storage,
        containers: Containers | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.storage = storage
        self.faults = faults or Faults()
        self.token = secrets.token_urlsafe(24)
        self._containers = containers or NoContainers()
        self._handlers = Handlers(storage, self._containers, self.faults)
        self._lock = threading.RLock()
        self._connections: dict[Connection, None] = {}
        self._listener: socket.socket | None = None
        self._reserved: socket.socket | None = None
        self._certificate: tuple[ssl.SSLContext, bytes] | None = None
        self._address: tuple[str, int] = ("127.0.0.1", 0)
        self.faults.attach(self.go_away, self.come_back)

    @property
    def url(self) -> str:
        """Return the base URL; meaningful once started."""
        return f"http://{self._address[0]}:{self._address[1]}"

    def start(self) -> None:
        """Listen on a free port of 127.0.0.1 and answer from now on."""
        self._listen(_bound(self._address))

    def stop(self) -> None:
        """Stop listening and cut every connection."""
        with self._lock:
            reserved, self._reserved = self._reserved, None
        if reserved is not None:
            reserved.close()
        self._stop_listening()
        self._cut()

    @property
    def secure_url(self) -> str:
        """Return the base URL for TLS; the same port speaks both."""
        return self.url.replace("http:", "https:", 1)

    def write_kubeconfig(
        self, path: Path, context: str = "embedded", *, plain: bool = False
    ) -> None:
        """Write a kubeconfig that leads here, readable by its owner only.

        Args:
            path: the file to write.
            context: the name of its only context.
            plain: whether clients shall spare themselves TLS; kubectl then sends no token.
        """
        if plain:
            write_kubeconfig(path, context, self.url, self.token)
        else:
            write_kubeconfig(path, context, self.secure_url, self.token, self._tls()[1])

    def _tls(self) -> tuple[ssl.SSLContext, bytes]:
        """Return the certificate of this run, made when first needed."""
        from embedded.tls import server_context  # noqa: PLC0415  # costs 0.1 s; plain HTTP spares it

        with self._lock:
            if self._certificate is None:
                self._certificate = server_context()
            return self._certificate

    def go_away(self) -> None:
        """Refuse new connections and reset the open ones; the port stays ours."""
        with self._lock:
            if self._listener is None:
                return
            self._stop_listening()
            self._reserved = _bound(self._address)
        self._cut()

    def come_back(self) -> None:
        """Listen again after `go_away`; nothing happens otherwise."""
        with self._lock:
            reserved, self._reserved = self._reserved, None
            if reserved is not None:
                self._listen(reserved)

    def _listen(self, listener: socket.socket) -> None:
        listener.listen(_WAITING_CLIENTS)
        self._listener, self._address = listener, listener.getsockname()
        threading.Thread(
            target=self._accept, args=(listener,), name="embedded-api", daemon=True
        ).start()

    def _stop_listening(self) -> None:
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):  # it was not listening any more
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _cut(self) -> None:
        with self._lock:
            connections = tuple(self._connections)
        self.faults.drop_watches()
        for connection in connections:
            connection.abort()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return  # the listener was closed
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(
                target=self._welcome, args=(sock,), name="embedded-api", daemon=True
            ).start()

    def _welcome(self, sock: socket.socket) -> None:
        """Shake hands where the client speaks TLS, then serve it."""
        try:
            if sock.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE:
                sock = self._tls()[0].wrap_socket(sock, server_side=True)
        except OSError:
            sock.close()
            return  # the client left, or does not trust the certificate
        self._serve(Connection(sock))

    def _serve(self, connection: Connection) -> None:
        with self._lock:
            self._connections[connection] = None
            late = self._listener is None
        try:
            while not late and self._one(connection):
                pass
        except OSError:
            pass  # the client went away, which is its right
        finally:
            with self._lock:
                self._connections.pop(connection, None)
            connection.close()

    def _one(self, connection: Connection) -> bool:
        """Answer one request; return whether the connection may carry another."""
        try:
            request = connection.read()
        except (ApiError, ValueError) as problem:
            error = problem if isinstance(problem, ApiError) else None
            refusal = error or ApiError(400, "BadRequest", f"malformed request: {problem}")
            connection.respond(error_response(refusal), close=True)
            return False
        if request is None:
            return False
        answer = self._answer(request)
        if isinstance(answer, Takeover):
            answer.run(connection)
            return False
        close = request.headers.get("connection", "").lower() == "close"
        connection.respond(answer, close=close)
        return not close

    def _answer(self, request: Request) -> Answer:
        try:
            return self._routed(request)
        except ApiError as error:
            return error_response(error)
        except (LookupError, TypeError, AttributeError, ValueError) as problem:
            # An object of a shape nobody foresaw must not end the connection silently.
            message = f"an object has a shape that the embedded server cannot handle: {problem!r}"
            return error_response(ApiError(400, "BadRequest", message))

    def _routed(self, request: Request) -> Answer:
        self._require_token(request)
        segments = request.segments
        if segments[:1] == (PREFIX,):
            return control(self.faults, self._containers, request)
        found: Response | None = discover(self.storage.types, segments)
        if found is not None:
            return found
        target = resource_target(self.storage.types, segments)
        asked = asked_for(target, request)
        self.faults.before(asked)
        self.faults.watcher(Moment.ARRIVED, asked)
        answer = self._handlers.answer(target, request, asked.verb)
        self.faults.watcher(Moment.DONE, asked)
        return answer

    def _require_token(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(token.strip().encode(), self.token.encode())
        if scheme.lower() != "bearer" or not right:
            raise ApiError(401, "Unauthorized", "Unauthorized")


def _bound(address: tuple[str, int]) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(address)
    return sock
