"""Which way to ask a Service: port-forward first, the API server's proxy second.

In: a ServiceRequest and `via`. Out: an HttpAnswer that says which way it came. The kubelet dials
inside the pod's network, so a deny-all policy does not stand in the way of a port-forward; the
proxy dials from the control plane and may be stopped by one.
"""

from drills.adapters.kube.asking import Asker
from drills.adapters.kube.http_forward import ask_pod
from drills.adapters.kube.http_proxy import ask_proxy
from drills.adapters.kube.services import NotListening, ServiceRequest
from drills.cluster import Cluster, HttpAnswer
from drills.errors import CannotAsk, Forbidden, Missing, NobodyAnswers, OutsideRefused


def ask_service(
    asker: Asker, cluster: Cluster, request: ServiceRequest, via: str = "auto"
) -> HttpAnswer:
    """Ask; raises Missing where the application does not answer, CannotAsk where no way leads.

    Args:
        asker: how the API server is asked.
        cluster: where Service and pods are looked up.
        request: what to ask.
        via: `auto`, `portForward` or `proxy`.
    """
    if via == "proxy":
        return ask_proxy(asker, request)
    try:
        return ask_pod(asker, cluster, request)
    except (CannotAsk, OutsideRefused) as first:
        final = isinstance(first, Missing) and not isinstance(first, NotListening)
        if via != "auto" or final:
            raise
        return _second_way(asker, request, first)


def _second_way(
    asker: Asker, request: ServiceRequest, first: OutsideRefused | CannotAsk
) -> HttpAnswer:
    try:
        return ask_proxy(asker, request)
    except (OutsideRefused, CannotAsk) as second:
        for told in (first, second):
            if isinstance(told, Missing):
                raise told from None
        if isinstance(second, NobodyAnswers):
            # Not a matter of rights: the embedded cluster says itself that nobody stands in.
            raise NobodyAnswers(str(second)) from second
        raise CannotAsk(
            f"{request.what}: no way leads there. Port-forward: {first}. Proxy: {second}",
            hint="grant pods/portforward (create, get) or services/proxy (get) in the sandbox",
            cause=first.cause if isinstance(first, Forbidden) else None,
        ) from second
