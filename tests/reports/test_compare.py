"""Two drills side by side."""

from dataclasses import replace

from reports import to_document
from reports.compare import Change, Direction, compare, comparison_lines
from tests.reports import records

GOOD = to_document(records.passed())
BAD = to_document(records.failed_missing_volume())


def test_equal_drills() -> None:
    comparison = compare(GOOD, GOOD)
    assert comparison.changes == ()
    assert comparison_lines(comparison)[-1].startswith("no difference")


def test_worse() -> None:
    changes = {change.what: change for change in compare(GOOD, BAD).changes}
    assert {what: c.direction for what, c in changes.items()} == {
        "verdict": Direction.WORSE,
        "proof level": Direction.WORSE,
        "RTO": Direction.CHANGED,
        "data RPO": Direction.CHANGED,
        "objects restored": Direction.CHANGED,
        "objects missing": Direction.WORSE,
        "probe 'newest ledger entry'": Direction.WORSE,
    }
    assert (changes["RTO"].before, changes["RTO"].after) == ("3m 29s", "unknown")


def test_the_other_way_is_better() -> None:
    verdict = compare(BAD, GOOD).changes[0]
    assert verdict == Change(
        what="verdict", before="failed", after="passed", direction=Direction.BETTER
    )


def test_other_scenario_and_environment_are_named() -> None:
    comparison = compare(GOOD, to_document(records.embedded()))
    lines = "\n".join(comparison_lines(comparison))
    assert not comparison.same_scenario
    assert "different scenarios" in lines
    assert "environment: cluster -> embedded" in lines


def test_probes_that_came_and_went() -> None:
    good = records.passed()
    fewer = to_document(replace(good, probes=good.probes[:3]))
    (change,) = compare(fewer, GOOD).changes
    assert (change.what, change.before, change.after) == (
        "probe 'admin page'",
        "not asked",
        "passed",
    )


def test_not_compared_is_no_zero() -> None:
    """A drill without a completeness check has not restored 0 objects."""
    changes = {c.what: c for c in compare(GOOD, to_document(records.inconclusive_hang())).changes}
    assert changes["completeness"].after == "not compared"
    assert "objects restored" not in changes
