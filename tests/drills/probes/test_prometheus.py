"""The prometheus probe."""

import json
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from drills.cluster import HttpAnswer, HttpRequest
from drills.errors import CannotAsk, Missing
from drills.findings import Cause
from drills.probes import Answer, find_probe
from tests.fakes.clock import START
from tests.fakes.cluster import FakeCluster
from tests.fakes.probing import SANDBOX, answering, context, spec

QUESTION = {"service": "prometheus", "query": 'sum(orders_total{a="b"}) > 1'}


def body(kind: str, result: object) -> bytes:
    """Return a successful answer."""
    return json.dumps(
        {"status": "success", "data": {"resultType": kind, "result": result}}
    ).encode()


def vector(*values: str) -> bytes:
    """Return one series for each value."""
    return body("vector", [{"metric": {}, "value": [1.5, value]} for value in values])


def ask(told: bytes, expect: Mapping[str, object] | None = None, *, status: int = 200) -> Answer:
    """Ask a Prometheus that tells this."""
    cluster = FakeCluster()
    cluster.on_http = answering(status, told)
    return find_probe("prometheus").ask(spec("prometheus", QUESTION, expect), context(cluster), 5)


@pytest.mark.parametrize(
    ("told", "expect"),
    [
        (vector("5"), {}),
        (vector("5", "7"), {"value": {"min": 5, "max": 7}, "series": 2}),
        (vector("1e3"), {"value": 1000}),
        (vector("0.25"), {"value": {"max": 0.25}}),
        (vector("+Inf"), {"value": {"min": 5}}),
        (vector(), {"series": 0}),
        (body("scalar", [1, "42"]), {"value": 42}),
    ],
)
def test_fits(told: bytes, expect: Mapping[str, object]) -> None:
    assert ask(told, expect).mismatches == ()


@pytest.mark.parametrize(
    ("told", "expect"),
    [
        (vector(), {}),
        (vector(), {"value": {"min": 0}}),
        (vector("5", "4"), {"value": {"min": 5}}),
        (vector("NaN"), {"value": {"not": 5}}),
        (vector("5"), {"series": {"min": 2}}),
        (b"<html>", {}),
        (b"[" * 100_000, {}),
        (b"[]", {}),
        (b'{"status": "success"}', {}),
        (body("vector", [{"value": [1]}]), {}),
        (body("vector", [{"value": [1, "many"]}]), {}),
    ],
)
def test_does_not_fit(told: bytes, expect: Mapping[str, object]) -> None:
    """An empty result is a wrong answer: what was recorded is gone."""
    assert ask(told, expect).mismatches


@pytest.mark.parametrize("status", [422, 500, 503])
def test_trouble_of_its_own_is_a_wrong_answer(status: int) -> None:
    told = b'{"status": "error", "errorType": "execution", "error": "storage broken"}'
    assert "storage broken" in str(ask(told, status=status).mismatches)


def test_a_query_that_it_refuses_is_a_matter_of_configuration() -> None:
    told = b'{"status": "error", "errorType": "bad_data", "error": "parse error at char 3"}'
    with pytest.raises(CannotAsk, match="parse error") as caught:
        ask(told, status=400)
    assert caught.value.cause is Cause.CONFIGURATION
    with pytest.raises(CannotAsk, match="matrix"):
        ask(body("matrix", []))


def test_nobody_there_is_a_wrong_answer() -> None:
    cluster = FakeCluster()

    def gone(*_: object, **__: object) -> HttpAnswer:
        raise Missing("Service backup-test/prometheus has no ready endpoint")

    cluster.on_http = gone
    answer = find_probe("prometheus").ask(spec("prometheus", QUESTION), context(cluster), 5)
    assert "no ready endpoint" in str(answer.mismatches)


def test_asks_what_the_scenario_says() -> None:
    heard: list[HttpRequest] = []

    def listen(request: HttpRequest, *, timeout: float) -> HttpAnswer:
        heard.append(request)
        return answering(200, vector("1"))()

    cluster = FakeCluster()
    cluster.on_http = listen
    question = {**QUESTION, "port": "web", "path": "/prom/", "scheme": "https", "at": "backupEnd"}
    ended = context(cluster, backup_ended_at=START - timedelta(hours=1))
    find_probe("prometheus").ask(spec("prometheus", question), ended, 5)
    asked_for = heard[0]
    assert (asked_for.namespace, asked_for.target) == (SANDBOX, "service/prometheus")
    assert (asked_for.port, asked_for.scheme) == ("web", "https")
    split = urlsplit(asked_for.path)
    assert split.path == "/prom/api/v1/query"
    asked = parse_qs(split.query)
    assert asked["query"] == [QUESTION["query"]]
    assert float(asked["time"][0]) == (START - timedelta(hours=1)).timestamp()
    with pytest.raises(CannotAsk, match="unknown"):
        find_probe("prometheus").ask(spec("prometheus", question), context(cluster), 5)
