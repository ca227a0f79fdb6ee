"""HTTP over a port-forward: a request as the application's own network would see it.

In: an HttpRequest and the moment by which its answer must be whole. Out: an HttpAnswer via
`portForward`.

| what happens | what it means |
|---|---|
| no head of an answer in time, or one that is cut | NotListening: the application does not answer |
| the connection is closed inside the body | BrokenOff: it does not answer whole |
| the connection to the pod breaks inside the body | CannotAsk: that was not the application |
| the time is over inside the body | CannotAsk: an answer that never ends, or is slow |
| a body without a length whose end nobody told | CannotAsk: it may be cut |
"""

import http.client

from drills.adapters.kube.asking import Asker
from drills.adapters.kube.channels import STAND_IN
from drills.adapters.kube.forwarding import Stream, forward
from drills.adapters.kube.http_body import Body, EarlyEnd, NotHttp, read_body
from drills.adapters.kube.services import BrokenOff, NotListening, endpoint_of, request_target
from drills.adapters.kube.stream_socket import StreamSocket
from drills.adapters.kube.tls_stream import TlsStream
from drills.cluster import Cluster, HttpAnswer, HttpRequest, TlsWish
from drills.errors import CannotAsk, DrillError
from drills.findings import Cause
from drills.ports import Deadline

SLOWER = "raise the probe's timeout, or ask for something that ends"


def ask_pod(asker: Asker, cluster: Cluster, request: HttpRequest, deadline: Deadline) -> HttpAnswer:
    """Ask a ready pod behind the Service, or the pod.

    Raises Missing without one, NotListening where it does not answer HTTP in time, Forbidden,
    CannotAsk, Unreachable.
    """
    endpoint = endpoint_of(cluster, request.namespace, request.target, request.port)
    seconds = deadline.left
    stream = forward(asker, request.namespace, endpoint, seconds)
    try:
        sock = StreamSocket(_inside(stream, request, deadline), deadline)
        return _exchange(sock, request, simulated=stream.simulated)
    except TimeoutError as error:
        raise NotListening(f"{request.what}: no answer in {seconds:.3g} s") from error
    finally:
        stream.close()


def _inside(stream: Stream, request: HttpRequest, deadline: Deadline) -> Stream:
    if request.scheme != "https":
        return stream
    name = request.server_name or request.name
    wish = TlsWish(server_name=name, certificate=request.certificate)
    return TlsStream(stream, wish, deadline, ("http/1.1",))


def _exchange(sock: StreamSocket, request: HttpRequest, *, simulated: bool) -> HttpAnswer:
    clock = sock.deadline.clock
    started = clock.monotonic()
    response = _head(sock, request)
    body = _body(sock, request, response)
    found = tuple(response.getheaders())
    return HttpAnswer(
        status=response.status,
        headers=found,
        body=body.data,
        whole=body.whole,
        seconds=clock.monotonic() - started,
        via="portForward",
        simulated=simulated or any(name.lower() == STAND_IN for name, _ in found),
    )


def _head(sock: StreamSocket, request: HttpRequest) -> http.client.HTTPResponse:
    """Send the request and return the answer with its body still to be read."""
    connection = http.client.HTTPConnection(request.name)
    connection.sock = sock
    try:
        connection.request(
            request.method,
            request_target(request.path),
            body=request.body or None,
            headers=_headers(request),
        )
    except ValueError as error:
        raise CannotAsk(f"{request.what}: {error}", cause=Cause.CONFIGURATION) from error
    try:
        response = connection.getresponse()
    except (http.client.HTTPException, ConnectionError, ValueError, TimeoutError) as error:
        foreign = another_protocol(request.what, sock.first)
        if foreign is not None:
            raise foreign from error
        if isinstance(error, TimeoutError):
            raise
        words = f"{type(error).__name__}: {str(error)[:200]}"
        raise NotListening(f"{request.what}: not an HTTP answer ({words})") from error
    if sock.ended:
        raise NotListening(f"{request.what}: the connection ended inside the answer's headers")
    return response


def _headers(request: HttpRequest) -> dict[str, str]:
    named = {name.lower() for name in request.headers}
    own = {"Host": f"{request.name}:{request.port}", "Connection": "close"}
    headers = {name: value for name, value in own.items() if name.lower() not in named}
    return {**headers, **request.headers}


def _body(sock: StreamSocket, request: HttpRequest, response: http.client.HTTPResponse) -> Body:
    status = f"{request.what}: status {response.status}, and"
    try:
        body = read_body(response, request.method, request.max_body)
    except NotHttp as error:
        raise NotListening(f"{request.what}: not an HTTP answer ({error})") from error
    except TimeoutError as error:
        words = f"{status} the answer had not ended in time; {sock.received} bytes had come"
        raise CannotAsk(words, hint=SLOWER) from error
    except EarlyEnd as error:
        if sock.broke:
            raise CannotAsk(f"{status} the connection to the pod broke: {error}") from error
        raise BrokenOff(f"{status} {error}") from error
    if not body.delimited and body.whole and not sock.stream.farewell:
        raise CannotAsk(
            f"{status} nothing says where its body ends: it has no length, and the connection "
            "was not closed properly",
            hint="ask for something with a Content-Length, or let the server end TLS "
            "with close_notify",
        )
    return body


def another_protocol(what: str, first: bytes) -> DrillError | None:
    """Return what the first bytes of an answer are instead of HTTP/1, None for the unknown.

    TLS alerts begin with 21 and version 3 (RFC 8446, 5.1); a server that speaks HTTP/2 begins with
    a SETTINGS frame of stream 0 (RFC 9113, 3.4 and 4.1).
    """
    if first[:2] == b"\x15\x03":
        return CannotAsk(
            f"{what}: TLS is spoken there", hint="say scheme: https", cause=Cause.CONFIGURATION
        )
    if first[:2] == b"\0\0" and first[3:4] == b"\x04" and first[5:9] == b"\0\0\0\0":
        return CannotAsk(
            f"{what}: HTTP/2 is spoken there without TLS (h2c, as gRPC does), "
            "and this probe speaks HTTP/1.1",
            hint="ask with tcp whether it listens, or with exec for its health",
            cause=Cause.CONFIGURATION,
        )
    return None
