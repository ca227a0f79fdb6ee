"""Asking all probes: order, retries, deadlines, and whose fault it is."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from drills.errors import CannotAsk, DrillError, Forbidden, NotServed, Unreachable
from drills.expectations import Mismatch
from drills.findings import Cause, Finding, Severity
from drills.probes import PROBES, Answer, Probe, find_probe
from drills.record import Outcome, ProbeRecord
from drills.stages.probe import AT_ONCE, run_probes
from scenarios.model import ProbeSpec
from tests.fakes.cluster import FakeCluster
from tests.fakes.listeners import MemoryListener
from tests.fakes.probing import Scripted, context, spec, until

RIGHT = Answer(observed={"x": 1})
WRONG = Answer(observed={"x": 2})
EXPECT = {"x": 1}
Line = Answer | Exception | Callable[[], Answer]


def ask(
    *specs: ProbeSpec, seconds: float = 1000, stop: bool = False, **probes: Probe
) -> dict[str, ProbeRecord]:
    """Run the probes; return their records by name."""
    cluster = FakeCluster()
    records = run_probes(
        specs,
        context(cluster),
        deadline=until(cluster.clock, seconds),
        stop=lambda: stop,
        listener=MemoryListener(),
        probes=probes,
    )
    assert [record.name for record in records] == [each.name for each in specs]
    return {record.name: record for record in records}


def one(
    *script: Answer | Exception | Callable[[], Answer], seconds: float = 1000, **more: object
) -> ProbeRecord:
    """Run one scripted probe."""
    asked = spec("scripted", {}, EXPECT, **{"retries": 3, **more})
    return ask(asked, seconds=seconds, scripted=Scripted(*script))["asked"]


def test_a_right_answer_passes() -> None:
    record = one(RIGHT)
    assert (record.outcome, record.attempts, record.passed_at) == (Outcome.PASSED, 1, 0.0)
    assert (record.expected, record.observed) == ("x 1", "x 1")


def test_a_wrong_answer_is_asked_again_until_the_retries_are_used_up() -> None:
    record = one(WRONG)
    assert (record.outcome, record.attempts, record.passed_at) == (Outcome.FAILED, 4, None)
    assert record.message == "expected x 1, found x 2"
    assert record.seconds == pytest.approx(3.0)


def test_a_late_right_answer_passes_when_it_came() -> None:
    record = one(WRONG, WRONG, RIGHT, initial_delay=timedelta(seconds=5))
    assert (record.outcome, record.attempts, record.passed_at) == (Outcome.PASSED, 3, 7.0)


def test_what_cannot_be_asked_is_inconclusive_after_the_retries() -> None:
    record = one(CannotAsk("away", cause=Cause.ENVIRONMENT))
    assert (record.outcome, record.attempts) == (Outcome.INCONCLUSIVE, 4)
    assert record.cause is Cause.ENVIRONMENT


def test_an_absent_api_server_is_waited_for_a_minute_whatever_the_retries() -> None:
    assert one(*[Unreachable("away")] * 50, RIGHT).outcome is Outcome.PASSED
    record = one(Unreachable("away"))
    assert (record.outcome, record.cause) == (Outcome.INCONCLUSIVE, Cause.ENVIRONMENT)
    assert record.seconds == pytest.approx(60.0)


def test_an_api_server_that_comes_back_is_asked_again() -> None:
    assert one(Unreachable("away"), WRONG, Unreachable("away"), RIGHT).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (CannotAsk("path", cause=Cause.CONFIGURATION), Cause.CONFIGURATION),
        (Forbidden("may not"), Cause.CONFIGURATION),
        (NotServed("no such kind"), Cause.ENVIRONMENT),
    ],
)
def test_what_asking_again_cannot_mend_is_not_asked_again(error: DrillError, cause: Cause) -> None:
    record = one(error)
    assert (record.outcome, record.attempts, record.cause) == (Outcome.INCONCLUSIVE, 1, cause)


def test_a_broken_probe_is_the_runners_fault() -> None:
    record = one(KeyError("oops"))
    assert (record.outcome, record.cause) == (Outcome.INCONCLUSIVE, Cause.RUNNER)
    assert "KeyError" in record.message


def test_the_deadline_before_the_retries_are_used_up_is_inconclusive() -> None:
    """With more time the answer might have become right."""
    record = one(WRONG, seconds=2.5, retries=10)
    assert record.outcome is Outcome.INCONCLUSIVE
    assert record.cause is Cause.ENVIRONMENT
    assert "deadline" in record.message


def test_the_deadline_before_the_first_answer_is_inconclusive() -> None:
    record = one(RIGHT, seconds=0.0)
    assert (record.outcome, record.attempts) == (Outcome.INCONCLUSIVE, 0)


def test_an_attempt_gets_no_more_time_than_is_left() -> None:
    probe = Scripted(RIGHT)
    ask(spec("scripted", {}), seconds=4.0, scripted=probe)
    assert probe.timeouts == [4.0]


def test_a_stop_leaves_everything_inconclusive() -> None:
    records = ask(spec("scripted", {}), stop=True, scripted=Scripted(RIGHT))
    assert records["asked"].outcome is Outcome.INCONCLUSIVE
    assert records["asked"].cause is Cause.RUNNER


def test_an_interrupted_wait_is_inconclusive() -> None:
    cluster = FakeCluster()
    cluster.clock.interrupted = True
    (record,) = run_probes(
        [spec("scripted", {}, EXPECT)],
        context(cluster),
        deadline=until(cluster.clock),
        stop=lambda: False,
        listener=MemoryListener(),
        probes={"scripted": Scripted(WRONG)},
    )
    assert (record.outcome, record.cause) == (Outcome.INCONCLUSIVE, Cause.RUNNER)


def named(name: str, *needs: str, kind: str = "good", **more: object) -> ProbeSpec:
    """Return a scripted probe that needs others."""
    return spec(kind, {}, EXPECT, name=name, needs=needs, retries=0, **more)


def test_needs_come_first() -> None:
    asked: list[str] = []

    class Noting:
        kind = "good"

        def ask(self, spec: ProbeSpec, context: object, timeout: float) -> Answer:
            asked.append(spec.name)
            return RIGHT

    ask(named("c", "b"), named("b", "a"), named("a"), good=Noting())
    assert asked == ["a", "b", "c"]


def test_a_probe_whose_need_did_not_pass_is_not_asked() -> None:
    """What was skipped never counts as green."""
    good, bad = Scripted(RIGHT), Scripted(WRONG)
    records = ask(named("a", kind="bad"), named("b", "a"), named("c", "b"), good=good, bad=bad)
    assert records["a"].outcome is Outcome.FAILED
    assert records["b"].outcome is Outcome.INCONCLUSIVE
    assert records["b"].message == "not asked: a did not pass"
    assert records["c"].outcome is Outcome.INCONCLUSIVE
    assert good.timeouts == []


def test_needs_that_wait_for_each_other_or_are_unknown_are_inconclusive() -> None:
    records = ask(named("a", "b"), named("b", "a"), named("c", "nobody"), good=Scripted(RIGHT))
    assert {record.outcome for record in records.values()} == {Outcome.INCONCLUSIVE}
    assert {record.cause for record in records.values()} == {Cause.CONFIGURATION}


def test_an_unknown_kind_is_inconclusive() -> None:
    record = ask(spec("smoke-signal", {}))["asked"]
    assert (record.outcome, record.cause) == (Outcome.INCONCLUSIVE, Cause.CONFIGURATION)
    assert "http" in record.message


def test_probes_are_asked_at_once() -> None:
    """As many as the cap are out together; a barrier that all must reach proves it."""
    together = threading.Barrier(AT_ONCE)

    def meet() -> Answer:
        together.wait(timeout=20)
        return RIGHT

    specs = [named(f"p{n}") for n in range(AT_ONCE)]
    records = ask(*specs, good=Scripted(meet))
    assert {record.outcome for record in records.values()} == {Outcome.PASSED}


def test_no_more_than_the_cap_are_out() -> None:
    lock, out, most = threading.Lock(), [0], [0]

    def count() -> Answer:
        with lock:
            out[0] += 1
            most[0] = max(most[0], out[0])
        with lock:
            out[0] -= 1
        return RIGHT

    records = ask(*[named(f"p{n}") for n in range(60)], good=Scripted(count))
    assert len(records) == 60
    assert most[0] <= AT_ONCE


def test_a_probe_that_hangs_does_not_hold_the_drill() -> None:
    """Whatever a probe from elsewhere does, the drill ends and cleans up."""
    cluster, never = FakeCluster(), threading.Event()

    def hang() -> Answer:
        cluster.clock.advance(1_000)
        never.wait(timeout=60)
        return RIGHT

    records = run_probes(
        [spec("scripted", {}), spec("scripted", {}, name="after", needs=("asked",))],
        context(cluster),
        deadline=until(cluster.clock, 10),
        stop=lambda: False,
        listener=MemoryListener(),
        probes={"scripted": Scripted(hang)},
    )
    never.set()
    assert [record.outcome for record in records] == [Outcome.INCONCLUSIVE] * 2
    assert "deadline" in records[0].message


TROUBLE = Finding(
    code="unschedulable",
    severity=Severity.WARNING,
    cause=Cause.CAPACITY,
    subject="deployment backup-test/shop",
    message="no room",
    remedy="",
    unanswered=True,
)


@pytest.mark.parametrize(
    ("troubles", "explicable", "outcome"),
    [
        ([TROUBLE], True, Outcome.INCONCLUSIVE),
        ([TROUBLE], False, Outcome.FAILED),
        ([replace(TROUBLE, subject="deployment elsewhere/shop")], True, Outcome.FAILED),
        ([replace(TROUBLE, unanswered=False)], True, Outcome.FAILED),
        ([], True, Outcome.FAILED),
    ],
)
def test_known_trouble_is_not_blamed_on_the_backup(
    troubles: Sequence[Finding], explicable: bool, outcome: Outcome
) -> None:
    cluster = FakeCluster()
    answer = Answer(observed={}, mismatches=(Mismatch("a", "b"),), explicable=explicable)
    (record,) = run_probes(
        [spec("scripted", {}, retries=0)],
        context(cluster, troubles=tuple(troubles)),
        deadline=until(cluster.clock),
        stop=lambda: False,
        listener=MemoryListener(),
        probes={"scripted": Scripted(answer)},
    )
    assert record.outcome is outcome


def test_records_keep_what_verdict_and_reports_need() -> None:
    answer = replace(RIGHT, simulated=True)
    record = one(answer, required=False, needs=())
    assert record.simulated
    assert not record.required
    assert record.kind == "scripted"


def test_an_expected_secret_is_not_shown() -> None:
    question = {"apiVersion": "v1", "kind": "Secret", "name": "pass"}
    expect = {"jsonPath": "{.data.key}", "value": "aHVudGVyMg=="}
    record = ask(spec("resource", question, expect, retries=0))["asked"]
    assert record.outcome is Outcome.FAILED
    assert "aHVudGVyMg" not in str(record)


@pytest.mark.parametrize("kind", sorted(PROBES))
def test_every_word_has_its_probe(kind: str) -> None:
    assert find_probe(kind).kind == kind


def test_the_listener_hears_each_probe() -> None:
    cluster, listener = FakeCluster(), MemoryListener()
    run_probes(
        [named("a"), named("b", "nobody")],
        context(cluster),
        deadline=until(cluster.clock),
        stop=lambda: False,
        listener=listener,
        probes={"good": Scripted(RIGHT)},
    )
    assert {message for _, _, message in listener.stages} == {"a: passed", "b: inconclusive"}
