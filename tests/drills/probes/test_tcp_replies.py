"""What the tcp probe takes for a reply: over real sockets, cut, slowed and never ended."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from drills.adapters.clock import SystemClock
from drills.adapters.kube import KubeCluster
from drills.errors import CannotAsk
from drills.ports import Ending
from drills.probes import Answer, find_probe
from drills.probes.contract import ProbeContext
from embedded.tls import server_context
from tests.drills.adapters.kube.conftest import StandIns, pod_behind
from tests.drills.adapters.kube.speaking import (
    Application,
    Script,
    dripping,
    endlessly,
    holding,
    saying,
)
from tests.fakes.cluster import FakeCluster
from tests.fakes.probing import Wire, context, spec

ASKED = {"service": "shop", "port": 80, "send": "PING\r\n\r\n"}
PONG = b"+PONG\r\n"
Ask = Callable[..., Answer]


@pytest.fixture
def hold() -> Iterator[threading.Event]:
    """A silence that ends with the test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    """Ask an application behind a port-forward that follows a script."""
    stand_ins = StandIns()

    def put(
        script: Script,
        expect: Mapping[str, object],
        *,
        timeout: float = 5,
        tls: ssl.SSLContext | None = None,
        **more: object,
    ) -> Answer:
        stand_ins.dial = Application(script, tls).dial
        question = {**ASKED, "tls": tls is not None, **more}
        return find_probe("tcp").ask(spec("tcp", question, expect), _drill(cluster), timeout)

    with pod_behind("shop", stand_ins, tmp_path) as cluster:
        yield put


def _drill(cluster: KubeCluster) -> ProbeContext:
    clock = SystemClock()
    plain = context(FakeCluster(), namespaces={"shop": "box"})
    return replace(plain, cluster=cluster, clock=clock)


@pytest.mark.parametrize("script", [saying, dripping])
@pytest.mark.parametrize(
    ("expected", "fits"),
    [
        ({"contains": "PONG"}, True),
        ({"contains": "ERR"}, False),
        ("+PONG\r\n", True),
        ("+PO", False),
        ({"not": {"contains": "ERR"}}, True),
        ({"not": {"contains": "PONG"}}, False),
        ({"matches": "PONG\r\n$"}, True),
    ],
)
def test_a_reply_is_heard_to_its_end(
    ask: Ask, script: Callable[[bytes], Script], expected: object, fits: bool
) -> None:
    assert (ask(script(PONG), {"reply": expected}).mismatches == ()) is fits


def test_a_word_is_enough_however_much_follows(ask: Ask, hold: threading.Event) -> None:
    assert ask(endlessly(PONG, b"x" * 1000), {"reply": {"contains": "PONG"}}).mismatches == ()
    assert ask(holding(PONG, hold), {"reply": {"contains": "PONG"}}).mismatches == ()


@pytest.mark.parametrize("expected", [{"not": {"contains": "ERR"}}, "+PONG", {"matches": "x$"}])
def test_what_never_ends_is_not_judged(ask: Ask, expected: object) -> None:
    with pytest.raises(CannotAsk, match="not judged"):
        ask(endlessly(PONG, b"x" * 1000), {"reply": expected}, timeout=1)


def test_quiet_ends_a_reply_unless_something_must_be_absent(
    ask: Ask, hold: threading.Event
) -> None:
    assert ask(holding(PONG, hold), {"reply": "+PONG\r\n"}).mismatches == ()
    assert ask(holding(b"", hold), {"reply": {"contains": "x"}}, timeout=0.3).mismatches
    absent = {"reply": {"not": {"contains": "ERR"}}}
    assert ask(holding(PONG, hold), absent, timeout=2).mismatches == ()
    with pytest.raises(CannotAsk, match="still spoke"):
        ask(holding(PONG, hold), absent, timeout=0.3)


@pytest.mark.parametrize("ending", [Ending.TIME, Ending.LENGTH, Ending.BROKEN])
def test_a_beginning_is_not_judged(ending: Ending) -> None:
    wire = Wire(PONG)
    wire.ending = ending
    cluster = FakeCluster()
    cluster.on_connect = wire.open
    for expected in ("+PONG\r\n", {"not": {"contains": "ERR"}}):
        with pytest.raises(CannotAsk, match=ending.value):
            find_probe("tcp").ask(spec("tcp", ASKED, {"reply": expected}), context(cluster), 5)


def test_tls_is_spoken_where_it_is_asked_for(ask: Ask) -> None:
    tls = server_context()[0]
    assert ask(saying(PONG), {"reply": "+PONG\r\n"}, tls=tls).mismatches == ()
    assert ask(saying(PONG), {"connects": True}, tls=tls).mismatches == ()
