"""Stand-ins: who answers for containers that do not exist.

In: names of built-in stand-ins, or a test's own functions. Out: one `Containers` for the API
server; every answer carries the name of the stand-in that gave it.
"""

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from embedded.containers import ExecAnswer, HttpAnswer
from embedded.network_stand_ins import (
    enforced_network,
    exempt_network,
    half_open_network,
    ignored_network,
    selective_network,
)
from embedded.objects import Objects
from embedded.sample_stand_ins import ledger, shop
from embedded.stand_in import (
    ConnectStandIn,
    ExecStandIn,
    HttpQuestion,
    HttpStandIn,
    LogsStandIn,
    StandIn,
    StreamStandIn,
)

BUILT_IN: Mapping[str, Callable[[Objects], StandIn]] = {
    "shop": shop,
    "ledger": ledger,
    "enforced-network": enforced_network,
    "ignored-network": ignored_network,
    "half-open-network": half_open_network,
    "exempt-network": exempt_network,
    "selective-network": selective_network,
}
"""The built-in stand-ins, by name."""


class UnknownStandIn(Exception):
    """A stand-in was asked for by a name that nobody has."""


class StandIns:
    """All stand-ins of one cluster; the newest that answers decides."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._lock = threading.Lock()
        self._all: tuple[StandIn, ...] = ()

    def use(self, name: str) -> None:
        """Let a built-in stand-in answer from now on.

        Raises:
            UnknownStandIn: when there is none of the name.
        """
        if name not in BUILT_IN:
            raise UnknownStandIn(
                f"there is no stand-in called {name!r}; known are {', '.join(sorted(BUILT_IN))}"
            )
        self.add(BUILT_IN[name](self._objects))

    def register(
        self,
        name: str,
        *,
        http: HttpStandIn | None = None,
        exec: ExecStandIn | None = None,  # noqa: A002  # the word of the Containers Protocol
        logs: LogsStandIn | None = None,
        connect: ConnectStandIn | None = None,
        stream: StreamStandIn | None = None,
    ) -> None:
        """Let a test's own functions answer from now on; a later one of the name replaces it."""
        self.add(
            StandIn(name=name, http=http, exec=exec, logs=logs, connect=connect, stream=stream)
        )

    def add(self, one: StandIn) -> None:
        """Let a stand-in answer from now on, before all others."""
        with self._lock:
            self._all = (one, *(other for other in self._all if other.name != one.name))

    def remove(self, name: str) -> None:
        """Let a stand-in answer no longer."""
        with self._lock:
            self._all = tuple(one for one in self._all if one.name != name)

    @property
    def ways(self) -> frozenset[str]:
        """Return the ways in which any stand-in may answer."""
        return frozenset(
            way
            for one in self._all
            for way, answer in (
                ("http", one.http),
                ("bytes", one.connect),
                ("tunnel", one.stream),
                ("exec", one.exec),
                ("logs", one.logs),
            )
            if answer is not None
        )

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
        """Answer an HTTP request."""
        question = HttpQuestion(
            namespace=namespace,
            target=target,
            port=port,
            method=method,
            path=path,
            headers=headers,
            body=body,
        )
        for one in self._all:
            answer = one.http(question) if one.http else None
            if answer is not None:
                return replace(answer, stand_in=one.name)
        return None

    def connect(self, namespace: str, pod: str, port: int, data: bytes) -> bytes | None:
        """Answer bytes sent to a pod's port."""
        answers = (one.connect(namespace, pod, port, data) for one in self._all if one.connect)
        return next((answer for answer in answers if answer is not None), None)

    def stream(self, namespace: str, pod: str, port: int) -> socket.socket | None:
        """Return a socket that speaks for a pod's port."""
        found = (one.stream(namespace, pod, port) for one in self._all if one.stream)
        return next((one for one in found if one is not None), None)

    def exec(
        self, namespace: str, pod: str, container: str, command: tuple[str, ...]
    ) -> ExecAnswer | None:
        """Answer a command."""
        for one in self._all:
            answer = one.exec(namespace, pod, container, command) if one.exec else None
            if answer is not None:
                return replace(answer, stand_in=one.name)
        return None

    def logs(self, namespace: str, pod: str, container: str) -> str | None:
        """Answer for a container's log."""
        answers = (one.logs(namespace, pod, container) for one in self._all if one.logs)
        return next((answer for answer in answers if answer is not None), None)
