"""Which way to ask: port-forward first, the API server's proxy second.

In: an HttpRequest and the moment by which the answer must be whole, whichever way it comes. Out: an
HttpAnswer that says which way it came. The kubelet dials inside the pod's network, so a deny-all
policy does not stand in the way of a port-forward; the proxy dials from the control plane and may
be stopped by one.

| port-forward says | proxy says | result |
|---|---|---|
| nothing answers there | anything but an answer | what port-forward says |
| no right, or not served | nothing answers there | what the proxy says |
| anything else | no answer | CannotAsk, with both |
"""

from drills.adapters.kube.asking import Asker
from drills.adapters.kube.http_forward import ask_pod
from drills.adapters.kube.http_proxy import ask_proxy
from drills.adapters.kube.services import BrokenOff, NotListening
from drills.cluster import Cluster, HttpAnswer, HttpRequest
from drills.errors import (
    CannotAsk,
    Forbidden,
    Missing,
    NobodyAnswers,
    NotServed,
    OutsideRefused,
)
from drills.findings import Cause
from drills.ports import Deadline

LEAST = 0.1
"""Seconds that must be left for a second way."""


def ask_service(
    asker: Asker, cluster: Cluster, request: HttpRequest, deadline: Deadline
) -> HttpAnswer:
    """Ask; raises Missing where the application does not answer, CannotAsk where no way leads."""
    if request.via == "proxy":
        return ask_proxy(asker, request, deadline)
    try:
        return ask_pod(asker, cluster, request, deadline)
    except (CannotAsk, OutsideRefused) as first:
        if request.via != "auto" or _final(first) or deadline.left < LEAST:
            raise
        return _second_way(asker, request, deadline, first)


def _final(first: CannotAsk | OutsideRefused) -> bool:
    """Return whether another way would only tell the same."""
    if isinstance(first, CannotAsk):
        return first.cause is Cause.CONFIGURATION
    unheard = isinstance(first, NotListening) and not isinstance(first, BrokenOff)
    return isinstance(first, Missing) and not unheard


def _second_way(
    asker: Asker, request: HttpRequest, deadline: Deadline, first: OutsideRefused | CannotAsk
) -> HttpAnswer:
    try:
        return ask_proxy(asker, request, deadline)
    except (OutsideRefused, CannotAsk) as second:
        if isinstance(first, Missing):
            raise first from None
        if isinstance(second, Missing) and isinstance(first, Forbidden | NotServed):
            raise second from None
        if isinstance(second, NobodyAnswers):
            # Not a matter of rights: the embedded cluster says itself that nobody stands in.
            raise NobodyAnswers(str(second)) from second
        raise CannotAsk(
            f"{request.what}: no way leads there. Port-forward: {first}. Proxy: {second}",
            hint=_hint(first),
            cause=first.cause if isinstance(first, Forbidden) else None,
        ) from second


def _hint(first: OutsideRefused | CannotAsk) -> str:
    rights = "grant pods/portforward (create, get) or services/proxy (get) in the sandbox"
    return rights if isinstance(first, Forbidden) else first.hint or rights
