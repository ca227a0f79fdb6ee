"""Faults: slow, failing, silent, dropped, away, denied; and what the clients see of them."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from embedded.faults import Asked, Faults, Rule
from tests.conformance.api import config_map
from tests.embedded.serving import Serving, serving

_MAPS = "/api/v1/namespaces/default/configmaps"


def _listen(events: Iterator[object], heard: list[object]) -> None:
    with contextlib.suppress(urllib3.exceptions.HTTPError):  # it ends without a goodbye
        heard.extend(events)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Serving]:
    """Yield a server."""
    with serving(tmp_path) as one:
        yield one


@pytest.fixture
def faults(running: Serving) -> Faults:
    """Return the server's faults."""
    return running.server.faults


def _control(running: Serving, method: str, path: str, body: object = None) -> object:
    return running.api.call(method, f"/__embedded__/{path}", body).body


def test_slow_requests_wait_and_others_do_not(running: Serving, faults: Faults) -> None:
    faults.slow(0.3, Rule(verb="list", resource="configmaps", times=1))
    started = time.monotonic()
    running.api.get("/api/v1/namespaces/default/secrets")
    quick = time.monotonic() - started
    running.api.get(_MAPS)
    assert time.monotonic() - started >= 0.3
    assert quick < 0.3


def test_clearing_wakes_slow_requests(running: Serving, faults: Faults) -> None:
    faults.slow(60)
    asking = threading.Thread(target=running.api.get, args=(_MAPS,))
    asking.start()
    while not faults.requests():
        time.sleep(0.005)
    faults.clear()
    asking.join(10)
    assert not asking.is_alive()


@pytest.mark.parametrize("status", [409, 410, 429, 500, 503])
def test_failing_a_number_of_times(running: Serving, faults: Faults, status: int) -> None:
    faults.fail(status, Rule(verb="get", times=2))
    path = f"{_MAPS}/kube-root-ca.crt"
    answers = [running.api.get(path) for _ in range(3)]
    assert [one.status for one in answers] == [status, status, 200]
    assert answers[0].body["kind"] == "Status"
    assert ("Retry-After" in answers[0].headers) == (status == 429)


def test_failing_for_a_time(running: Serving, faults: Faults) -> None:
    faults.fail(503, Rule(until=time.monotonic() + 0.1))
    assert running.api.get(_MAPS).status == 503
    time.sleep(0.12)
    assert running.api.get(_MAPS).status == 200


def test_denied_requests_are_403_and_reviews_say_no(running: Serving, faults: Faults) -> None:
    faults.deny(Rule(verb="create", resource="pods/exec"))
    faults.deny(Rule(verb="list", resource="secrets", namespace="default"))
    refused = running.api.get("/api/v1/namespaces/default/secrets")
    assert (refused.status, refused.reason) == (403, "Forbidden")
    assert refused.message == (
        'secrets is forbidden: User "embedded-admin" cannot list resource "secrets" in API group '
        '"" in the namespace "default"'
    )

    def allowed(verb: str, resource: str, sub: str = "") -> bool:
        attributes = {
            "verb": verb,
            "resource": resource,
            "subresource": sub,
            "namespace": "default",
        }
        answer = running.api.post(
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            {"spec": {"resourceAttributes": attributes}},
        )
        return bool(answer.body["status"]["allowed"])

    assert not allowed("create", "pods", "exec")
    assert not allowed("list", "secrets")
    assert allowed("get", "secrets")


def test_dropped_watches_end_and_can_be_opened_again(running: Serving, faults: Faults) -> None:
    with running.api.watch(_MAPS) as events:
        assert next(events)["type"] == "ADDED"
        assert faults.drop_watches("configmaps") == 1
        assert list(events) == []
    with running.api.watch(_MAPS) as events:
        assert next(events)["type"] == "ADDED"


def test_a_watch_says_that_its_connection_ends_with_it(running: Serving) -> None:
    """A client that was not told would use the connection again, and see it cut."""
    nothing = {"fieldSelector": "metadata.name=nobody", "resourceVersion": "0"}
    answer = running.api.get(_MAPS, watch="true", timeoutSeconds=1, **nothing)
    assert (answer.status, answer.body, answer.headers["Connection"]) == (200, "", "close")


def test_a_silenced_watch_stays_open_and_says_nothing(running: Serving, faults: Faults) -> None:
    """So looks a half-open connection: only the client's own time-out helps."""
    since = running.api.get(_MAPS).body["metadata"]["resourceVersion"]
    with running.api.watch(_MAPS, resourceVersion=since, timeoutSeconds=1) as events:
        running.api.post(_MAPS, config_map("before"))
        assert next(events)["object"]["metadata"]["name"] == "before"
        assert faults.silence_watches() == 1
        running.api.post(_MAPS, config_map("unheard"))
        heard: list[object] = []
        listening = threading.Thread(target=_listen, args=(events, heard), daemon=True)
        listening.start()
        listening.join(1.5)
        assert listening.is_alive()
        assert heard == []
        faults.clear()
        listening.join(10)
        assert not listening.is_alive()
        assert heard == []


def test_a_server_that_is_away_refuses_and_comes_back(running: Serving, faults: Faults) -> None:
    faults.go_away()
    with pytest.raises(urllib3.exceptions.HTTPError):
        running.api.get(_MAPS)
    faults.come_back()
    assert running.api.get(_MAPS).status == 200


def test_going_away_cuts_open_watches(running: Serving, faults: Faults) -> None:
    with running.api.watch(_MAPS) as events:
        next(events)
        faults.go_away()
        try:
            rest = list(events)
        except urllib3.exceptions.HTTPError:
            rest = []
        assert rest == []
    faults.come_back()


def test_a_server_that_is_away_for_a_time_comes_back_by_itself(
    running: Serving, faults: Faults
) -> None:
    faults.go_away(0.2)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            assert running.api.get(_MAPS).status == 200
            return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.02)
    pytest.fail("the server did not come back")


def test_faults_can_be_switched_on_from_another_process(running: Serving) -> None:
    body = {"fault": "fail", "status": 503, "verb": "list", "resource": "configmaps", "times": 1}
    assert _control(running, "POST", "faults", body) == {"hit": 0}
    assert [running.api.get(_MAPS).status for _ in range(2)] == [503, 200]
    _control(running, "POST", "faults", {"fault": "deny", "resource": "configmaps"})
    assert running.api.get(_MAPS).status == 403
    _control(running, "DELETE", "faults")
    assert running.api.get(_MAPS).status == 200


def test_an_unknown_fault_is_refused(running: Serving) -> None:
    assert running.api.post("/__embedded__/faults", {"fault": "earthquake"}).status == 400
    assert running.api.get("/__embedded__/nothing").status == 404


def test_requests_are_counted_by_verb_and_resource(running: Serving) -> None:
    for _ in range(3):
        running.api.get(_MAPS)
    running.api.get(f"{_MAPS}/nothing")
    counted = running.api.get("/__embedded__/requests").body
    assert (counted["list configmaps"], counted["get configmaps"]) == (3, 1)


def test_rules_match_in_the_words_of_rbac() -> None:
    asked = Asked(verb="create", group="", resource="pods/exec", namespace="a")
    assert Rule(resource="pods/exec", namespace="a").hits(asked)
    assert not Rule(resource="pods").hits(asked)
    assert not Rule(namespace="b").hits(asked)
    assert not Rule(times=0).hits(asked)
