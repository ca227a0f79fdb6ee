"""HTTP through the API server's own proxy, which dials from the control plane.

In: a HttpRequest. Out: an HttpAnswer via `proxy`. The server's own troubles come back on the
same path as the application's answers; they are Status objects with words that only it uses.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from urllib.parse import quote, unquote

import urllib3

from drills import objects
from drills.adapters.kube.asking import Asker, unreachable
from drills.adapters.kube.channels import STAND_IN
from drills.adapters.kube.http_forward import SLOWER
from drills.adapters.kube.refusals import (
    NotImplementedThere,
    refusal,
    said,
    status_of,
)
from drills.adapters.kube.services import BrokenOff, NotListening, request_target
from drills.adapters.kube.wire import Answer, NoAnswer, Request
from drills.cluster import HttpAnswer, HttpRequest
from drills.errors import CannotAsk, DrillError, Missing, NobodyAnswers
from drills.findings import Cause
from drills.ports import Deadline

NOT_CARRIED = frozenset({"authorization", "host"})
"""Headers that the API server takes for its own: the application would never see them."""
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
PIECE = 64 * 1024


def ask_proxy(asker: Asker, request: HttpRequest, deadline: Deadline) -> HttpAnswer:
    """Ask through the proxy; raises Missing, NotListening, Forbidden, CannotAsk, Unreachable."""
    _refuse_what_is_lost(request)
    if ".." in unquote(request_target(request.path).partition("?")[0]).split("/"):
        # The connection pool would resolve it, and ask the API server itself for something else.
        raise CannotAsk(f"{request.what}: '..' in the path", cause=Cause.CONFIGURATION)
    clock = asker.clock
    started = clock.monotonic()
    answer, headers, whole = _answer(asker, request, deadline)
    trouble = _own_trouble(request, answer)
    if trouble is not None:
        raise trouble
    return HttpAnswer(
        status=answer.status,
        headers=headers,
        body=answer.body,
        whole=whole,
        seconds=clock.monotonic() - started,
        via="proxy",
        simulated=STAND_IN in answer.headers,
    )


def _refuse_what_is_lost(request: HttpRequest) -> None:
    lost = [
        f"the header {name.title()}"
        for name in sorted(request.headers)
        if name.lower() in NOT_CARRIED
    ]
    lost += ["serverName"] if request.server_name else []
    lost += ["a client certificate"] if request.certificate else []
    if lost:
        raise CannotAsk(
            f"{request.what}: the API server's proxy cannot carry {', '.join(lost)}",
            hint="grant pods/portforward, so that the request goes there directly",
        )


_Found = tuple[Answer, tuple[tuple[str, str], ...], bool]


def _answer(asker: Asker, request: HttpRequest, deadline: Deadline) -> _Found:
    kind = "services" if request.target.startswith("service/") else "pods"
    place = quote(f"{request.scheme}:{request.name}:{request.port}", safe=":")
    root = f"/api/v1/namespaces/{quote(request.namespace, safe='')}/{kind}/{place}/proxy"
    asked = Request(
        what=f"{request.what} through the API server",
        method=request.method,
        path=root + request_target(request.path),
        headers=request.headers,
        data=request.body or None,
    )
    attempts = asker.attempts(deadline=deadline)
    used = asker.wire.credentials()
    renewed = False
    while True:
        try:
            found = _read(asker, asked, request.max_body, deadline)
            if renewed or not _refuses_us(found[0]):
                return found
            asker.wire.renew(used)
            renewed = True
        except NoAnswer as lost:
            if lost.reached:
                raise CannotAsk(f"{asked.what}: {lost}") from lost
            attempts.pause(unreachable(asked, lost))


def _refuses_us(answer: Answer) -> bool:
    """Return whether the API server itself does not know us, and not the application."""
    unauthorized = answer.status == HTTPStatus.UNAUTHORIZED
    return unauthorized and objects.number(status_of(answer), "code") == answer.status


def _read(asker: Asker, asked: Request, most: int, deadline: Deadline) -> _Found:
    """Ask, and read the body to its end.

    The API server's own transport breaks the connection off where the application does
    (net/http/httputil ReverseProxy, Go 1.24), which shows as a length or a chunk that is not met.
    """
    response = asker.wire.open(asker.until(deadline).timed(asked), renews=False)
    status = f"{asked.what}: status {response.status}, and"
    data, late, trouble = bytearray(), threading.Event(), None
    try:
        with _ended_at(response, deadline, late):
            while len(data) <= most and (more := response.read(min(PIECE, most + 1 - len(data)))):
                data += more
    except (urllib3.exceptions.HTTPError, OSError) as error:
        trouble = error
    finally:
        response.close()
    if late.is_set() or isinstance(trouble, urllib3.exceptions.ReadTimeoutError):
        words = f"{status} the answer had not ended in time; {len(data)} bytes had come"
        raise CannotAsk(words, hint=SLOWER)
    if not _framed(response, asked.method):
        raise CannotAsk(f"{status} the connection to the API server broke off")
    if trouble is not None:
        raise BrokenOff(f"{status} the answer broke off after {len(data)} bytes")
    pairs = tuple((name, value) for name, value in response.headers.iteritems())
    headers = {name.lower(): value for name, value in pairs}
    answer = Answer(status=response.status, headers=headers, body=bytes(data[:most]))
    return answer, pairs, len(data) <= most


def _framed(response: urllib3.BaseHTTPResponse, method: str) -> bool:
    """Return whether the answer says where it ends, as all of the API server's do.

    Go's server gives each body a length or sends it in chunks (net/http `transferWriter`); an
    answer with neither lost its last headers on the way.
    """
    bodiless = method == "HEAD" or response.status in _BODILESS
    said = response.headers.get("Content-Length", "")
    chunked = response.headers.get("Transfer-Encoding", "").strip().lower() == "chunked"
    return bodiless or chunked or said.strip().isdigit()


@contextmanager
def _ended_at(
    response: urllib3.BaseHTTPResponse, deadline: Deadline, late: threading.Event
) -> Iterator[None]:
    """End the connection when the moment comes, however slowly bytes drip in until then."""
    try:
        watched = socket.socket(fileno=os.dup(response.fileno()))
    except (AttributeError, OSError, ValueError):
        yield  # all of it has been read
        return

    def end() -> None:
        late.set()
        with suppress(OSError):
            watched.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline.left), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        watched.close()


def _own_trouble(request: HttpRequest, answer: Answer) -> DrillError | None:
    """Return what the API server itself says, None where the application answered."""
    status = status_of(answer)
    if STAND_IN in answer.headers or objects.number(status, "code") != answer.status:
        return None
    words = objects.text(status, "message")
    if "no endpoints available" in words or "no service port" in words:
        return Missing(f"{request.what}: {said(answer)}")
    if "error trying to reach service" in words:
        return _unreached(request, answer, words)
    error = refusal(f"{request.what} through the API server", answer)
    if isinstance(error, NotImplementedThere):
        return NobodyAnswers(str(error))
    if answer.status == HTTPStatus.NOT_FOUND and isinstance(error, Missing):
        named = objects.text(status, "details", "name").endswith(request.name)
        return error if named else None
    return error


_ANOTHER_WAY = (
    (
        "remote error: tls",
        "the server speaks TLS and refuses ours",
        "say serverName, or clientCertificate, and grant pods/portforward, which carries them",
    ),
    (
        'malformed HTTP response "\\x00\\x00',
        "HTTP/2 is spoken there without TLS (h2c, gRPC)",
        "ask with tcp whether it listens, or with exec for its health",
    ),
    ('malformed HTTP response "\\x15\\x03', "TLS is spoken there", "say scheme: https"),
)
"""What Go's transport says of a server that has to be asked in another way."""


def _unreached(request: HttpRequest, answer: Answer, words: str) -> DrillError:
    """Tell a refusing application from a network that lets nothing through."""
    message = f"{request.what}: {said(answer)}"
    for mark, told, hint in _ANOTHER_WAY:
        if mark in words:
            return CannotAsk(f"{message}: {told}", hint=hint)
    if "timeout" in words or "no route" in words or "unreachable" in words:
        return CannotAsk(
            message,
            hint="a network policy may stop the control plane; grant pods/portforward instead",
        )
    return NotListening(message)
