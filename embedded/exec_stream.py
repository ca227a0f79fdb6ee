"""Commands and logs of containers that do not exist.

In: exec and log requests for stored pods. Out: what a stand-in says, framed as the real kubelet
frames it (remotecommand v4 and v5: 1 stdout, 2 stderr, 3 the final Status), or 501 where nobody
stands in.
"""

from embedded.api_errors import ApiError, bad_request
from embedded.containers import Containers, ExecAnswer
from embedded.http_wire import Answer, Connection, Request, Response, Takeover
from embedded.json_objects import JsonObject, encoded, items, name_of, namespace_of, section
from embedded.websocket import WebSocket, chosen_protocol

STAND_IN = "X-Embedded-Stand-In"
_V4, _V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
_STDOUT, _STDERR, _STATUS = 1, 2, 3


def nobody(what: str) -> ApiError:
    """Return the 501 for a question that only a container could answer."""
    return ApiError(
        501,
        "NotImplemented",
        f"the embedded cluster runs no containers; no stand-in is registered for {what}",
    )


def container_of(pod: JsonObject, asked: str) -> str:
    """Return the container that a request means.

    Raises:
        ApiError: 400 when the pod has no such container.
    """
    names = [
        str(one.get("name"))
        for kind in ("containers", "initContainers", "ephemeralContainers")
        for one in items(pod, "spec", kind)
    ]
    if not asked:
        return names[0] if names else ""
    if asked not in names:
        raise bad_request(f"container {asked} is not valid for pod {name_of(pod)}")
    return asked


def logs_of(containers: Containers, pod: JsonObject, request: Request) -> Response:
    """Return a container's log.

    Raises:
        ApiError: 400 for an unknown container, 501 where nobody stands in.
    """
    container = container_of(pod, request.param("container"))
    if not section(pod, "spec").get("nodeName"):
        return Response(status=204)
    if request.param("previous") == "true":
        # No container here is ever started again.
        words = f'previous terminated container "{container}" in pod "{name_of(pod)}" not found'
        raise bad_request(words)
    text = containers.logs(namespace_of(pod), name_of(pod), container)
    if text is None:
        raise nobody(f"the log of pod {namespace_of(pod)}/{name_of(pod)}")
    if request.param("tailLines").isdigit():
        lines = text.splitlines(keepends=True)
        text = "".join(lines[len(lines) - min(int(request.param("tailLines")), len(lines)) :])
    return Response(
        body=text.encode(), content_type="text/plain", headers={STAND_IN: f"pod/{name_of(pod)}"}
    )


def exec_in(containers: Containers, pod: JsonObject, request: Request) -> Answer:
    """Return what takes the connection over to answer a command.

    Raises:
        ApiError: 400 for an unknown container or a plain request, 501 where nobody stands in.
    """
    container = container_of(pod, request.param("container"))
    command = request.params("command")
    if not command:
        raise bad_request("you must specify at least 1 command for the container")
    protocol = chosen_protocol(request, (_V5, _V4))
    answer = containers.exec(namespace_of(pod), name_of(pod), container, command)
    if answer is None:
        raise nobody(f"exec in pod {namespace_of(pod)}/{name_of(pod)}")

    def run(connection: Connection) -> None:
        socket = WebSocket(connection)
        socket.accept(request, protocol, {STAND_IN: answer.stand_in})
        _tell(socket, answer, request)
        socket.close()

    return Takeover(run=run)


def _tell(socket: WebSocket, answer: ExecAnswer, request: Request) -> None:
    if request.flag("stdout") and answer.stdout:
        socket.send(_STDOUT, answer.stdout)
    if request.flag("stderr") and answer.stderr:
        socket.send(_STDERR, answer.stderr)
    socket.send(_STATUS, encoded(_ending(answer.exit_code)))


def _ending(code: int) -> JsonObject:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "reason": "NonZeroExitCode",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }
