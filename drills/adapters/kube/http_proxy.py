"""HTTP through the API server's own proxy, which dials from the control plane.

In: a ServiceRequest. Out: an HttpAnswer via `proxy`. The server's own troubles come back on the
same path as the application's answers; they are Status objects with words that only it uses.
"""

from http import HTTPStatus
from urllib.parse import quote, unquote

import urllib3

from drills import objects
from drills.adapters.kube.asking import Asker, unreachable
from drills.adapters.kube.channels import STAND_IN
from drills.adapters.kube.http_forward import LONGEST_BODY
from drills.adapters.kube.refusals import (
    NotImplementedThere,
    refusal,
    said,
    status_of,
)
from drills.adapters.kube.services import NotListening, ServiceRequest
from drills.adapters.kube.wire import Answer, NoAnswer, Request
from drills.cluster import HttpAnswer
from drills.errors import CannotAsk, DrillError, Missing, NobodyAnswers
from drills.findings import Cause

NOT_CARRIED = frozenset({"authorization", "host"})
"""Headers that the API server takes for its own: the application would never see them."""


def ask_proxy(asker: Asker, request: ServiceRequest) -> HttpAnswer:
    """Ask through the proxy; raises Missing, NotListening, Forbidden, CannotAsk, Unreachable."""
    lost = sorted(name.title() for name in request.headers if name.lower() in NOT_CARRIED)
    if lost:
        raise CannotAsk(
            f"{request.what}: the API server's proxy cannot carry the header {', '.join(lost)}",
            hint="grant pods/portforward, so that the request goes there directly",
        )
    if ".." in unquote(request.target.partition("?")[0]).split("/"):
        # The connection pool would resolve it, and ask the API server itself for something else.
        raise CannotAsk(f"{request.what}: '..' in the path", cause=Cause.CONFIGURATION)
    clock = asker.clock
    started = clock.monotonic()
    answer = _answer(asker, request)
    trouble = _own_trouble(request, answer)
    if trouble is not None:
        raise trouble
    return HttpAnswer(
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        seconds=clock.monotonic() - started,
        via="proxy",
        simulated=STAND_IN in answer.headers,
    )


def _answer(asker: Asker, request: ServiceRequest) -> Answer:
    place = quote(f"{request.scheme}:{request.service}:{request.port}", safe=":")
    root = f"/api/v1/namespaces/{quote(request.namespace, safe='')}/services/{place}/proxy"
    asked = Request(
        what=f"{request.what} through the API server",
        method=request.method,
        path=root + request.target,
        headers=request.headers,
        read_seconds=request.seconds,
    )
    attempts = asker.attempts(min(request.seconds, asker.patience))
    while True:
        try:
            return _whole(asker, asked)
        except NoAnswer as lost:
            if lost.reached:
                raise CannotAsk(f"{asked.what}: {lost}") from lost
            attempts.pause(unreachable(asked, lost))


def _whole(asker: Asker, asked: Request) -> Answer:
    response = asker.wire.open(asked)
    try:
        body = response.read(LONGEST_BODY)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise NoAnswer(str(error)[:300], reached=True) from error
    finally:
        response.close()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status, headers=headers, body=body)


def _own_trouble(request: ServiceRequest, answer: Answer) -> DrillError | None:
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
        named = objects.text(status, "details", "name").endswith(request.service)
        return error if named else None
    return error


def _unreached(request: ServiceRequest, answer: Answer, words: str) -> DrillError:
    """Tell a refusing application from a network that lets nothing through."""
    message = f"{request.what}: {said(answer)}"
    if "timeout" in words or "no route" in words or "unreachable" in words:
        return CannotAsk(
            message,
            hint="a network policy may stop the control plane; grant pods/portforward instead",
        )
    return NotListening(message)
