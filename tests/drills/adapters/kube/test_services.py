"""Asking restored applications: HTTP, bytes, commands and logs, and which way they went."""

import json

import pytest

from drills.adapters.kube import KubeCluster
from drills.adapters.kube.running import LONGEST_LOG, LONGEST_OUTPUT
from drills.cluster import HttpAnswer as Answer
from drills.cluster import HttpRequest
from drills.errors import CannotAsk, Forbidden, Missing
from embedded.apiserver import ApiServer
from embedded.containers import ExecAnswer, HttpAnswer
from embedded.faults import Rule
from tests.drills.adapters.kube.conftest import StandIns, a_service, run_pod

OK = HttpAnswer(stand_in="shop", body=b"ok\n", headers={"X-Shop": "open"})


def ask(
    cluster: KubeCluster, service: str, port: str, path: str, *, timeout: float = 5, **how: object
) -> Answer:
    """Ask a Service in `box`."""
    request = HttpRequest(
        namespace="box",
        target=f"service/{service}",
        port=port,
        path=path,
        **how,  # type: ignore[arg-type]
    )
    return cluster.http(request, timeout=timeout)


@pytest.fixture
def shop(cluster: KubeCluster, server: ApiServer, stand_ins: StandIns) -> KubeCluster:
    """A Service `shop` with a ready pod, answered by a stand-in on both ways."""
    cluster.create(a_service("shop"))
    run_pod(server, "shop")
    stand_ins.pages["pod/shop-0 GET /healthz?deep=1"] = OK
    stand_ins.pages["service/shop GET /healthz?deep=1"] = OK
    return cluster


@pytest.mark.parametrize("via", ["portForward", "proxy"])
@pytest.mark.parametrize("port", ["80", "web"])
def test_both_ways_lead_to_a_service(shop: KubeCluster, via: str, port: str) -> None:
    answer = ask(shop, "shop", port, "/healthz?deep=1", via=via, timeout=5)
    assert (answer.status, answer.body, answer.via) == (200, b"ok\n", via)
    assert answer.values("X-Shop") == ("open",)
    assert answer.simulated


def test_port_forward_is_the_first_choice(shop: KubeCluster) -> None:
    answer = ask(shop, "shop", "80", "/healthz?deep=1", timeout=5)
    assert answer.via == "portForward"
    assert 0 < answer.seconds < 5


def test_without_the_right_to_forward_the_proxy_serves(
    shop: KubeCluster, server: ApiServer
) -> None:
    for verb in ("get", "create"):
        server.faults.deny(Rule(verb=verb, resource="pods/portforward"))
    assert ask(shop, "shop", "80", "/healthz?deep=1", timeout=5).via == "proxy"
    with pytest.raises(Forbidden):
        ask(shop, "shop", "80", "/healthz?deep=1", via="portForward", timeout=5)


def test_without_any_right_it_cannot_be_asked(shop: KubeCluster, server: ApiServer) -> None:
    for resource in ("pods/portforward", "services/proxy"):
        server.faults.deny(Rule(resource=resource))
    with pytest.raises(CannotAsk, match="no way leads there"):
        ask(shop, "shop", "80", "/healthz?deep=1", timeout=5)


def test_nobody_stands_in(shop: KubeCluster) -> None:
    """What the embedded cluster cannot know is never an answer, whatever the way."""
    for via in ("auto", "portForward", "proxy"):
        with pytest.raises(CannotAsk, match="no stand-in"):
            ask(shop, "shop", "80", "/unknown", via=via, timeout=5)


def test_an_answer_of_the_application_is_an_answer(shop: KubeCluster, stand_ins: StandIns) -> None:
    """Its own 503 is not mistaken for the API server's."""
    broken = HttpAnswer(stand_in="shop", status=503, body=b"database is down")
    stand_ins.pages["service/shop GET /"] = stand_ins.pages["pod/shop-0 GET /"] = broken
    for via in ("portForward", "proxy"):
        answer = ask(shop, "shop", "80", "/", via=via, timeout=5)
        assert (answer.status, answer.body) == (503, b"database is down")


@pytest.mark.parametrize("via", ["auto", "portForward", "proxy"])
def test_no_ready_endpoint_is_missing(cluster: KubeCluster, server: ApiServer, via: str) -> None:
    cluster.create(a_service("slow"))
    run_pod(server, "slow", ready=False)
    with pytest.raises(Missing):
        ask(cluster, "slow", "80", "/", via=via, timeout=5)


@pytest.mark.parametrize("via", ["auto", "portForward", "proxy"])
def test_an_absent_service_or_port_is_missing(shop: KubeCluster, via: str) -> None:
    with pytest.raises(Missing):
        ask(shop, "nobody", "80", "/", via=via, timeout=5)
    with pytest.raises(Missing):
        ask(shop, "shop", "81", "/", via=via, timeout=5)


@pytest.mark.parametrize("name", ["Authorization", "Host"])
def test_the_proxy_cannot_carry_a_login_or_a_name(shop: KubeCluster, name: str) -> None:
    """The API server would take it for its own, and drop it."""
    with pytest.raises(CannotAsk, match=name):
        ask(shop, "shop", "80", "/", headers={name.lower(): "x"}, via="proxy", timeout=5)


def test_a_name_of_production_can_be_asked_for(shop: KubeCluster, stand_ins: StandIns) -> None:
    """What an Ingress would pass on: the application answers by the host it is asked for."""
    name = {"Host": "shop.example.com"}
    ask(shop, "shop", "80", "/healthz?deep=1", headers=name, timeout=5)
    headers = stand_ins.headers[-1]
    seen = {key.lower(): value for key, value in headers.items()}
    assert seen["host"] == "shop.example.com"


def test_a_header_that_would_split_the_request_is_refused(shop: KubeCluster) -> None:
    with pytest.raises(CannotAsk):
        ask(shop, "shop", "80", "/", headers={"X-A": "b\r\nX-C: d"}, via="portForward", timeout=5)


def test_bytes_there_and_back(shop: KubeCluster, stand_ins: StandIns) -> None:
    stand_ins.echo = True
    for target, port in (("service/shop", "web"), ("pod/shop-0", "http"), ("pod/shop-0", "8080")):
        with shop.connect("box", target, port, timeout=5) as connection:
            assert connection.exchange(b"hello", timeout=5, pause=0.1).data == b"you said hello"
            assert connection.simulated


def test_silence_is_an_empty_answer(shop: KubeCluster) -> None:
    with shop.connect("box", "service/shop", "80", timeout=5) as connection:
        assert connection.exchange(b"", timeout=0.05).data == b""


def test_bytes_that_nobody_answers_cannot_be_asked(shop: KubeCluster) -> None:
    with (
        shop.connect("box", "service/shop", "80", timeout=5) as connection,
        pytest.raises(CannotAsk, match="no stand-in"),
    ):
        connection.exchange(b"hello", timeout=5)


def test_a_command_says_what_it_says(shop: KubeCluster, stand_ins: StandIns) -> None:
    words = ("sh", "-c", "echo a&b; echo ä >&2; exit 3")
    stand_ins.commands[words] = ExecAnswer(
        stand_in="s", stdout=b"a&b\n", stderr="ä\n".encode(), exit_code=3
    )
    said = shop.exec("box", "shop-0", "", words, timeout=5)
    assert (said.exit_code, said.stdout, said.stderr) == (3, "a&b\n", "ä\n")
    assert said.simulated


def test_large_output_comes_whole(shop: KubeCluster, stand_ins: StandIns) -> None:
    stand_ins.commands["cat",] = ExecAnswer(stand_in="s", stdout=b"x" * 300_000)
    said = shop.exec("box", "shop-0", "main", ["cat"], timeout=5)
    assert (len(said.stdout), said.cut) == (300_000, False)


def test_more_than_can_be_kept_is_told(shop: KubeCluster, stand_ins: StandIns) -> None:
    stand_ins.commands["cat",] = ExecAnswer(stand_in="s", stdout=b"x" * (LONGEST_OUTPUT + 1))
    assert shop.exec("box", "shop-0", "main", ["cat"], timeout=30).cut
    stand_ins.log = "line\n" * (LONGEST_LOG // 5 + 1)
    assert shop.logs("box", "shop-0", "main", timeout=30).cut


def test_commands_that_cannot_be_run(shop: KubeCluster, server: ApiServer) -> None:
    with pytest.raises(CannotAsk, match="no stand-in"):
        shop.exec("box", "shop-0", "", ["true"], timeout=5)
    with pytest.raises(CannotAsk, match="container other is not valid"):
        shop.exec("box", "shop-0", "other", ["true"], timeout=5)
    with pytest.raises(Missing):
        shop.exec("box", "nobody", "", ["true"], timeout=5)
    server.faults.deny(Rule(resource="pods/exec"))
    with pytest.raises(Forbidden, match="pods/exec"):
        shop.exec("box", "shop-0", "", ["true"], timeout=5)


def test_logs(shop: KubeCluster, stand_ins: StandIns) -> None:
    with pytest.raises(CannotAsk, match="no stand-in"):
        shop.logs("box", "shop-0", "", timeout=5)
    stand_ins.log = "one\ntwo\n"
    assert shop.logs("box", "shop-0", "main", timeout=5).text == "one\ntwo\n"
    with pytest.raises(CannotAsk, match="previous terminated container"):
        shop.logs("box", "shop-0", "main", previous=True, timeout=5)
    last = shop.logs("box", "shop-0", "", tail=1, since=60, timeout=5)
    assert (last.text, last.simulated) == ("two\n", True)
    with pytest.raises(Missing):
        shop.logs("box", "nobody", "", timeout=5)


def test_a_page_that_looks_like_a_refusal_of_the_server_is_still_a_page(
    shop: KubeCluster, stand_ins: StandIns
) -> None:
    page = json.dumps({"kind": "Status", "code": 404, "message": "no such item"}).encode()
    stand_ins.pages["service/shop GET /"] = HttpAnswer(stand_in="s", status=404, body=page)
    assert ask(shop, "shop", "80", "/", via="proxy", timeout=5).status == 404


@pytest.mark.parametrize("path", ["/../../../configmaps/x", "/a/%2e%2e/%2e%2e/b", "/.."])
def test_no_path_leads_out_of_the_proxy(shop: KubeCluster, path: str) -> None:
    """Resolved by a connection pool, it would mean another object of the API server."""
    with pytest.raises(CannotAsk, match=r"'\.\.' in the path"):
        ask(shop, "shop", "80", path, via="proxy", method="DELETE", timeout=5)


def test_a_node_that_does_not_answer_leaves_the_proxy(shop: KubeCluster, server: ApiServer) -> None:
    server.faults.fail(500, Rule(resource="pods/portforward"), message="error dialing backend")
    assert ask(shop, "shop", "80", "/healthz?deep=1", timeout=5).via == "proxy"
    with pytest.raises(CannotAsk, match="error dialing backend"):
        ask(shop, "shop", "80", "/healthz?deep=1", via="portForward", timeout=5)


REFUSED = "error trying to reach service: dial tcp 10.0.0.1:80: connect: connection refused"


def test_what_the_proxy_finds_does_not_outrank_what_port_forward_could_not_know(
    shop: KubeCluster, server: ApiServer
) -> None:
    """A node that is away is no application that refuses."""
    server.faults.fail(500, Rule(resource="pods/portforward"), message="error dialing backend")
    server.faults.fail(503, Rule(resource="services/proxy"), message=REFUSED)
    with pytest.raises(CannotAsk, match="error dialing backend"):
        ask(shop, "shop", "80", "/healthz?deep=1")


def test_without_the_right_to_forward_the_proxys_word_counts(
    shop: KubeCluster, server: ApiServer
) -> None:
    server.faults.deny(Rule(resource="pods/portforward"))
    server.faults.fail(503, Rule(resource="services/proxy"), message=REFUSED)
    with pytest.raises(Missing, match="refused"):
        ask(shop, "shop", "80", "/healthz?deep=1")


def test_a_pod_is_asked_by_its_name(shop: KubeCluster, stand_ins: StandIns) -> None:
    stand_ins.pages["pod/shop-0 GET /"] = OK
    for via, port in (("portForward", "http"), ("portForward", "8080"), ("proxy", "8080")):
        request = HttpRequest(namespace="box", target="pod/shop-0", port=port, via=via)
        assert shop.http(request, timeout=5).body == b"ok\n"


def test_what_only_port_forward_carries_is_refused_by_the_proxy(shop: KubeCluster) -> None:
    with pytest.raises(CannotAsk, match="serverName"):
        ask(shop, "shop", "80", "/", via="proxy", server_name="shop.example")
