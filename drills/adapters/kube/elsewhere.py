"""Is a port that port-forward finds closed open on the pod's own address?

In: an endpoint where a port-forward was refused. Out: the error, as it is or as what it turned out
to be. Port-forward dials 127.0.0.1 inside the pod's network (containerd
`internal/cri/server/sandbox_portforward_linux.go`, 2.1), so an application bound to the pod's
address alone refuses it; the API server's proxy dials that address, and its words tell whether
somebody listens, whatever protocol is spoken there.

| the proxy says | result |
|---|---|
| refused as well | NotListening: nothing listens |
| an answer, or one that is no HTTP | CannotAsk: it listens where no bytes can be carried to |
| no right, no way, no answer in time | NotListening, and that the address could not be asked |
"""

from urllib.parse import quote

import urllib3

from drills import objects
from drills.adapters.kube.asking import Asker
from drills.adapters.kube.channels import STAND_IN
from drills.adapters.kube.refusals import status_of
from drills.adapters.kube.services import Endpoint, NotListening
from drills.adapters.kube.wire import Answer, NoAnswer, Request
from drills.errors import CannotAsk, DrillError
from drills.ports import Deadline

SECONDS = 2.0
LONGEST_STATUS = 64 * 1024
_LISTENS = ("malformed HTTP", "EOF", "reset by peer", "broken pipe", "HTTP/1.x transport")


def look_elsewhere(
    asker: Asker, namespace: str, endpoint: Endpoint, deadline: Deadline, refused: DrillError
) -> DrillError:
    """Return what the refusal of a port-forward turns out to be."""
    left = min(SECONDS, deadline.left)
    told = _told(asker, namespace, endpoint, left) if left > 0 else None
    if told is None:
        return NotListening(f"{refused}; the pod's own address could not be asked")
    if not told:
        return NotListening(f"{refused}; nor does anything on the pod's own address")
    return CannotAsk(
        f"{refused}; but on the pod's own address something listens ({told})",
        hint="port-forward reaches 127.0.0.1 only: ask with exec, or let it listen on 0.0.0.0",
    )


def _told(asker: Asker, namespace: str, endpoint: Endpoint, seconds: float) -> str | None:
    """Return what the pod's address says, '' where nothing listens, None for the unknown."""
    place = quote(f"http:{endpoint.pod}:{endpoint.port}", safe=":")
    request = Request(
        what="ask the pod's own address",
        method="GET",
        path=f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{place}/proxy/",
        read_seconds=seconds,
    )
    try:
        response = asker.wire.open(request)
        try:
            body = response.read(LONGEST_STATUS)
        finally:
            response.close()
    except (NoAnswer, urllib3.exceptions.HTTPError, OSError):
        return None
    headers = {name.lower(): value for name, value in response.headers.items()}
    return meaning(Answer(status=response.status, headers=headers, body=body))


def meaning(answer: Answer) -> str | None:
    """Return what an answer of the proxy tells, as `_told` does."""
    status = status_of(answer)
    if STAND_IN in answer.headers or objects.number(status, "code") != answer.status:
        return f"status {answer.status}"
    words = objects.text(status, "message")
    if "error trying to reach service" not in words:
        return None
    if "refused" in words:
        return ""
    return words[:200] if any(mark in words for mark in _LISTENS) else None
