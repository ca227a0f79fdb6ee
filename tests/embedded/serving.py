"""An embedded API server for one test, with stand-ins that answer for its containers.

In: nothing. Out: a running server, a client for it, and a pod to ask.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded.apiserver import ApiServer
from embedded.containers import Containers, ExecAnswer, HttpAnswer
from embedded.json_objects import JsonObject
from embedded.resource_types import ResourceType
from embedded.storage import Storage
from tests.conformance.api import Api, connect


@dataclass(frozen=True)
class Serving:
    """A running server and a client for it."""

    server: ApiServer
    api: Api
    kubeconfig: Path

    @property
    def storage(self) -> Storage:
        """Return what the server stores."""
        return self.server.storage

    def type(self, group_resource: str) -> ResourceType:
        """Return a served type."""
        found = self.storage.types.by_group_resource(group_resource)
        assert found is not None
        return found


@contextmanager
def serving(
    folder: Path, containers: Containers | None = None, storage: Storage | None = None
) -> Iterator[Serving]:
    """Yield a running server that stops afterwards."""
    server = ApiServer(storage or Storage(), containers)
    server.start()
    path = folder / "kubeconfig"
    server.write_kubeconfig(path)
    api = connect(path, "embedded")
    yield Serving(server, api, path)
    api.client.rest_client.pool_manager.clear()
    server.stop()


class ShopContainers:
    """Stands in for a shop: it answers HTTP, `cat` and an echo port, and keeps a log."""

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
        """Repeat what was asked."""
        if not target.endswith("/shop"):
            return None
        told = f"{method} {namespace} {target}:{port} {path} {body.decode()}"
        return HttpAnswer(
            stand_in="shop", body=told.encode(), headers={"Content-Type": "text/shop", "X-Own": "1"}
        )

    def stream(self, namespace: str, pod: str, port: int) -> None:
        """Have no socket to give."""

    def connect(self, namespace: str, pod: str, port: int, data: bytes) -> bytes | None:
        """Echo on port 7."""
        return data.upper() if port == 7 else None

    def exec(
        self, namespace: str, pod: str, container: str, command: tuple[str, ...]
    ) -> ExecAnswer | None:
        """Print long output for `cat`, fail for `false`."""
        if command[0] == "cat":
            return ExecAnswer(stand_in="shop", stdout=b"x" * 100_000 + b"end", stderr=b"warned")
        if command[0] == "false":
            return ExecAnswer(stand_in="shop", exit_code=7)
        return None

    def logs(self, namespace: str, pod: str, container: str) -> str | None:
        """Return three lines."""
        return "one\ntwo\nthree\n" if pod == "shop" else None


def pod(name: str) -> JsonObject:
    """Return a pod on a node; its status has to be patched in."""
    return {
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"nodeName": "node", "containers": [{"name": "main", "image": "none"}]},
    }


def ready_status() -> JsonObject:
    """Return the status of a ready pod."""
    return {
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


def add_shop(api: Api) -> None:
    """Put a ready pod `shop` and a Service before it into the default namespace."""
    place = "/api/v1/namespaces/default"
    assert api.post(f"{place}/pods", pod("shop")).status == 201
    assert api.patch(f"{place}/pods/shop/status", ready_status()).status == 200
    spec = {"selector": {"app": "shop"}, "ports": [{"name": "web", "port": 80}]}
    assert api.post(f"{place}/services", {"metadata": {"name": "shop"}, "spec": spec}).status == 201
