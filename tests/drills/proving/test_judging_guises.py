"""What answers in guise prove: the rows of the table that a workload's labels may change."""

from dataclasses import replace

import pytest

from drills.findings import Severity
from drills.proving.facts import ProofState, Target, Tried, Untried
from drills.proving.judging import judge
from drills.proving.telling import findings
from tests.drills.proving.test_judging import (
    API,
    CLOSED,
    INTERNET,
    NO,
    SHOP,
    TIMED_OUT,
    YES,
    changed,
    said,
    tried,
)


def worn(target: Target, after: bool | None, before: bool | None = YES) -> Tried:
    """Return a way out tried with the labels of a workload."""
    return replace(tried(target, before, after), workload="deployments.apps shop")


LET_OUT = ("deployments.apps shop",)
OPEN_API = changed(tried(API, YES, YES))
IN_GUISE = {
    "blocked too": ((*CLOSED, worn(SHOP, NO)), ProofState.PROVEN, ()),
    "open for the labels alone": ((*CLOSED, worn(SHOP, YES)), ProofState.OPEN, LET_OUT),
    "open where the control was not": (
        (*CLOSED, worn(INTERNET, YES, NO)),
        ProofState.OPEN,
        LET_OUT,
    ),
    "open for all": (
        (*changed(tried(SHOP, YES, YES)), worn(SHOP, YES), worn(INTERNET, NO, NO)),
        ProofState.OPEN,
        (),
    ),
    "the API server is exempt": ((*OPEN_API, worn(API, YES)), ProofState.PROVEN, ()),
    "the API server is open for the labels alone": (
        (*CLOSED, worn(SHOP, NO), worn(API, YES)),
        ProofState.OPEN,
        LET_OUT,
    ),
    "blocked for the labels alone": (
        (*changed(tried(SHOP, NO, NO), tried(API, YES, YES)), worn(SHOP, NO)),
        ProofState.OPEN,
        (),
    ),
    "nothing else was blocked": (
        (*changed(tried(SHOP, NO, NO), tried(API, NO, NO)), worn(SHOP, NO)),
        ProofState.UNPROVEN,
        (),
    ),
}


@pytest.mark.parametrize(("answers", "state", "alone"), IN_GUISE.values(), ids=IN_GUISE)
def test_what_the_labels_of_a_workload_prove(
    answers: tuple[Tried, ...], state: ProofState, alone: tuple[str, ...]
) -> None:
    """They may show that it is open, and add nothing to what is proven."""
    proof = judge(answers)
    assert (proof.state, proof.let_through) == (state, alone)
    named = "from a-test as deployments.apps shop" in proof.why
    assert named is (bool(alone) or (state is ProofState.PROVEN and answers[-1].after is False))
    assert ("AdminNetworkPolicy" in proof.hint) is bool(alone)


def test_whose_labels_were_not_tried_is_told_in_few_words() -> None:
    many = [Untried(namespace="a-test", workload=f"deployments.apps w{at}") for at in range(20)]
    slow = Untried(namespace="a-test", workload="pods db", why="it did not start")
    proof = judge(CLOSED, untried=[slow, *many])
    named = [
        ("isolation-not-tried-as", Severity.INFO),
        ("isolation-not-tried-as-all", Severity.INFO),
    ]
    assert [(f.code, f.severity) for f in findings(proof, required=False)] == named
    first, second = findings(proof, required=True)
    assert (first.severity, first.unanswered) == (Severity.WARNING, False)
    assert (second.severity, second.unanswered) == (Severity.INFO, False)
    assert "pods db in a-test (it did not start)" in first.message
    assert "deployments.apps w11 in a-test and 8 more" in second.message
    unproven = judge((), unasked=TIMED_OUT, untried=many)
    assert said(unproven, required=False) == [("isolation-not-proven", Severity.INFO, False)]
