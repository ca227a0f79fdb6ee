"""Where a redirect leads, as far as it stays with the Service that was asked. Pure.

In: the request and its answer. Out: the next request, or None: there is no redirect, or it leads
elsewhere, and then the redirect itself is the answer. A login is never carried to anybody else.

| Location | followed |
|---|---|
| a path, or a query | yes |
| the same scheme, the name of the Service (as any of its names) or of the Host header, and the \
same port or none | yes |
| anything else | no |

303 turns into GET, and so do 301 and 302 after POST (RFC 9110, 15.4); 307 and 308 ask again as is.
"""

from dataclasses import replace
from http import HTTPStatus
from urllib.parse import SplitResult, urljoin, urlsplit

from drills.ports import HttpAnswer, HttpRequest

MOST = 10
_AGAIN = frozenset({HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT})
_MAY_TURN = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND})
_STATUSES = _AGAIN | _MAY_TURN | {HTTPStatus.SEE_OTHER}


def next_request(request: HttpRequest, answer: HttpAnswer) -> HttpRequest | None:
    """Return the request that the answer sends us to, None where it does not."""
    places = answer.values("Location")
    if answer.status not in _STATUSES or len(places) != 1:
        return None
    try:
        found = urlsplit(urljoin(f"{request.scheme}://here{request.path}", places[0]))
        same = _is_same(request, found)
    except ValueError:
        return None
    if not same:
        return None
    path = (found.path or "/") + (f"?{found.query}" if found.query else "")
    return replace(_turned(request, answer.status), path=path)


def _turned(request: HttpRequest, status: int) -> HttpRequest:
    turns = status == HTTPStatus.SEE_OTHER and request.method != "HEAD"
    if turns or (status in _MAY_TURN and request.method == "POST"):
        return replace(request, method="GET", body=b"")
    return request


def _is_same(request: HttpRequest, found: SplitResult) -> bool:
    if found.hostname == "here" and found.port is None:
        return True
    port = found.port
    return (
        found.scheme == request.scheme
        and _is_name(request, found.hostname or "")
        and (port is None or str(port) == request.port)
    )


def _is_name(request: HttpRequest, host: str) -> bool:
    hosts = (value for name, value in request.headers.items() if name.lower() == "host")
    if host in {said.partition(":")[0].lower() for said in hosts}:
        return True
    if not request.target.startswith("service/"):
        return False
    name, space = request.name, request.namespace
    return host in {
        name,
        f"{name}.{space}",
        f"{name}.{space}.svc",
        f"{name}.{space}.svc.cluster.local",
    }
