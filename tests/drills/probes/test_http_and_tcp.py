"""The http and tcp probes."""

from collections.abc import Callable, Mapping

import pytest

from drills.cluster import HttpAnswer, HttpRequest
from drills.errors import CannotAsk, Missing
from drills.probes import Answer, find_probe
from tests.fakes.cluster import FakeCluster
from tests.fakes.probing import SANDBOX, Wire, answering, context, spec

SHOP = {"service": "shop", "port": 80, "path": "/healthz"}
JSON = {"body": b'{"status": "UP", "items": [1, 2]}'}


def ask(on_http: Callable[..., HttpAnswer], expect: Mapping[str, object] | None = None) -> Answer:
    """Ask a cluster whose Services answer so."""
    cluster = FakeCluster()
    cluster.on_http = on_http
    return find_probe("http").ask(spec("http", SHOP, expect), context(cluster), 5)


@pytest.mark.parametrize(
    ("answer", "expect"),
    [
        ({}, {}),
        ({"status": 204}, {}),
        ({}, {"status": 200, "body": {"contains": "ok"}}),
        ({"status": 404}, {"status": 404}),
        (
            {"headers": (("content-type", "text/plain"),)},
            {"headers": {"Content-Type": "text/plain"}},
        ),
        (JSON, {"jsonPath": {"path": "{.status}", "value": "UP"}}),
        (JSON, {"jsonPath": {"path": "{.items[*]}", "value": {"min": 1}}}),
        ({}, {"latency": "100ms"}),
    ],
)
def test_fits(answer: dict[str, object], expect: Mapping[str, object]) -> None:
    assert ask(answering(**answer), expect).mismatches == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "expect"),
    [
        ({"status": 500}, {}),
        ({"status": 302}, {}),
        ({"status": 500}, {"body": {"contains": "ok"}}),
        ({"status": 200}, {"status": {"oneOf": [201, 204]}}),
        ({"body": b"down"}, {"body": {"contains": "ok"}}),
        ({}, {"headers": {"X-Missing": {"not": "x"}}}),
        ({}, {"jsonPath": {"path": "{.status}", "value": "UP"}}),
        (JSON, {"jsonPath": {"path": "{.absent}", "value": "UP"}}),
        ({"body": b"[" * 100_000}, {"jsonPath": {"path": "{.a}", "value": 1}}),
        ({}, {"latency": "10ms"}),
    ],
)
def test_does_not_fit(answer: dict[str, object], expect: Mapping[str, object]) -> None:
    """An error page that holds the word looked for is no pass."""
    assert ask(answering(**answer), expect).mismatches  # type: ignore[arg-type]


def test_asks_what_the_scenario_says() -> None:
    heard: list[object] = []

    def listen(request: HttpRequest, *, timeout: float) -> HttpAnswer:
        heard.extend([request, timeout])
        return answering()()

    cluster = FakeCluster()
    cluster.on_http = listen
    question = {**SHOP, "scheme": "https", "method": "POST", "headers": {"A": "b"}, "via": "proxy"}
    more = {"body": "{}", "serverName": "shop.example", "maxBody": "1Ki"}
    find_probe("http").ask(spec("http", {**question, **more}), context(cluster), 7)
    asked = HttpRequest(
        namespace=SANDBOX,
        target="service/shop",
        port="80",
        path="/healthz",
        scheme="https",
        method="POST",
        headers={"A": "b"},
        body=b"{}",
        server_name="shop.example",
        via="proxy",
        max_body=1024,
    )
    assert heard == [asked, 7]


def _missing(*_: object, **__: object) -> HttpAnswer:
    raise Missing('no endpoints available for service "shop"')


def test_no_ready_endpoint_is_a_wrong_answer() -> None:
    """The restored application does not answer: that is an answer."""
    answer = ask(_missing)
    assert answer.mismatches
    assert answer.explicable


def test_no_way_there_cannot_be_asked() -> None:
    with pytest.raises(CannotAsk):
        find_probe("http").ask(spec("http", SHOP), context(FakeCluster()), 5)


def test_a_stand_in_is_marked() -> None:
    assert ask(answering(simulated=True)).simulated


def connect(
    wire: Wire, question: Mapping[str, object], expect: Mapping[str, object] | None = None
) -> Answer:
    """Ask tcp over `wire`."""
    cluster = FakeCluster()
    cluster.on_connect = wire.open
    return find_probe("tcp").ask(spec("tcp", question, expect), context(cluster), 5)


def test_tcp_connects() -> None:
    answer = connect(Wire(b"", simulated=True), {"service": "db", "port": 5432})
    assert answer.mismatches == ()
    assert answer.simulated


def test_tcp_sends_and_compares_the_reply() -> None:
    wire = Wire(b"+PONG\r\n")
    question = {"pod": "redis-0", "port": 6379, "send": "PING\r\n"}
    assert connect(wire, question, {"reply": {"contains": "PONG"}}).mismatches == ()
    assert wire.sent == [b"PING\r\n"]
    assert connect(wire, question, {"reply": {"contains": "ERR"}}).mismatches


def test_tcp_must_not_connect() -> None:
    question = {"service": "db", "port": 1}
    assert connect(Wire(b""), question, {"connects": False}).mismatches


@pytest.mark.parametrize(("expect", "fits"), [({}, False), ({"connects": False}, True)])
def test_tcp_refused(expect: Mapping[str, object], fits: bool) -> None:
    cluster = FakeCluster()

    def refuse(*_: object, **__: object) -> object:
        raise Missing("refused")

    cluster.on_connect = refuse  # type: ignore[assignment]
    question = {"service": "db", "port": 1}
    answer = find_probe("tcp").ask(spec("tcp", question, expect), context(cluster), 5)
    assert (answer.mismatches == ()) is fits
