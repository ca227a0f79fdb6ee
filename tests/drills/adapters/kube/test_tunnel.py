"""A port-forward as a local socket: bytes there and back, and what ends it."""

import socket
import threading
from collections.abc import Iterator

import pytest

from drills.adapters.kube import KubeCluster
from drills.adapters.kube.tunnel import PodTunnel
from drills.errors import CannotAsk, Missing
from embedded.apiserver import ApiServer
from tests.drills.adapters.kube.conftest import StandIns, a_service, run_pod


@pytest.fixture
def pod_side(
    server: ApiServer, cluster: KubeCluster, stand_ins: StandIns
) -> Iterator[socket.socket]:
    """The other end of whatever is forwarded to pod shop-0, behind Service shop."""
    cluster.create(a_service("shop"))
    run_pod(server, "shop")
    mine, theirs = socket.socketpair()
    stand_ins.dial = lambda: theirs
    mine.settimeout(10)
    yield mine
    mine.close()
    theirs.close()


def heard(sock: socket.socket, size: int) -> bytes:
    """Return `size` bytes, fewer where the other side ends first."""
    sock.settimeout(10)
    data = b""
    while len(data) < size and (more := sock.recv(size - len(data))):
        data += more
    return data


def test_bytes_there_and_back(cluster: KubeCluster, pod_side: socket.socket) -> None:
    with cluster.stream("box", "service/shop", "80", timeout=10) as tunnel:
        tunnel.socket.sendall(b"hello")
        assert heard(pod_side, 5) == b"hello"
        pod_side.sendall(b"goodbye")
        assert heard(tunnel.socket, 7) == b"goodbye"
        assert tunnel.simulated
        assert tunnel.trouble is None


def test_the_pod_may_speak_first(cluster: KubeCluster, pod_side: socket.socket) -> None:
    """MySQL greets before it is asked anything."""
    pod_side.sendall(b"greeting")
    with cluster.stream("box", "pod/shop-0", "8080", timeout=10) as tunnel:
        assert heard(tunnel.socket, 8) == b"greeting"


def test_many_bytes_arrive_whole_in_both_directions(
    cluster: KubeCluster, pod_side: socket.socket
) -> None:
    data = bytes(range(256)) * 8000
    echoed: list[bytes] = []

    def echo() -> None:
        echoed.append(heard(pod_side, len(data)))
        pod_side.sendall(echoed[0])

    thread = threading.Thread(target=echo)
    thread.start()
    with cluster.stream("box", "pod/shop-0", "8080", timeout=30) as tunnel:
        tunnel.socket.sendall(data)
        assert heard(tunnel.socket, len(data)) == data
    thread.join()


def test_when_the_pod_hangs_up_the_socket_is_at_its_end(
    cluster: KubeCluster, pod_side: socket.socket
) -> None:
    """What is sent afterwards, a driver's farewell, breaks nothing."""
    with cluster.stream("box", "pod/shop-0", "8080", timeout=10) as tunnel:
        pod_side.sendall(b"bye")
        pod_side.close()
        assert heard(tunnel.socket, 10) == b"bye"
        assert tunnel.trouble is None
        tunnel.socket.sendall(b"farewell")


def test_silence_ends_with_the_time(cluster: KubeCluster, pod_side: socket.socket) -> None:
    with cluster.stream("box", "pod/shop-0", "8080", timeout=0.3) as tunnel:
        assert heard(tunnel.socket, 1) == b""
        assert isinstance(tunnel.trouble, Missing)
        assert "no answer in 0.3 s" in str(tunnel.trouble)


class Flood:
    """A stream that always has a hundred bytes more."""

    simulated = False

    def send(self, data: bytes, seconds: float) -> None:
        """Hear nothing."""

    def wait(self, other: socket.socket, seconds: float) -> tuple[bool, bool]:
        """Always have something to read."""
        return True, False

    def take(self, seconds: float) -> bytes:
        """Return a hundred bytes."""
        return b"x" * 100


def test_too_much_is_not_taken() -> None:
    with PodTunnel(Flood(), "a flood", 10, most=99) as tunnel:
        assert heard(tunnel.socket, 100) == b""
        assert isinstance(tunnel.trouble, CannotAsk)
        assert "more than 99 bytes" in str(tunnel.trouble)


def test_a_port_that_nobody_stands_in_for_says_so(server: ApiServer, cluster: KubeCluster) -> None:
    run_pod(server, "shop")
    with cluster.stream("box", "pod/shop-0", "8080", timeout=10) as tunnel:
        tunnel.socket.sendall(b"hello")
        assert heard(tunnel.socket, 1) == b""
        assert isinstance(tunnel.trouble, CannotAsk)


def test_nothing_is_left_behind(cluster: KubeCluster, pod_side: socket.socket) -> None:
    with cluster.stream("box", "pod/shop-0", "8080", timeout=10) as tunnel:
        tunnel.socket.sendall(b"x")
        assert heard(pod_side, 1) == b"x"
    assert heard(pod_side, 1) == b""
    assert not [t for t in threading.enumerate() if t.name.startswith("tunnel")]
    assert tunnel.socket.fileno() == -1


def test_without_a_ready_pod_there_is_no_tunnel(cluster: KubeCluster) -> None:
    cluster.create(a_service("shop"))
    with pytest.raises(Missing), cluster.stream("box", "service/shop", "80", timeout=5):
        pass
