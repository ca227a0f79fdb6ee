"""What one stand-in is: functions that answer for containers, under a name.

In: nothing. Out: the types that stand-ins are made of.
"""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from embedded.containers import ExecAnswer, HttpAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpQuestion:
    """An HTTP request to a Service (`service/NAME`) or a pod (`pod/NAME`)."""

    namespace: str
    target: str
    port: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


HttpStandIn = Callable[[HttpQuestion], HttpAnswer | None]
ExecStandIn = Callable[[str, str, str, tuple[str, ...]], ExecAnswer | None]
LogsStandIn = Callable[[str, str, str], str | None]
ConnectStandIn = Callable[[str, str, int, bytes], bytes | None]
StreamStandIn = Callable[[str, str, int], socket.socket | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """What one stand-in can answer; None where it cannot.

    Attributes:
        name: the name that its answers carry.
        http: answers HTTP requests.
        exec: answers commands: namespace, pod, container, command.
        logs: answers for logs: namespace, pod, container.
        connect: answers bytes: namespace, pod, port, what was sent.
        stream: returns a socket to something real that speaks for a port: namespace, pod, port.
    """

    name: str
    http: HttpStandIn | None = None
    exec: ExecStandIn | None = None
    logs: LogsStandIn | None = None
    connect: ConnectStandIn | None = None
    stream: StreamStandIn | None = None
