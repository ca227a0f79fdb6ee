"""The exec and logs probes."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from drills.cluster import ExecAnswer, LogAnswer
from drills.errors import CannotAsk
from drills.findings import Cause
from drills.probes import Answer, find_probe
from tests.fakes.clock import START
from tests.fakes.cluster import FakeCluster
from tests.fakes.probing import SANDBOX, context, logging, pod, saying, spec, thing

TAIL = {"workload": "statefulset/ledger", "command": ["tail", "-n1", "/data/heartbeat.log"]}
SELECTOR = {
    "matchLabels": {"app": "ledger"},
    "matchExpressions": [
        {"key": "app", "operator": "Exists"},
        {"key": "tier", "operator": "DoesNotExist"},
        {"key": "app", "operator": "In", "values": ["ledger", "x"]},
    ],
}
LEDGER = thing("apps/v1", "StatefulSet", "ledger", spec={"selector": SELECTOR})


def cluster(*pods: object) -> FakeCluster:
    """Return a cluster with StatefulSet ledger and these pods."""
    return FakeCluster(None, LEDGER, *pods)  # type: ignore[arg-type]


def ledger_pod(name: str = "ledger-0", **more: object) -> object:
    """Return a pod of the ledger."""
    return pod(name, app="ledger", owner="StatefulSet/ledger", **more)  # type: ignore[arg-type]


def run(
    stdout: str, expect: Mapping[str, object] | None = None, *, code: int = 0, **changes: object
) -> Answer:
    """Ask exec in the ledger, which prints `stdout`."""
    place = cluster(ledger_pod())
    place.on_exec = saying(stdout, code, "warned\n")
    return find_probe("exec").ask(spec("exec", TAIL, expect), context(place, **changes), 5)


@pytest.mark.parametrize(
    ("stdout", "expect"),
    [
        ("anything", {}),
        ("42\n", {"value": {"min": 42}}),
        ("a\n", {"stdout": "a", "stderr": {"contains": "warn"}}),
        ("2026-11-21T08:50:09Z", {"timestamp": {"within": "rpo"}}),
        ("2026-11-21T08:50:09Z", {"timestamp": {"within": "10m"}}),
        ("2026-11-21T09:00:05Z", {"timestamp": {"within": "1s"}}),
        ("2026-11-21T08:50:09Z\n2026-11-21T09:00:11Z", {"timestamp": {"within": "10m"}}),
    ],
)
def test_fits(stdout: str, expect: Mapping[str, object]) -> None:
    assert run(stdout, expect).mismatches == ()


@pytest.mark.parametrize(
    ("stdout", "expect"),
    [
        ("41", {"value": {"min": 42}}),
        ("", {"value": {"min": 0}}),
        ("", {"timestamp": {"within": "rpo"}}),
        ("2026-11-21T08:50:09Z", {"timestamp": {"within": "9m"}}),
        ("2026-11-19T08:50:09Z", {"timestamp": {"within": "rpo"}}),
        ("2026-11-19T08:50:09Z\n2026-11-21T09:00:11Z", {"timestamp": {"within": "rpo"}}),
    ],
)
def test_does_not_fit(stdout: str, expect: Mapping[str, object]) -> None:
    assert run(stdout, expect).mismatches


def test_exit_code_zero_is_expected_unless_said_otherwise() -> None:
    assert run("", code=1).mismatches
    assert run("42", {"value": 42}, code=1).mismatches
    assert run("", {"exitCode": 1}, code=1).mismatches == ()


def test_the_newest_instant_goes_into_the_record() -> None:
    answer = run("2026-11-21T08:50:09Z", {"timestamp": {"within": "rpo"}})
    assert answer.newest == START - timedelta(minutes=9, seconds=51)


@pytest.mark.parametrize(
    ("stdout", "changes"),
    [
        ("2026-11-21T09:00:11Z", {}),
        ("2026-11-21 08:50:09", {}),
        ("2026-11-21T08:50:09Z", {"rpo": None}),
    ],
)
def test_what_measures_nothing_is_not_asked(stdout: str, changes: dict[str, object]) -> None:
    """Only younger instants, no zone, no target: neither passed nor blamed on the backup."""
    with pytest.raises(CannotAsk) as caught:
        run(stdout, {"timestamp": {"within": "rpo"}}, **changes)
    assert caught.value.cause is Cause.CONFIGURATION
    assert str(caught.value)


@pytest.mark.parametrize(
    ("limit", "changes"),
    [
        ("drillStart", {}),
        ("backupEnd", {"backup_ended_at": START - timedelta(hours=1)}),
    ],
)
def test_the_limit_can_be_earlier(limit: str, changes: dict[str, object]) -> None:
    expect = {"timestamp": {"within": "rpo", "notAfter": limit}}
    answer = run("2026-11-21T07:30:00Z 2026-11-21T09:00:05Z", expect, **changes)
    assert answer.newest == START - timedelta(hours=1, minutes=30)


def test_asks_a_ready_pod_in_its_default_container() -> None:
    heard: list[object] = []
    note = {"kubectl.kubernetes.io/default-container": "main"}
    chosen = pod("ledger-1", app="ledger", owner="StatefulSet/ledger")
    marked = {**chosen, "metadata": {**chosen["metadata"], "annotations": note}}  # type: ignore[dict-item]
    place = cluster(ledger_pod("ledger-0", ready=False), marked)
    place.on_exec = lambda *what, **_: (heard.extend(what), saying("x")())[1]
    find_probe("exec").ask(spec("exec", TAIL), context(place), 5)
    assert heard == [SANDBOX, "ledger-1", "main", ["tail", "-n1", "/data/heartbeat.log"]]


@pytest.mark.parametrize("workload", ["statefulset/ledger", "statefulset/gone", "pod/ledger-0"])
def test_no_ready_pod_is_a_wrong_answer(workload: str) -> None:
    place = cluster(ledger_pod(ready=False))
    place.on_exec = saying("x")
    for kind in ("exec", "logs"):
        question = {**TAIL, "workload": workload}
        assert find_probe(kind).ask(spec(kind, question), context(place), 5).mismatches


def test_an_odd_workload_cannot_be_asked() -> None:
    with pytest.raises(CannotAsk):
        find_probe("exec").ask(spec("exec", {"workload": "db"}), context(cluster()), 5)


LOG = "starting\nready on 80\nready on 81\nerror: once\n"


def read(expect: Mapping[str, object], text: str = LOG) -> Answer:
    """Ask logs."""
    place = cluster(ledger_pod())
    place.on_logs = logging(text)
    question = {"workload": "statefulset/ledger", "tail": 10, "since": "5m"}
    return find_probe("logs").ask(spec("logs", question, expect), context(place), 5)


@pytest.mark.parametrize(
    "expect",
    [
        {"contains": "ready"},
        {"matches": "^ready on [0-9]+$"},
        {"contains": "starting", "matches": "^ready"},
        {"not": "panic"},
        {"not": {"matches": "^panic"}},
        {"contains": "ready", "count": 2},
        {"count": {"min": 4}},
        {"contains": "error", "count": {"max": 1}},
    ],
)
def test_log_fits(expect: Mapping[str, object]) -> None:
    assert read(expect).mismatches == ()


@pytest.mark.parametrize(
    "expect",
    [
        {"contains": "panic"},
        {"matches": "^on"},
        {"not": "error"},
        {"not": {"matches": "^error"}},
        {"contains": "ready", "count": {"min": 3}},
        {"contains": "error", "count": 0},
    ],
)
def test_log_does_not_fit(expect: Mapping[str, object]) -> None:
    assert read(expect).mismatches


def test_an_empty_log_contains_nothing() -> None:
    assert read({"contains": "ready"}, "").mismatches


@pytest.mark.parametrize("expect", [{"stdout": {"not": {"contains": "panic"}}}, {"value": "a"}])
def test_an_output_that_was_cut_is_not_judged(expect: Mapping[str, object]) -> None:
    """What stands in the part that was not kept is unknown."""
    place = cluster(ledger_pod())
    place.on_exec = lambda *_, **__: ExecAnswer(exit_code=0, stdout="a", stderr="", cut=True)
    ask = find_probe("exec").ask
    with pytest.raises(CannotAsk, match="printed more than can be kept"):
        ask(spec("exec", TAIL, expect), context(place), 5)
    assert ask(spec("exec", TAIL, {}), context(place), 5).mismatches == ()
    assert ask(spec("exec", TAIL, {**expect, "exitCode": 1}), context(place), 5).mismatches


def test_a_log_that_was_cut_is_not_judged() -> None:
    place = cluster(ledger_pod())
    place.on_logs = lambda *_, **__: LogAnswer(text=LOG, cut=True)
    question = {"workload": "statefulset/ledger"}
    with pytest.raises(CannotAsk, match="longer than can be read"):
        find_probe("logs").ask(spec("logs", question, {"not": "panic"}), context(place), 5)


@pytest.mark.parametrize(
    ("expected", "fits"),
    [
        ({"matches": r"ready on 80\nready on 81"}, True),
        ({"matches": "(?s)starting.*error"}, True),
        ({"matches": "(?s)error.*starting"}, False),
        ({"matches": "starting.*error"}, False),
        ({"contains": "80\nready"}, True),
        ({"not": {"matches": "(?s)starting.*error"}}, False),
    ],
)
def test_a_match_may_go_over_several_lines(expected: Mapping[str, object], fits: bool) -> None:
    assert (read({"text": expected}).mismatches == ()) is fits


def test_what_a_container_wrote_before_it_was_started_again() -> None:
    place = cluster(ledger_pod())
    asked: list[object] = []
    place.on_logs = lambda *_, previous, **__: (asked.append(previous), logging(LOG)())[1]
    question = {"workload": "statefulset/ledger", "previous": True}
    find_probe("logs").ask(spec("logs", question, {"contains": "ready"}), context(place), 5)
    del question["previous"]
    find_probe("logs").ask(spec("logs", question, {"contains": "ready"}), context(place), 5)
    assert asked == [True, False]
