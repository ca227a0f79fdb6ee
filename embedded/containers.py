"""What the embedded cluster asks of whoever stands in for containers.

No container runs here. A test or an example registers stand-ins by name behind this Protocol; the
API server asks it and marks every answer with the stand-in's name. None always means: nobody
stands in for this, which the client hears as 501 NotImplemented.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """An HTTP answer of a stand-in.

    Attributes:
        stand_in: the name of the stand-in that gave it.
        status: HTTP status code.
        headers: answer headers without Content-Length.
        body: answer body.
    """

    stand_in: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecAnswer:
    """What a stand-in's command printed and how it ended.

    Attributes:
        stand_in: the name of the stand-in that gave it.
        stdout: bytes for standard output.
        stderr: bytes for standard error.
        exit_code: 0 for success.
    """

    stand_in: str
    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int = 0


class Containers(Protocol):
    """Answers for containers that do not exist."""

    @property
    def ways(self) -> frozenset[str]:
        """Return the ways in which there may be an answer: http, bytes, tunnel, exec, logs."""
        ...

    def http(  # noqa: PLR0917  # an HTTP request has this many parts
        self,
        namespace: str,
        target: str,
        port: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> HttpAnswer | None:
        """Answer an HTTP request to `service/NAME` or `pod/NAME`."""
        ...

    def connect(self, namespace: str, pod: str, port: int, data: bytes) -> bytes | None:
        """Answer raw bytes that a port-forward carried to the pod's port."""
        ...

    def stream(self, namespace: str, pod: str, port: int) -> socket.socket | None:
        """Return a connected socket that bytes to the pod's port are carried to and from."""
        ...

    def exec(
        self, namespace: str, pod: str, container: str, command: tuple[str, ...]
    ) -> ExecAnswer | None:
        """Answer a command that was to be run in a container."""
        ...

    def logs(self, namespace: str, pod: str, container: str) -> str | None:
        """Return the container's log."""
        ...


class NoContainers:
    """Stands in for nothing: every question is answered with None."""

    ways: frozenset[str] = frozenset()

    def http(  # noqa: PLR0917  # as the Protocol has it
        self,
        namespace: str,
        target: str,
        port: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> HttpAnswer | None:
        """Return None."""
        del namespace, target, port, method, path, headers, body
        return None

    def connect(self, namespace: str, pod: str, port: int, data: bytes) -> bytes | None:
        """Return None."""
        del namespace, pod, port, data
        return None

    def stream(self, namespace: str, pod: str, port: int) -> socket.socket | None:
        """Return None."""
        del namespace, pod, port
        return None

    def exec(
        self, namespace: str, pod: str, container: str, command: tuple[str, ...]
    ) -> ExecAnswer | None:
        """Return None."""
        del namespace, pod, container, command
        return None

    def logs(self, namespace: str, pod: str, container: str) -> str | None:
        """Return None."""
        del namespace, pod, container
        return None
