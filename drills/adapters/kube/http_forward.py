"""HTTP over a port-forward: a request as the application's own network would see it.

In: a ServiceRequest. Out: an HttpAnswer via `portForward`.
"""

import http.client
import io
from typing import TYPE_CHECKING

from drills.adapters.kube.asking import Asker
from drills.adapters.kube.channels import STAND_IN
from drills.adapters.kube.forwarding import Stream, TlsStream, forward
from drills.adapters.kube.services import NotListening, ServiceRequest, behind_service
from drills.cluster import Cluster, HttpAnswer
from drills.errors import CannotAsk
from drills.findings import Cause
from drills.ports import Clock

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST_BODY = 16 * 1024 * 1024
"""Bytes of a body that are kept; a probe looks for a word or a field, not for a download."""


class StreamSocket:
    """The little of a socket that `http.client` uses, over a stream, until a moment."""

    def __init__(self, stream: Stream, clock: Clock, seconds: float) -> None:
        self._stream = stream
        self._clock = clock
        self._until = clock.monotonic() + seconds

    @property
    def left(self) -> float:
        """Return the seconds left."""
        return self._until - self._clock.monotonic()

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        self._stream.send(data, self.left)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return the incoming side as a file."""
        return io.BufferedReader(_Incoming(self))

    def receive(self) -> bytes:
        """Return the next bytes, b'' at the end; raises TimeoutError."""
        return self._stream.receive(self.left)

    def close(self) -> None:
        """Do nothing: whoever opened the stream closes it."""


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


def ask_pod(asker: Asker, cluster: Cluster, request: ServiceRequest) -> HttpAnswer:
    """Ask a ready pod behind the Service.

    Raises Missing without one, NotListening where it does not answer HTTP in time, Forbidden,
    CannotAsk, Unreachable.
    """
    endpoint = behind_service(cluster, request.namespace, request.service, request.port)
    clock = asker.clock
    started = clock.monotonic()
    stream = forward(asker, request.namespace, endpoint.pod, endpoint.port, request.seconds)
    try:
        left = request.seconds - (clock.monotonic() - started)
        inner = (
            TlsStream(stream, clock, request.service, left) if request.scheme == "https" else stream
        )
        return _exchange(StreamSocket(inner, clock, left), clock, request, stream.simulated)
    except TimeoutError as error:
        raise NotListening(f"{request.what}: no answer in {request.seconds:g} s") from error
    except (http.client.HTTPException, ConnectionError) as error:
        words = f"{type(error).__name__}: {str(error)[:200]}"
        raise NotListening(f"{request.what}: not an HTTP answer ({words})") from error
    finally:
        stream.close()


def _exchange(
    sock: StreamSocket, clock: Clock, request: ServiceRequest, simulated: bool
) -> HttpAnswer:
    connection = http.client.HTTPConnection(request.service)
    connection.sock = sock
    started = clock.monotonic()
    named = {name.lower() for name in request.headers}
    own = {"Host": f"{request.service}:{request.port}", "Connection": "close"}
    headers = {name: value for name, value in own.items() if name.lower() not in named}
    try:
        connection.request(request.method, request.target, headers={**headers, **request.headers})
    except ValueError as error:
        raise CannotAsk(f"{request.what}: {error}", cause=Cause.CONFIGURATION) from error
    response = connection.getresponse()
    body = response.read(LONGEST_BODY)
    found = dict(response.getheaders())
    return HttpAnswer(
        status=response.status,
        headers=found,
        body=body,
        seconds=clock.monotonic() - started,
        via="portForward",
        simulated=simulated or any(name.lower() == STAND_IN for name in found),
    )
