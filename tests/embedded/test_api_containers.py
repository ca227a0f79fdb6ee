"""Proxy, exec, logs and port-forward, answered by stand-ins or refused honestly."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client
from kubernetes.stream import portforward, stream

from tests.embedded.serving import Serving, ShopContainers, add_shop, pod, serving

_PLACE = "/api/v1/namespaces/default"
_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "c2VjcmV0IHNlY3JldCBzZQ==",
    "Sec-WebSocket-Protocol": "v4.channel.k8s.io",
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Serving]:
    """Yield a server with a shop behind a Service."""
    with serving(tmp_path, ShopContainers()) as running:
        add_shop(running.api)
        yield running


@pytest.fixture
def nobody(tmp_path: Path) -> Iterator[Serving]:
    """Yield a server with the same objects and nobody to stand in."""
    with serving(tmp_path) as running:
        add_shop(running.api)
        yield running


@pytest.mark.parametrize("name", ["shop", "shop:80", "shop:web", "http:shop:80", "http:shop:web"])
def test_service_proxy_reaches_the_stand_in(shop: Serving, name: str) -> None:
    answer = shop.api.get(f"{_PLACE}/services/{name}/proxy/health/z", deep="1")
    assert answer.status == 200
    assert answer.body == "GET default service/shop:80 /health/z?deep=1 "
    assert answer.headers["X-Embedded-Stand-In"] == "shop"
    assert (answer.headers["Content-Type"], answer.headers["X-Own"]) == ("text/shop", "1")


def test_proxy_carries_method_and_body_and_not_the_token(shop: Serving) -> None:
    answer = shop.api.post(f"{_PLACE}/pods/shop:8080/proxy/orders", {"n": 1})
    assert answer.body == 'POST default pod/shop:8080 /orders {"n": 1}'


def test_proxy_through_the_official_client(shop: Serving) -> None:
    core = client.CoreV1Api(shop.api.client)
    told = core.connect_get_namespaced_service_proxy_with_path("http:shop:80", "default", "healthz")
    assert "/healthz" in told


def test_a_service_whose_pod_is_not_ready_is_503(shop: Serving) -> None:
    patch = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    shop.api.patch(f"{_PLACE}/pods/shop/status", patch)
    assert shop.api.get(f"{_PLACE}/services/shop:80/proxy/").status == 503


def test_without_a_stand_in_the_proxy_says_501(nobody: Serving) -> None:
    refused = nobody.api.get(f"{_PLACE}/services/shop:80/proxy/")
    assert (refused.status, refused.reason) == (501, "NotImplemented")
    assert refused.message == (
        "the embedded cluster runs no containers; no stand-in is registered for service "
        "default/shop"
    )


def test_exec_returns_output_and_success(shop: Serving) -> None:
    core = client.CoreV1Api(shop.api.client)
    session = stream(
        core.connect_get_namespaced_pod_exec,
        "shop",
        "default",
        command=["cat", "/file"],
        stdout=True,
        stderr=True,
        stdin=False,
        tty=False,
        _preload_content=False,
    )
    session.run_forever(timeout=10)
    out = session.read_stdout()
    assert (len(out), out[-3:]) == (100_003, "end")
    assert session.read_stderr() == "warned"
    assert session.returncode == 0
    assert session.sock.getheaders()["x-embedded-stand-in"] == "shop"
    session.sock.shutdown()


def test_exec_reports_the_exit_code(shop: Serving) -> None:
    core = client.CoreV1Api(shop.api.client)
    session = stream(
        core.connect_get_namespaced_pod_exec,
        "shop",
        "default",
        command=["false"],
        stdout=True,
        _preload_content=False,
    )
    session.run_forever(timeout=10)
    assert session.returncode == 7
    session.sock.shutdown()


@pytest.mark.parametrize(
    ("name", "command", "status"),
    [("shop", "unknown", 501), ("missing", "cat", 404), ("waiting", "cat", 400)],
)
def test_exec_that_cannot_be_is_refused_before_the_handshake(
    shop: Serving, name: str, command: str, status: int
) -> None:
    waiting = pod("waiting")
    del waiting["spec"]["nodeName"]
    shop.api.post(f"{_PLACE}/pods", waiting)
    path = f"{_PLACE}/pods/{name}/exec"
    query = {"command": command, "stdout": "true"}
    refused = shop.api.call("GET", path, query=query, headers=_UPGRADE)
    assert (refused.status, refused.body["kind"]) == (status, "Status")


def test_logs_come_from_the_stand_in(shop: Serving) -> None:
    answer = shop.api.get(f"{_PLACE}/pods/shop/log", tailLines=2)
    assert answer.body == "two\nthree\n"
    assert "X-Embedded-Stand-In" in answer.headers


def test_logs_without_a_stand_in_are_501(nobody: Serving) -> None:
    assert nobody.api.get(f"{_PLACE}/pods/shop/log").status == 501


@contextmanager
def _forwarded(running: Serving, port: int) -> Iterator[Any]:
    """Yield a port-forward; the client library leaves its sockets to whoever comes last."""
    core = client.CoreV1Api(running.api.client)
    forwarding = portforward(
        core.connect_get_namespaced_pod_portforward, "shop", "default", ports=str(port)
    )
    yield forwarding
    forwarding.close()
    for one in threading.enumerate():
        if one.name.startswith("Kubernetes port forward proxy"):
            one.join(10)
    forwarding.websocket.shutdown()


def test_http_over_a_port_forward(shop: Serving) -> None:
    with _forwarded(shop, 8080) as forwarding:
        connection = http.client.HTTPConnection("shop", 8080)
        connection.sock = forwarding.socket(8080)
        for path in ("/one", "/two"):
            connection.request("POST", path, body=b"hello")
            answer = connection.getresponse()
            assert answer.read().decode() == f"POST default pod/shop:8080 {path} hello"
            assert answer.headers["X-Embedded-Stand-In"] == "shop"


def test_raw_bytes_over_a_port_forward(shop: Serving) -> None:
    with _forwarded(shop, 7) as forwarding:
        socket = forwarding.socket(7)
        socket.settimeout(10)
        socket.sendall(b"ping")
        assert socket.recv(100) == b"PING"


def test_a_port_that_nobody_answers_says_so_on_its_error_channel(shop: Serving) -> None:
    with _forwarded(shop, 9) as forwarding:
        socket = forwarding.socket(9)
        socket.settimeout(10)
        socket.sendall(b"ping")
        assert socket.recv(100) == b""
        assert "no stand-in is registered for port 9 of pod default/shop" in forwarding.error(9)


def test_a_port_forward_needs_a_websocket(shop: Serving) -> None:
    refused = shop.api.get(f"{_PLACE}/pods/shop/portforward", ports="80")
    assert (refused.status, refused.message) == (400, "Upgrade request required")
