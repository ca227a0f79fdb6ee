"""What the prober's answers prove: the table, row by row."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.findings import Cause, Severity
from drills.proving.facts import (
    API_SERVER,
    Aim,
    Outcome,
    Proof,
    ProofState,
    Target,
    Tried,
    Unasked,
)
from drills.proving.judging import judge
from drills.proving.telling import findings, findings_after

SHOP = Target(aim=Aim.SERVICE, words="Service production/shop", host="10.96.0.9", port=80)
API = Target(aim=Aim.API_SERVER, words="the API server", host=API_SERVER, port=443)
INTERNET = Target(aim=Aim.INTERNET, words="the internet", host="1.1.1.1", port=443)
DNS = Target(aim=Aim.DNS, words="the cluster's DNS", host="kubernetes.default.svc")
BESIDE = Target(aim=Aim.NEIGHBOUR, words="a pod in a-test", host="10.244.0.7", port=18765)
YES, NO, NOT_ASKED = True, False, None


def tried(
    target: Target,
    before: bool | None,
    after: bool | None,
    again: bool | None = None,
    namespace: str = "a-test",
) -> Tried:
    return Tried(namespace=namespace, target=target, before=before, after=after, again=again)


CLOSED = (
    tried(SHOP, YES, NO),
    tried(API, YES, NO),
    tried(INTERNET, NO, NO),
    tried(DNS, YES, YES),
    tried(BESIDE, YES, YES),
)
TIMED_OUT = Unasked(why="the pod did not start", cause=Cause.CAPACITY, hint="Free a node.")


def changed(*news: Tried) -> tuple[Tried, ...]:
    """Return CLOSED with other answers for some targets."""
    fresh = {each.target: each for each in news}
    return tuple(fresh.get(each.target, each) for each in CLOSED)


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ((SHOP, YES, NO), Outcome.BLOCKED),
        ((SHOP, YES, NO, NO), Outcome.BLOCKED),
        ((SHOP, YES, YES), Outcome.OPEN),
        ((SHOP, NO, YES), Outcome.OPEN),
        ((SHOP, YES, NO, YES), Outcome.OPEN),
        ((SHOP, NO, NO), Outcome.UNKNOWN),
        ((SHOP, YES, NOT_ASKED), Outcome.UNKNOWN),
        ((SHOP, NOT_ASKED, NO), Outcome.UNKNOWN),
        ((DNS, YES, YES), Outcome.WORKS),
        ((DNS, YES, NO), Outcome.BROKEN),
        ((DNS, YES, YES, NO), Outcome.BROKEN),
        ((DNS, NO, YES), Outcome.WORKS),
        ((DNS, YES, NOT_ASKED), Outcome.UNKNOWN),
    ],
)
def test_what_one_target_shows(answers: tuple[Target, bool], outcome: Outcome) -> None:
    """What was not reached without the policy either never counts as blocked."""
    assert tried(*answers).outcome is outcome


STATES = {
    "all blocked": (CLOSED, None, ProofState.PROVEN, Cause.ISOLATION),
    "one still open": (changed(tried(INTERNET, YES, YES)), None, ProofState.OPEN, Cause.ISOLATION),
    "opened later": (changed(tried(SHOP, YES, NO, YES)), None, ProofState.OPEN, Cause.ISOLATION),
    "the API server is exempt": (
        changed(tried(API, YES, YES)),
        None,
        ProofState.PROVEN,
        Cause.ISOLATION,
    ),
    "only the API server can be asked": (
        changed(tried(SHOP, NO, NO), tried(API, YES, YES)),
        None,
        ProofState.OPEN,
        Cause.ISOLATION,
    ),
    "nothing was reached in the control": (
        changed(tried(SHOP, NO, NO), tried(API, NO, NO)),
        None,
        ProofState.UNPROVEN,
        Cause.ISOLATION,
    ),
    "one namespace shows nothing": (
        (*CLOSED, tried(SHOP, NO, NO, namespace="b-test")),
        None,
        ProofState.UNPROVEN,
        Cause.ISOLATION,
    ),
    "DNS does not work": (
        changed(tried(DNS, YES, NO)),
        None,
        ProofState.UNPROVEN,
        Cause.ENVIRONMENT,
    ),
    "neighbours are apart": (
        changed(tried(BESIDE, YES, NO)),
        None,
        ProofState.UNPROVEN,
        Cause.ENVIRONMENT,
    ),
    "could not ask": ((), TIMED_OUT, ProofState.UNPROVEN, Cause.CAPACITY),
    "asked half": (
        tuple(replace(each, after=None) for each in CLOSED),
        TIMED_OUT,
        ProofState.UNPROVEN,
        Cause.CAPACITY,
    ),
    "open, then lost": (
        changed(tried(SHOP, YES, YES)),
        TIMED_OUT,
        ProofState.OPEN,
        Cause.ISOLATION,
    ),
    "nothing at all": ((), None, ProofState.UNPROVEN, Cause.ISOLATION),
}


@pytest.mark.parametrize(("answers", "unasked", "state", "cause"), STATES.values(), ids=STATES)
def test_what_all_targets_prove(
    answers: tuple[Tried, ...], unasked: Unasked | None, state: ProofState, cause: Cause
) -> None:
    proof = judge(answers, unasked=unasked)
    assert (proof.state, proof.cause) == (state, cause)
    assert proof.tried == answers


@pytest.mark.parametrize(
    ("embedded", "state"), [(True, ProofState.PROVEN), (False, ProofState.UNPROVEN)]
)
def test_a_stand_ins_word_counts_on_the_embedded_cluster_only(
    *, embedded: bool, state: ProofState
) -> None:
    proof = judge(CLOSED, simulated=True, embedded=embedded)
    assert (proof.state, proof.simulated) == (state, True)
    assert "simulated" in proof.why or "stand-in" in proof.why


def said(proof: Proof, *, required: bool) -> list[tuple[str, Severity, bool]]:
    return [(f.code, f.severity, f.unanswered) for f in findings(proof, required=required)]


def test_a_proof_needs_no_words() -> None:
    assert said(judge(CLOSED), required=True) == []


def test_an_open_sandbox_is_a_warning_unless_proof_is_wanted() -> None:
    proof = judge(changed(tried(SHOP, YES, YES), tried(API, YES, YES)))
    assert said(proof, required=False) == [("isolation-open", Severity.WARNING, False)]
    assert said(proof, required=True) == [("isolation-open", Severity.WARNING, True)]
    (found,) = findings(proof, required=True)
    assert "Service production/shop (10.96.0.9:80)" in found.message
    assert "not enforced" in found.message
    assert "Nothing was restored" in found.message


def test_a_half_open_sandbox_is_called_that() -> None:
    (found,) = findings(judge(changed(tried(INTERNET, YES, YES))), required=False)
    assert "in part only" in found.message


def test_what_could_not_be_proven_is_a_note_unless_proof_is_wanted() -> None:
    proof = judge((), unasked=TIMED_OUT)
    assert said(proof, required=False) == [("isolation-not-proven", Severity.INFO, False)]
    assert said(proof, required=True) == [("isolation-not-proven", Severity.WARNING, True)]
    (found,) = findings(proof, required=True)
    assert (found.cause, found.remedy) == (Cause.CAPACITY, "Free a node.")


def test_an_exempt_api_server_is_told() -> None:
    proof = judge(changed(tried(API, YES, YES)))
    assert "API server stays reachable" in proof.why
    assert said(proof, required=True) == [("api-server-exempt", Severity.INFO, False)]


def test_what_the_application_will_miss_is_a_finding() -> None:
    """Blamed on the policy only where it worked before."""
    cut = judge(changed(tried(DNS, YES, NO)))
    assert ("sandbox-cut-off", Severity.WARNING, False) in said(cut, required=False)
    never = judge(changed(tried(DNS, NO, NO)))
    assert ("sandbox-without-network", Severity.INFO, False) in said(never, required=False)


def after(*news: Tried, unasked: Unasked | None = None, required: bool = False) -> list[object]:
    found = findings_after(judge(changed(*news)), unasked, required=required)
    return [(f.code, f.severity, f.unanswered) for f in found]


def test_what_a_restored_policy_opened_is_critical() -> None:
    opened = [("sandbox-opened", Severity.CRITICAL, False)]
    assert after(tried(SHOP, YES, NO, YES)) == opened
    assert after(tried(INTERNET, NO, NO, YES), unasked=TIMED_OUT) == opened


def test_what_was_open_before_the_restore_is_no_news_after_it() -> None:
    assert after(tried(SHOP, YES, YES, YES)) == []
    assert after(tried(API, YES, YES, YES)) == []


def test_what_a_restored_policy_cut_is_a_warning() -> None:
    assert after(tried(DNS, YES, YES, NO)) == [("sandbox-cut-off", Severity.WARNING, False)]


@pytest.mark.parametrize(
    ("required", "severity"), [(True, Severity.WARNING), (False, Severity.INFO)]
)
def test_not_asked_again_counts_where_proof_is_wanted(
    *, required: bool, severity: Severity
) -> None:
    found = after(unasked=TIMED_OUT, required=required)
    assert found == [("isolation-not-asked-again", severity, required)]


ANSWERS = st.sampled_from([True, False, None])
ANY_TRIED = st.lists(
    st.builds(
        Tried,
        namespace=st.sampled_from(["a-test", "b-test"]),
        target=st.sampled_from([SHOP, API, INTERNET, DNS, BESIDE]),
        before=ANSWERS,
        after=ANSWERS,
        again=ANSWERS,
        workload=st.sampled_from(["", "", "deployments.apps shop"]),
    ),
    max_size=8,
)


@given(ANY_TRIED)
def test_proven_is_never_said_of_what_was_not_seen(answers: list[Tried]) -> None:
    """Each namespace was seen to be cut off, and nothing but the API server leaks."""
    proof = judge(answers)
    if proof.state is not ProofState.PROVEN:
        return
    own = [each for each in answers if not each.workload]
    assert judge(own).state is ProofState.PROVEN
    for name in {each.namespace for each in own}:
        mine = [each for each in own if each.namespace == name]
        assert any(each.before and each.after is False and not each.again for each in mine)
    leaks = [each for each in answers if each.after or each.again]
    assert {each.target.aim for each in leaks} <= {Aim.API_SERVER, Aim.DNS, Aim.NEIGHBOUR}
    assert all(each.after for each in answers if each.target.aim.must_work)
