"""Which port a Service's name or number leads to, and where a refused one may be open."""

import json
from collections.abc import Mapping

import pytest

from drills.adapters.kube.elsewhere import meaning
from drills.adapters.kube.services import Endpoint, behind_service, of_pod
from drills.adapters.kube.wire import Answer
from drills.errors import CannotAsk, Missing
from drills.findings import Cause
from tests.fakes.cluster import FakeCluster
from tests.fakes.probing import SANDBOX, thing

READY = {"conditions": [{"type": "Ready", "status": "True"}]}


def a_port(number: int, name: str = "", protocol: str = "") -> Mapping[str, object]:
    """Return a container's port."""
    said = {"name": name, "protocol": protocol}
    return {"containerPort": number} | {key: value for key, value in said.items() if value}


def behind(
    service_ports: list[Mapping[str, object]], pod_spec: Mapping[str, object]
) -> FakeCluster:
    """Return a cluster with one Service and one pod behind it."""
    service = thing("v1", "Service", "dns", spec={"selector": {"app": "a"}, "ports": service_ports})
    pod = thing(
        "v1", "Pod", "dns-0", metadata={"labels": {"app": "a"}}, spec=pod_spec, status=READY
    )
    return FakeCluster(None, service, pod)


UDP_FIRST = [
    {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 1053},
    {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 2053},
]


def test_of_udp_and_tcp_with_one_number_tcp_is_meant() -> None:
    cluster = behind(UDP_FIRST, {"containers": []})
    found = behind_service(cluster, SANDBOX, "dns", "53")
    assert found == Endpoint(pod="dns-0", port=2053)


@pytest.mark.parametrize("protocol", ["UDP", "SCTP"])
def test_what_is_not_tcp_cannot_be_asked(protocol: str) -> None:
    cluster = behind([{**UDP_FIRST[0], "protocol": protocol}], {"containers": []})
    for port in ("53", "dns"):
        with pytest.raises(CannotAsk, match=protocol) as caught:
            behind_service(cluster, SANDBOX, "dns", port)
        assert caught.value.cause is Cause.CONFIGURATION


NAMED = [{"port": 80, "targetPort": "web"}]


def test_a_native_sidecar_holds_ports() -> None:
    """An init container that stays (restartPolicy Always); one that ends holds none."""
    sidecar = {"name": "proxy", "restartPolicy": "Always", "ports": [a_port(15001, "web")]}
    ended = {"name": "setup", "ports": [a_port(9, "web")]}
    spec = {"initContainers": [ended, sidecar], "containers": [{"name": "main"}]}
    cluster = behind(NAMED, spec)
    assert behind_service(cluster, SANDBOX, "dns", "80").port == 15001
    assert of_pod(cluster, SANDBOX, "dns-0", "web").port == 15001
    with pytest.raises(Missing, match="named web"):
        behind_service(behind(NAMED, {"initContainers": [ended]}), SANDBOX, "dns", "80")


def test_a_name_that_udp_has_too_is_the_tcp_one() -> None:
    ports = [a_port(1, "web", "UDP"), a_port(2, "web", "TCP")]
    cluster = behind(NAMED, {"containers": [{"name": "main", "ports": ports}]})
    assert behind_service(cluster, SANDBOX, "dns", "80").port == 2


REFUSED = "error trying to reach service: dial tcp 10.1.2.3:5432: connect: connection refused"
MALFORMED = (
    "error trying to reach service: net/http: HTTP/1.x transport connection broken: malformed"
)
SILENT = "error trying to reach service: dial tcp 10.1.2.3:5432: i/o timeout"


@pytest.mark.parametrize(
    ("code", "words", "listens"),
    [
        (503, REFUSED, False),
        (502, MALFORMED, True),
        (502, "error trying to reach service: EOF", True),
        (502, "error trying to reach service: read: connection reset by peer", True),
        (503, SILENT, None),
        (403, 'pods "shop-0" is forbidden', None),
        (501, "nobody stands in", None),
    ],
)
def test_the_proxys_words_tell_whether_something_listens(
    code: int, words: str, listens: bool | None
) -> None:
    body = json.dumps({"kind": "Status", "code": code, "message": words}).encode()
    told = meaning(Answer(status=code, headers={}, body=body))
    assert (None if told is None else bool(told)) is listens


def test_an_answer_of_the_application_tells_that_it_listens() -> None:
    assert meaning(Answer(status=404, headers={}, body=b"not found"))
