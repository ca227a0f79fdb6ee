"""Answers are judged whole or not at all: cut, slowed, repeated and never ended, on both ways."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drills.adapters.kube import KubeCluster, connect_cluster
from drills.adapters.kube.services import BrokenOff, NotListening
from drills.cluster import HttpAnswer, HttpRequest
from drills.errors import CannotAsk, Forbidden, Missing, Unreachable
from embedded.apiserver import ApiServer
from embedded.tls import server_context
from tests.drills.adapters.kube.conftest import StandIns, a_service, run_pod
from tests.drills.adapters.kube.speaking import (
    Application,
    RawApi,
    Script,
    dripping,
    endlessly,
    holding,
    saying,
)

SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nX-A: b\r\n\r\nall is well\n"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"6\r\nall is\r\n6;x=y\r\n well\n\r\n0\r\nX-T: z\r\n\r\n"
)
BODY = b"all is well\n"
WHOLE = pytest.mark.parametrize("said", [SIZED, CHUNKED], ids=["sized", "chunked"])
Ask = Callable[..., HttpAnswer]


@pytest.fixture
def forwarded(cluster: KubeCluster, server: ApiServer, stand_ins: StandIns) -> Ask:
    """Ask an application behind a port-forward that follows a script."""
    cluster.create(a_service("shop"))
    run_pod(server, "shop")

    def ask(
        script: Script,
        tls: ssl.SSLContext | None = None,
        *,
        polite: bool = True,
        timeout: float = 10,
        **how: object,
    ) -> HttpAnswer:
        stand_ins.dial = Application(script, tls, polite=polite).dial
        scheme = "http" if tls is None else "https"
        return cluster.http(asked(scheme=scheme, via="portForward", **how), timeout=timeout)

    return ask


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Ask]:
    """Ask through an API server that follows a script."""
    with RawApi() as api:
        cluster = connect_cluster(kubeconfig=api.kubeconfig(tmp_path), patience=1)

        def ask(script: Script, *, timeout: float = 10, **how: object) -> HttpAnswer:
            api.script = script
            return cluster.http(asked(via="proxy", **how), timeout=timeout)

        yield ask
        cluster.close()


def asked(**how: object) -> HttpRequest:
    """Return a request to Service `shop`."""
    plain = {"namespace": "box", "target": "service/shop", "port": "80"}
    return HttpRequest(**{**plain, **how})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def tls() -> ssl.SSLContext:
    return server_context()[0]


@pytest.fixture(params=["forwarded", "proxied"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Ask on each way in turn."""
    found: Ask = request.getfixturevalue(request.param)
    return found


@WHOLE
@pytest.mark.parametrize("script", [saying, dripping])
def test_a_whole_answer_is_an_answer(
    ask: Ask, said: bytes, script: Callable[[bytes], Script]
) -> None:
    answer = ask(script(said))
    assert (answer.status, answer.body, answer.whole) == (200, BODY, True)


@WHOLE
def test_cut_at_any_byte_it_is_none(ask: Ask, said: bytes) -> None:
    """Through the API server the last line may be missing: then all of the body is there."""
    for cut in range(len(said)):
        try:
            answer = ask(saying(said[:cut]))
        except (Missing, CannotAsk):
            continue
        assert (answer.via, answer.body, answer.whole) == ("proxy", BODY, True)


def test_a_size_that_is_cut_is_not_the_last_one(forwarded: Ask) -> None:
    said = CHUNKED.replace(b"6;x=y", b"0006")
    assert forwarded(saying(said)).body == BODY
    with pytest.raises(BrokenOff):
        forwarded(saying(said[: said.index(b"0006") + 1]))


@WHOLE
def test_cut_inside_tls_it_is_none(forwarded: Ask, tls: ssl.SSLContext, said: bytes) -> None:
    assert forwarded(saying(said), tls).body == BODY
    for cut in range(0, len(said), 7):
        for polite in (True, False):
            with pytest.raises((Missing, CannotAsk)):
                forwarded(saying(said[:cut]), tls, polite=polite)


def test_eight_of_a_hundred_thousand_bytes_are_no_answer(ask: Ask) -> None:
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nall good"
    with pytest.raises(BrokenOff):
        ask(saying(said))


@pytest.mark.parametrize(
    ("head", "more"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: b\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n", b"x"),
    ],
)
def test_what_never_ends_ends_with_the_time(ask: Ask, head: bytes, more: bytes) -> None:
    with pytest.raises((CannotAsk, NotListening)):
        ask(endlessly(head, more), timeout=0.5, max_body=1 << 30)


def test_a_head_that_never_comes_ends_with_the_time(forwarded: Ask) -> None:
    with pytest.raises(NotListening, match="no answer in"):
        forwarded(endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), timeout=0.5)


@pytest.mark.parametrize("cut", [0, 10, 45, len(SIZED) - 1])
def test_what_falls_silent_ends_with_the_time(ask: Ask, hold: threading.Event, cut: int) -> None:
    with pytest.raises((CannotAsk, NotListening)):
        ask(holding(SIZED[:cut], hold), timeout=0.5)


def test_more_than_is_wanted_is_told(ask: Ask) -> None:
    for said in (SIZED, CHUNKED):
        assert not ask(saying(said), max_body=5).whole
        assert ask(saying(said), max_body=12).whole


def test_a_body_without_a_length_ends_with_the_connection(forwarded: Ask) -> None:
    answer = forwarded(saying(b"HTTP/1.0 200 OK\r\n\r\n" + BODY))
    assert (answer.body, answer.whole) == (BODY, True)


def test_inside_tls_it_must_be_said_that_it_ends(forwarded: Ask, tls: ssl.SSLContext) -> None:
    """Without close_notify anybody may have cut it (RFC 8446, 6.1)."""
    said = b"HTTP/1.0 200 OK\r\n\r\n" + BODY
    assert forwarded(saying(said), tls).body == BODY
    with pytest.raises(CannotAsk, match="where its body ends"):
        forwarded(saying(said), tls, polite=False)


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 12\r\nContent-Length: 5",
        b"Content-Length: -1",
        b"Content-Length: twelve",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: chunked, identity",
    ],
)
def test_a_length_that_is_none_is_no_http(forwarded: Ask, lines: bytes) -> None:
    with pytest.raises(NotListening, match="not an HTTP answer"):
        forwarded(saying(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n\r\n" + BODY))


def test_an_answer_without_a_body_needs_none(forwarded: Ask) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    assert forwarded(saying(head), method="HEAD").body == b""
    assert forwarded(saying(b"HTTP/1.1 204 No Content\r\n\r\n")).status == 204


def test_repeated_headers_are_all_kept(ask: Ask) -> None:
    said = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\nx-a: 2\r\n\r\n"
    assert ask(saying(said)).values("X-A") == ("1", "2")


def test_a_body_is_sent(forwarded: Ask) -> None:
    heard: list[bytes] = []

    def listen(sock: socket.socket, head: bytes) -> None:
        rest = b"" if head.endswith(b"}") else sock.recv(8)
        heard.append(head + rest)
        saying(SIZED)(sock, head)

    forwarded(listen, method="POST", body=b'{"a": 1}')
    assert b"Content-Length: 8\r\n" in heard[0]
    assert heard[0].endswith(b'{"a": 1}')


H2 = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00@\x00"
ALERT = b"\x15\x03\x01\x00\x02\x02F"


@pytest.mark.parametrize(("said", "words"), [(H2, "HTTP/2"), (ALERT, "TLS is spoken there")])
def test_another_protocol_is_named(
    forwarded: Ask, hold: threading.Event, said: bytes, words: str
) -> None:
    """Whether it hangs up or waits for us to go on."""
    with pytest.raises(CannotAsk, match=words):
        forwarded(saying(said))
    with pytest.raises(CannotAsk, match=words):
        forwarded(holding(said, hold), timeout=0.5)


def test_a_client_certificate_that_is_wanted_is_no_lack_of_tls(forwarded: Ask) -> None:
    context = server_context()[0]
    context.verify_mode = ssl.CERT_REQUIRED
    with pytest.raises(CannotAsk, match="CERTIFICATE") as caught:
        forwarded(saying(SIZED), context)
    assert "clientCertificate" in caught.value.hint


def test_a_name_that_is_wanted_can_be_said(forwarded: Ask) -> None:
    context = server_context()[0]

    def look(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> int | None:
        return None if name == "shop.example" else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    context.sni_callback = look  # type: ignore[assignment]
    with pytest.raises(CannotAsk, match="UNRECOGNIZED_NAME") as caught:
        forwarded(saying(SIZED), context)
    assert "serverName" in caught.value.hint
    assert forwarded(saying(SIZED), context, server_name="shop.example").body == BODY


def test_hanging_up_in_the_handshake_is_no_answer(
    forwarded: Ask, stand_ins: StandIns, cluster: KubeCluster
) -> None:
    def hang_up() -> socket.socket:
        mine, theirs = socket.socketpair()
        mine.close()
        return theirs

    stand_ins.dial = hang_up
    with pytest.raises((NotListening, Unreachable)):
        cluster.http(asked(scheme="https", via="portForward"), timeout=5)


@pytest.mark.parametrize("via", ["auto", "portForward", "proxy"])
def test_a_silent_api_server_ends_with_the_time(
    tmp_path: Path, hold: threading.Event, via: str
) -> None:
    """However patient it is elsewhere: the time is for looking up the Service as well."""
    with RawApi() as api:
        api.script = holding(b"", hold)
        cluster = connect_cluster(kubeconfig=api.kubeconfig(tmp_path), patience=60)
        with pytest.raises((Unreachable, CannotAsk)):
            cluster.http(asked(via=via), timeout=0.5)
        cluster.close()


def test_an_application_that_wants_a_login_is_not_asked_twice(proxied: Ask) -> None:
    """Its 401 is its answer; only the API server's own is a matter of our credentials."""
    heard: list[bytes] = []

    def refuse(sock: socket.socket, head: bytes) -> None:
        heard.append(head)
        saying(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")(sock, head)

    assert proxied(refuse, method="POST").status == 401
    assert len(heard) == 1


def test_an_api_server_that_does_not_know_us_is_asked_once_more(proxied: Ask) -> None:
    heard: list[bytes] = []
    body = b'{"kind": "Status", "code": 401, "message": "Unauthorized"}'

    def refuse(sock: socket.socket, head: bytes) -> None:
        heard.append(head)
        said = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: %d\r\n\r\n" % len(body)
        saying(said + body)(sock, head)

    with pytest.raises(Forbidden):
        proxied(refuse)
    assert len(heard) == 2
