"""The service and pod proxy of the API server.

In: requests under .../services/[scheme:]NAME[:PORT]/proxy/PATH and .../pods/NAME[:PORT]/proxy/PATH.
Out: what a stand-in answers, marked with its name; 503 for a Service without a ready pod behind it,
as the real one; 501 where nobody stands in.
"""

from embedded.api_errors import ApiError
from embedded.containers import Containers
from embedded.exec_stream import STAND_IN, nobody
from embedded.http_wire import Request, Response
from embedded.json_objects import JsonObject, items, section
from embedded.ledger import Entry
from embedded.routes import Target
from embedded.selectors import matches_labels
from embedded.storage import Storage

_SCHEMES = frozenset({"http", "https"})


def proxied(storage: Storage, containers: Containers, target: Target, request: Request) -> Response:
    """Return the stand-in's answer to a proxied request.

    Raises:
        ApiError: 404 for no such Service or pod, 503 without ready pods, 501 without a stand-in.
    """
    name, port = _name_and_port(target.name)
    found = storage.get(target.type, target.namespace, name)
    kind = target.type.singular
    if kind == "service":
        port = _service_port(found, name, port)
        _require_ready_pod(storage, found, target.namespace, name)
    path = "/" + "/".join(target.rest)
    if request.path.endswith("/") and not path.endswith("/"):
        path += "/"
    if request.raw_query:
        path += f"?{request.raw_query}"
    headers = {key: value for key, value in request.headers.items() if key != "authorization"}
    answer = containers.http(
        target.namespace, f"{kind}/{name}", port, request.method, path, headers, request.body
    )
    if answer is None:
        raise nobody(f"{kind} {target.namespace}/{name}")
    rest = {key: value for key, value in answer.headers.items() if key.lower() != "content-type"}
    shown = {key.lower(): value for key, value in answer.headers.items()}
    return Response(
        status=answer.status,
        body=answer.body,
        content_type=shown.get("content-type", "text/plain; charset=utf-8"),
        headers={**rest, STAND_IN: answer.stand_in},
    )


def _name_and_port(text: str) -> tuple[str, str]:
    parts = text.split(":")
    if len(parts) > 1 and parts[0] in (_SCHEMES | {""}):
        parts = parts[1:]
    return parts[0], parts[1] if len(parts) > 1 else ""


def _service_port(service: JsonObject, name: str, asked: str) -> str:
    """Return the number of the Service's port that a name, a number or nothing means."""
    ports = items(service, "spec", "ports")
    if not asked and len(ports) == 1:
        return str(ports[0].get("port"))
    for one in ports:
        if asked in {str(one.get("name", "")), str(one.get("port"))}:
            return str(one.get("port"))
    raise _unavailable(f'no service port "{asked}" found for service "{name}"')


def _require_ready_pod(storage: Storage, service: JsonObject, namespace: str, name: str) -> None:
    pods = storage.types.by_group_resource("pods")
    wanted = section(service, "spec", "selector")
    entries: tuple[Entry, ...] = storage.entries(pods, namespace)[0] if pods else ()
    behind = (one.body for one in entries if matches_labels(wanted, one.body))
    if not any(is_ready(pod) for pod in behind):
        raise _unavailable(f'no endpoints available for service "{name}"')


def is_ready(pod: JsonObject) -> bool:
    """Return whether a pod's Ready condition is true."""
    return any(
        one.get("type") == "Ready" and one.get("status") == "True"
        for one in items(pod, "status", "conditions")
    )


def _unavailable(message: str) -> ApiError:
    return ApiError(503, "ServiceUnavailable", message)
