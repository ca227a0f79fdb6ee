"""What a FakeCluster's containers and Services answer: whatever the test hangs in."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from drills.cluster import (
    Connection,
    ExecAnswer,
    HttpAnswer,
    HttpRequest,
    LogAnswer,
    TlsWish,
    Tunnel,
)
from drills.errors import CannotAsk


class FakeContainers:
    """The talking half of the Cluster port; hang callables into the `on_...` attributes."""

    def __init__(self) -> None:
        self.on_http: Callable[..., HttpAnswer] | None = None
        self.on_exec: Callable[..., ExecAnswer] | None = None
        self.on_logs: Callable[..., LogAnswer] | None = None
        self.on_connect: Callable[..., AbstractContextManager[Connection]] | None = None
        self.on_stream: Callable[..., AbstractContextManager[Tunnel]] | None = None

    def http(self, request: HttpRequest, *, timeout: float) -> HttpAnswer:
        """Answer through `on_http`; raises CannotAsk without one."""
        if self.on_http is None:
            raise CannotAsk("nothing answers HTTP here")
        return self.on_http(request, timeout=timeout)

    def connect(
        self,
        namespace: str,
        target: str,
        port: str,
        *,
        timeout: float,
        tls: TlsWish | None = None,
    ) -> AbstractContextManager[Connection]:
        """Answer through `on_connect`; raises CannotAsk without one."""
        if self.on_connect is None:
            raise CannotAsk("nothing listens here")
        return self.on_connect(namespace, target, port, timeout=timeout, tls=tls)

    def stream(
        self, namespace: str, target: str, port: str, *, timeout: float
    ) -> AbstractContextManager[Tunnel]:
        """Answer through `on_stream`; raises CannotAsk without one."""
        if self.on_stream is None:
            raise CannotAsk("nothing listens here")
        return self.on_stream(namespace, target, port, timeout=timeout)

    def exec(
        self, namespace: str, pod: str, container: str, command: Sequence[str], *, timeout: float
    ) -> ExecAnswer:
        """Answer through `on_exec`; raises CannotAsk without one."""
        if self.on_exec is None:
            raise CannotAsk("no container runs here")
        return self.on_exec(namespace, pod, container, command, timeout=timeout)

    def logs(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        tail: int | None = None,
        since: float | None = None,
        previous: bool = False,
        timeout: float,
    ) -> LogAnswer:
        """Answer through `on_logs`; raises CannotAsk without one."""
        if self.on_logs is None:
            raise CannotAsk("no container runs here")
        return self.on_logs(
            namespace, pod, container, tail=tail, since=since, previous=previous, timeout=timeout
        )
