"""WebSockets to the API server, as exec and port-forward use them: bytes in numbered channels.

In: a Request for an upgrade. Out: Channels (`v4.channel.k8s.io`: the first byte of each message is
the channel). Made with websocket-client directly, since the official client's own port-forward
leaves a thread and a socket behind for each use.
"""

import selectors
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import websocket

from drills.adapters.kube.asking import Asker
from drills.adapters.kube.refusals import refusal
from drills.adapters.kube.wire import Answer, Request, Wire
from drills.errors import CannotAsk, DrillError, Unreachable
from drills.findings import Cause

PROTOCOL = "v4.channel.k8s.io"
SHORTEST = 0.001
"""Seconds; none at all would mean not to block."""
STAND_IN = "x-embedded-stand-in"
"""The embedded cluster marks with it what no container said."""


class _Polite(websocket.WebSocket):  # type: ignore[misc]  # untyped library
    """Answers a farewell, and does not mind when the other side no longer hears it."""

    def send_close(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - untyped library
        with suppress(websocket.WebSocketException, OSError):
            super().send_close(*args, **kwargs)


class Channels:
    """An open WebSocket. One thread at a time."""

    def __init__(self, connection: websocket.WebSocket) -> None:
        self._socket = connection
        self.farewell = False
        """Whether the other side has said goodbye; a connection that broke says nothing."""
        headers = connection.getheaders() or {}
        self.simulated = any(str(name).lower() == STAND_IN for name in headers)

    def send(self, channel: int, data: bytes, seconds: float) -> None:
        """Send bytes on a channel; raises Unreachable where the connection is gone."""
        self._socket.settimeout(max(0.001, seconds))
        try:
            self._socket.send_binary(bytes([channel]) + data)
        except (websocket.WebSocketException, OSError) as error:
            raise Unreachable(f"the connection through the API server broke: {error}") from error

    def receive(self, seconds: float) -> tuple[int, bytes] | None:
        """Return the next (channel, bytes), None when the other side has closed.

        Raises:
            TimeoutError: nothing came within `seconds`.
        """
        self._socket.settimeout(max(0.001, seconds))
        try:
            opcode, data = self._socket.recv_data()
        except websocket.WebSocketTimeoutException as error:
            raise TimeoutError(f"nothing came within {seconds:.1f} s") from error
        except (websocket.WebSocketException, OSError):
            return None
        if opcode == websocket.ABNF.OPCODE_CLOSE or not data:
            self.farewell = opcode == websocket.ABNF.OPCODE_CLOSE
            return None
        return data[0], bytes(data[1:])

    def wait(self, other: socket.socket, seconds: float) -> tuple[bool, bool]:
        """Return whether a message, and whether something on `other`, can be read by then."""
        mine = self._socket.sock
        if mine is None:
            return True, False
        if isinstance(mine, ssl.SSLSocket) and mine.pending():
            seconds = 0.0
        with selectors.DefaultSelector() as selector:
            for each in (mine, other):
                selector.register(each, selectors.EVENT_READ)
            ready = {key.fileobj for key, _ in selector.select(max(0.0, seconds))}
        held_back = isinstance(mine, ssl.SSLSocket) and mine.pending() > 0
        return mine in ready or held_back, other in ready

    def close(self) -> None:
        """Close at once, without waiting for the other side's farewell."""
        with suppress(websocket.WebSocketException, OSError):
            self._socket.shutdown()


def open_channels(asker: Asker, request: Request, seconds: float) -> Channels:
    """Upgrade; raises the refusal, CannotAsk, or Unreachable after `seconds` or our patience."""
    deadline = asker.deadline(seconds)
    attempts = asker.attempts(min(seconds, asker.patience), deadline)
    renewed = False
    while True:
        used = asker.wire.credentials()
        try:
            return Channels(_upgrade(asker.wire, request, used, max(SHORTEST, deadline.left)))
        except websocket.WebSocketBadStatusException as error:
            if error.status_code != HTTPStatus.UNAUTHORIZED or renewed:
                raise _refused(request.what, _answer(error)) from None
            asker.wire.renew(used)
            renewed = True
        except (websocket.WebSocketException, OSError) as error:
            attempts.pause(Unreachable(f"{request.what}: no answer from the API server: {error}"))


def _refused(what: str, answer: Answer) -> DrillError:
    """Return the refusal; the server's own trouble here is mostly that of a node's kubelet."""
    error = refusal(what, answer)
    if not isinstance(error, Unreachable):
        return error
    hint = "the API server answers, but perhaps not the kubelet of the pod's node: look at the node"
    return CannotAsk(str(error), hint=hint, cause=Cause.ENVIRONMENT)


def _upgrade(
    wire: Wire, request: Request, credentials: Mapping[str, str], seconds: float
) -> websocket.WebSocket:
    address = wire.url(request.target)
    secure = address.startswith("https://")
    return websocket.create_connection(
        ("wss://" if secure else "ws://") + address.partition("://")[2],
        timeout=seconds,
        class_=_Polite,
        header=[f"{name}: {value}" for name, value in credentials.items()],
        subprotocols=[PROTOCOL],
        suppress_origin=True,
        redirect_limit=0,
        skip_utf8_validation=True,
        sslopt=_tls(wire.configuration) if secure else {},
        **_proxy(wire.configuration),
    )


def _tls(configuration: Any) -> dict[str, object]:  # noqa: ANN401 - untyped library
    context = ssl.create_default_context(
        cafile=configuration.ssl_ca_cert, cadata=configuration.ca_cert_data
    )
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    options: dict[str, object] = {"context": context}
    if configuration.tls_server_name:
        options["server_hostname"] = configuration.tls_server_name
    return options


def _proxy(configuration: Any) -> dict[str, object]:  # noqa: ANN401 - untyped library
    """Return the proxy of the kubeconfig; the environment's own rules are already in it."""
    if not configuration.proxy:
        return {"http_no_proxy": ["*"]}
    proxy = urlsplit(configuration.proxy)
    return {
        "http_proxy_host": proxy.hostname,
        "http_proxy_port": proxy.port,
        "proxy_type": proxy.scheme.replace("https", "http"),
        "http_no_proxy": (configuration.no_proxy or "").split(","),
    }


def _answer(error: websocket.WebSocketBadStatusException) -> Answer:
    headers = {str(name).lower(): str(value) for name, value in (error.resp_headers or {}).items()}
    return Answer(status=error.status_code, headers=headers, body=bytes(error.resp_body or b""))
