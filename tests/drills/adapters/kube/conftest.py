"""A scripted API server for faults, and an embedded one for everything that behaves."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drills.adapters.kube import KubeCluster, connect_cluster
from drills.adapters.kube.watching import Timing
from drills.objects import KubeObject
from embedded.apiserver import ApiServer
from embedded.containers import ExecAnswer, HttpAnswer
from embedded.storage import Storage
from tests.drills.adapters.kube.scripted_api import ScriptedApi


@dataclass
class StandIns:
    """Answers for containers, as a test sets them up."""

    pages: dict[str, HttpAnswer] = field(default_factory=dict)
    """By `TARGET METHOD PATH`."""
    commands: dict[tuple[str, ...], ExecAnswer] = field(default_factory=dict)
    echo: bool = False
    dial: Callable[[], socket.socket] | None = None
    log: str | None = None
    headers: list[Mapping[str, str]] = field(default_factory=list)
    """Those of each page that was asked for."""

    @property
    def ways(self) -> frozenset[str]:
        """Return the ways in which a test set answers up."""
        there = {"bytes": self.echo, "tunnel": self.dial, "http": self.pages, "exec": self.commands}
        return frozenset(way for way, answers in there.items() if answers)

    def http(  # noqa: PLR0917 - as the Protocol has it
        self,
        namespace: str,
        target: str,
        port: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> HttpAnswer | None:
        """Answer a page that the test set up."""
        self.headers.append(headers)
        return self.pages.get(f"{target} {method} {path}")

    def connect(self, namespace: str, pod: str, port: int, data: bytes) -> bytes | None:
        """Echo, where the test wants it."""
        return b"you said " + data if self.echo else None

    def stream(self, namespace: str, pod: str, port: int) -> socket.socket | None:
        """Hand out a socket, where the test has something to speak through it."""
        return self.dial() if self.dial else None

    def exec(
        self, namespace: str, pod: str, container: str, command: tuple[str, ...]
    ) -> ExecAnswer | None:
        """Answer a command that the test set up."""
        return self.commands.get(command)

    def logs(self, namespace: str, pod: str, container: str) -> str | None:
        """Return the test's log."""
        return self.log


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    with ScriptedApi() as api:
        yield api


@pytest.fixture
def hold() -> Iterator[threading.Event]:
    """A silence that ends with the test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def stand_ins() -> StandIns:
    return StandIns()


@pytest.fixture
def server(stand_ins: StandIns) -> Iterator[ApiServer]:
    server = ApiServer(Storage(), stand_ins)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def cluster(server: ApiServer, tmp_path: Path) -> KubeCluster:
    """The adapter, connected to an embedded API server with namespace `box`."""
    server.write_kubeconfig(tmp_path / "config")
    timing = Timing(server_seconds=2, slack_seconds=1)
    cluster = connect_cluster(kubeconfig=str(tmp_path / "config"), patience=5, timing=timing)
    cluster.create(namespace("box"))
    return cluster


@contextmanager
def pod_behind(service: str, stand_ins: StandIns, folder: Path) -> Iterator[KubeCluster]:
    """A cluster whose namespace `box` holds one Service with a ready pod, for whole probes."""
    server = ApiServer(Storage(), stand_ins)
    server.start()
    server.write_kubeconfig(folder / "config")
    cluster = connect_cluster(kubeconfig=str(folder / "config"), patience=5)
    cluster.create(namespace("box"))
    cluster.create(a_service(service))
    run_pod(server, service)
    yield cluster
    cluster.close()
    server.stop()


def namespace(name: str) -> KubeObject:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def a_config_map(name: str, **labels: str) -> KubeObject:
    metadata = {"name": name, "namespace": "box", "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "1"}}


def a_service(name: str, **spec: object) -> KubeObject:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "box"},
        "spec": {
            "selector": {"app": name},
            "ports": [{"name": "web", "port": 80, "targetPort": "http"}],
            **spec,
        },
    }


def a_pod(app: str, *, ready: bool = True) -> KubeObject:
    port = {"name": "http", "containerPort": 8080}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{app}-0", "namespace": "box", "labels": {"app": app}},
        "spec": {
            "nodeName": "node-1",
            "containers": [{"name": "main", "image": "x", "ports": [port]}],
        },
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


def run_pod(server: ApiServer, app: str, *, ready: bool = True) -> None:
    """Store a pod with its status, as a kubelet would leave it."""
    pods = server.storage.types.by_group_resource("pods")
    assert pods is not None
    pod = dict(a_pod(app, ready=ready))
    server.storage.create(pods, pod)
    stored = server.storage.get(pods, "box", f"{app}-0")
    server.storage.update(pods, {**stored, "status": pod["status"]}, subresource="status")
