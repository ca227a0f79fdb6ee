"""The API server's noes, row by row, and its proxy's words."""

import json
from pathlib import Path

import pytest

from drills.adapters.kube import connect_cluster
from drills.adapters.kube.refusals import Expired, refusal
from drills.adapters.kube.services import NotListening
from drills.adapters.kube.wire import Answer
from drills.cluster import HttpRequest
from drills.errors import (
    AlreadyExists,
    CannotAsk,
    Conflicted,
    DrillError,
    Forbidden,
    Missing,
    NobodyAnswers,
    NotServed,
    OutsideRefused,
    Unreachable,
)
from drills.findings import Cause
from tests.drills.adapters.kube.scripted_api import Reply, ScriptedApi, status
from tests.fakes.clock import FakeClock

PROXY = "/api/v1/namespaces/box/services/http:shop:80/proxy/"
ASKED = HttpRequest(namespace="box", target="service/shop", port="80", via="proxy")
QUOTA = 'services "s" is forbidden: exceeded quota: q, requested: services.nodeports=1'
POLICY = 'pods "p" is forbidden: violates PodSecurity "restricted:latest"'
ENDING = "unable to create new content in namespace x because it is being terminated"


@pytest.mark.parametrize(
    ("code", "reason", "words", "name", "expected", "cause"),
    [
        (401, "Unauthorized", "Unauthorized", "", Forbidden, Cause.CONFIGURATION),
        (403, "Forbidden", 'User "u" cannot list resource "pods"', "", Forbidden, None),
        (403, "Forbidden", QUOTA, "s", OutsideRefused, Cause.CAPACITY),
        (403, "Forbidden", POLICY, "p", OutsideRefused, Cause.ENVIRONMENT),
        (403, "Forbidden", ENDING, "x", Conflicted, None),
        (404, "NotFound", 'pods "p" not found', "p", Missing, None),
        (404, "NotFound", "the server could not find the requested resource", "", NotServed, None),
        (405, "MethodNotAllowed", "no", "", NotServed, None),
        (409, "AlreadyExists", "exists", "p", AlreadyExists, None),
        (409, "Conflict", "modified", "p", Conflicted, None),
        (410, "Expired", "too old", "", Expired, None),
        (422, "Invalid", "bad", "p", OutsideRefused, None),
        (429, "TooManyRequests", "busy", "", Unreachable, None),
        (500, "InternalError", "etcd", "", Unreachable, None),
    ],
)
def test_each_no_has_its_error(
    code: int,
    reason: str,
    words: str,
    name: str,
    expected: type[DrillError],
    cause: Cause | None,
) -> None:
    body = json.dumps(status(code, reason, words, name=name)).encode()
    answer = Answer(status=code, headers={}, body=body)
    error = refusal("do it", answer)
    assert type(error) is expected
    assert str(error).startswith(f"do it: {words}")
    assert cause is None or error.cause is cause


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        (503, 'no endpoints available for service "shop"', Missing),
        (503, 'no service port "81" found for service "shop"', Missing),
        (503, "error trying to reach service: dial tcp: connect: connection refused", NotListening),
        (503, "error trying to reach service: EOF", NotListening),
        (503, "error trying to reach service: dial tcp: i/o timeout", CannotAsk),
        (503, "error trying to reach service: no route to host", CannotAsk),
        (501, "nobody stands in", NobodyAnswers),
        (429, "too many requests", Unreachable),
    ],
)
def test_the_proxys_own_troubles_are_no_answers(
    api: ScriptedApi, tmp_path: Path, code: int, words: str, expected: type[DrillError]
) -> None:
    cluster = connect_cluster(kubeconfig=api.kubeconfig(tmp_path), clock=FakeClock())
    api.on("GET", PROXY, Reply(status=code, document=status(code, "ServiceUnavailable", words)))
    with pytest.raises(expected) as caught:
        cluster.http(ASKED, timeout=5)
    assert type(caught.value) is expected


def test_an_answer_that_breaks_off_is_none(api: ScriptedApi, tmp_path: Path) -> None:
    cluster = connect_cluster(kubeconfig=api.kubeconfig(tmp_path), clock=FakeClock())
    api.on("GET", PROXY, Reply(cut=True))
    with pytest.raises(CannotAsk):
        cluster.http(ASKED, timeout=5)


def test_a_server_that_is_away_is_not_the_applications_fault(tmp_path: Path) -> None:
    with ScriptedApi() as api:
        config = api.kubeconfig(tmp_path)
    cluster = connect_cluster(kubeconfig=config, clock=FakeClock())
    with pytest.raises(Unreachable):
        cluster.http(ASKED, timeout=5)
    with pytest.raises(Unreachable):
        cluster.exec("box", "shop-0", "", ["true"], timeout=5)
