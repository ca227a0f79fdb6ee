"""TLS inside another stream, and what its refusals mean.

In: a Stream, the name to ask for, what the client shows. Out: a Stream of what is said inside. The
certificate is not verified: it was made for another name. An alert is a server that speaks TLS and
refuses us: that says how the question must be put, not that the application is broken, so it is
CannotAsk; a port that speaks no TLS at all is NotListening.
"""

import ssl
import tempfile
from collections.abc import Callable
from typing import TypeVar

from drills.adapters.kube.forwarding import Stream
from drills.adapters.kube.services import NotListening
from drills.cluster import ClientCertificate, TlsWish
from drills.errors import CannotAsk, DrillError
from drills.ports import Deadline

T = TypeVar("T")
RECORD = 1 << 16
_NO_TLS = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNKNOWN_PROTOCOL"}
    | {"RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "BAD_RECORD_TYPE"}
    | {"UNEXPECTED_MESSAGE", "INVALID_RECORD", "RECORD_TOO_SMALL"}
)
"""What OpenSSL says of bytes that are no TLS."""
_ADVICE = (
    ("CERTIFICATE", "the server wants a client certificate: say clientCertificate"),
    ("UNRECOGNIZED_NAME", "the server wants another name (SNI): say serverName"),
    (
        "NO_APPLICATION_PROTOCOL",
        "the server speaks no HTTP/1.1, perhaps HTTP/2 (gRPC) only: use tcp",
    ),
    ("HANDSHAKE_FAILURE", "the server may want another name (serverName) or a clientCertificate"),
    ("INTERNAL_ERROR", "the server may want another name (SNI): say serverName"),
)


class TlsStream:
    """Keeps `Stream`."""

    def __init__(
        self, stream: Stream, wish: TlsWish, deadline: Deadline, protocols: tuple[str, ...] = ()
    ) -> None:
        self._stream = stream
        self._deadline = deadline
        self._goodbye = self._ended = False
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = client_context(wish.certificate, protocols).wrap_bio(
            self._incoming, self._outgoing, server_hostname=_asked_for(wish.server_name)
        )
        self._step(self._tls.do_handshake)
        if self._ended:
            raise NotListening("the connection ended inside the TLS handshake")

    @property
    def farewell(self) -> bool:
        """Return whether the other side has said that this is the end (close_notify)."""
        return self._goodbye

    @property
    def closed(self) -> bool:
        """Return whether the connection to the pod was closed, and did not break."""
        return self._stream.closed

    def send(self, data: bytes, seconds: float) -> None:
        """Send bytes."""
        self._until(seconds)
        self._step(lambda: self._tls.write(data))

    def receive(self, seconds: float) -> bytes:
        """Return the next bytes, b'' at the end; raises as the stream below, and CannotAsk."""
        self._until(seconds)
        data = self._step(lambda: self._tls.read(RECORD)) or b""
        if not data and not self._ended:
            # Nothing read is close_notify, unless the bytes below ended first: Python 3.11.2
            # says the same of both.
            self._goodbye, self._ended = not self._incoming.eof, True
        return data

    def _until(self, seconds: float) -> None:
        clock = self._deadline.clock
        self._deadline = Deadline(clock=clock, at=clock.monotonic() + seconds)

    def _step(self, operation: Callable[[], T]) -> T | None:
        """Do one TLS operation, carrying bytes to and fro as it asks; None at the end."""
        while True:
            try:
                done = operation()
            except ssl.SSLWantReadError:
                self._flush()
                self._feed()
            except ssl.SSLZeroReturnError:
                self._goodbye = self._ended = True
                return None
            except ssl.SSLEOFError:
                self._ended = True
                return None
            except ssl.SSLError as error:
                raise refused(error) from error
            else:
                self._flush()
                return done

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._stream.send(self._outgoing.read(), self._deadline.left)

    def _feed(self) -> None:
        data = self._stream.receive(self._deadline.left)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


def refused(error: ssl.SSLError) -> DrillError:
    """Return what an error of TLS means.

    | OpenSSL says | meaning |
    |---|---|
    | bytes that are no TLS | NotListening: the application does not speak it |
    | an alert, or anything else | CannotAsk, with what to say in the scenario |
    """
    reason = str(error.reason or error)
    if reason in _NO_TLS:
        return NotListening(f"the pod does not speak TLS there: {reason}")
    hint = next((advice for word, advice in _ADVICE if word in reason), "")
    return CannotAsk(f"the server speaks TLS and refuses ours: {reason}", hint=hint)


def client_context(
    certificate: ClientCertificate | None, protocols: tuple[str, ...] = ()
) -> ssl.SSLContext:
    """Return TLS that verifies nothing and shows `certificate`; raises CannotAsk."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    if certificate is not None:
        _show(context, certificate)
    return context


def _show(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    """Load the certificate; OpenSSL takes it from a file only, which is gone at once."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(f"{certificate.key.strip()}\n{certificate.certificate.strip()}\n".encode())
        file.flush()
        try:
            context.load_cert_chain(file.name, password=_no_password)
        except (ssl.SSLError, ValueError) as error:
            words = getattr(error, "reason", None) or type(error).__name__
            raise CannotAsk(
                f"the client certificate cannot be used: {words}",
                hint="the Secret must hold a PEM certificate and its key without a password",
            ) from None


def _no_password() -> str:
    return ""


def _asked_for(name: str) -> str | None:
    """Return the name for SNI, None for one that cannot be asked for."""
    return name or None
