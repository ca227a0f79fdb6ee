"""What meets an expectation and what does not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.alike import Amount
from drills.errors import CannotAsk
from drills.expectations import LONGEST_SHOWN, check, describe, show
from drills.findings import Cause

HOLDS: list[tuple[object, object]] = [
    (200, 200),
    (200, "200"),
    ("200", 200),
    (1.5, "1.5"),
    (1.5, 1.50),
    (1.5, Decimal("1.50")),
    (1.5, Amount("1.50")),
    ("1.50", 1.5),
    ("1.50", Amount("1.50")),
    (True, 1),
    (False, 0),
    (True, "t"),
    (False, "F"),
    (True, "1"),
    (True, b"\x01"),
    (False, "\x00"),
    (1, b"\x01"),
    ("t", True),
    ("false", False),
    ("\\xDEADbeef", b"\xde\xad\xbe\xef"),
    ("0xdeadbeef", b"\xde\xad\xbe\xef"),
    ("plain", b"plain"),
    ({"oneOf": [1.20, "1.20"]}, "1.20"),
    ({"contains": 1.5}, ["1.50", 1.5]),
    ("ok", "ok"),
    (True, "True"),
    (False, "false"),
    (None, None),
    ([1, "a"], ["1", "a"]),
    ({"min": 1}, 1),
    ({"min": 1, "max": 3}, "3"),
    ({"min": 1073741824}, "1Gi"),
    ({"contains": "ok"}, "all ok here"),
    ({"contains": "b"}, ["a", "b"]),
    ({"contains": ["a", "b"]}, "a b"),
    ({"contains": "key"}, {"key": 1}),
    ({"matches": "^re[a-z]+y$"}, "ready"),
    ({"oneOf": [200, 204]}, 204),
    ({"not": "Failed"}, "Running"),
    ({"not": {"contains": "error"}}, "fine"),
    ({"not": {"min": 3}}, 2),
]
FAILS: list[tuple[object, object]] = [
    (200, 500),
    (200, "ok"),
    ("1.10", "1.1"),
    (True, 2),
    (True, "10"),
    (True, "yes"),
    (True, 1.0),
    (False, ""),
    (False, None),
    (1, True),
    ("1", True),
    (1, "true"),
    (49, b"1"),
    ("1.2", "1.20"),
    (1.2, "1.20.1"),
    (1.2, "v1.2"),
    ("deadbeef", b"\xde\xad\xbe\xef"),
    ("?", b"\xff"),
    ("ok", None),
    (0, None),
    (False, None),
    (None, 0),
    ([1], [1, 2]),
    ({"min": 1}, 0),
    ({"min": 1, "max": 3}, 4),
    ({"min": 1}, "many"),
    ({"max": 1}, None),
    ({"min": 0}, True),
    ({"contains": "ok"}, "OK"),
    ({"contains": "o"}, ["ok"]),
    ({"contains": []}, "x"),
    ({"matches": "^y"}, "ready"),
    ({"matches": ".*"}, None),
    ({"oneOf": [200, 204]}, 404),
    ({"not": "Failed"}, "Failed"),
    ({"not": "Failed"}, None),
    ({"not": {"contains": "error"}}, "an error"),
]


@pytest.mark.parametrize(("expected", "observed"), HOLDS)
def test_holds(expected: object, observed: object) -> None:
    assert check(expected, observed) is None


@pytest.mark.parametrize(("expected", "observed"), FAILS)
def test_does_not_hold(expected: object, observed: object) -> None:
    assert check(expected, observed) is not None


@pytest.mark.parametrize("expected", [{}, {"minimum": 1}, {"min": 1, "least": 2}])
def test_unknown_words_cannot_be_asked(expected: object) -> None:
    """An expectation that makes no sense is a mistake in the scenario, never a failed backup."""
    with pytest.raises(CannotAsk) as caught:
        check(expected, "x")
    assert caught.value.cause is Cause.CONFIGURATION


SPELLED: list[tuple[object, object]] = [
    (1.2, "1.20"),
    (1, "1.0"),
    (200, "0200"),
    (3.0, "3"),
    ("1.5", Amount("1.50")),
    ({"not": 1.2}, "1.20"),
    ({"oneOf": [1.2, 7]}, "1.20"),
    ({"contains": 1.2}, ["1.20"]),
    ([1.2], ["1.20"]),
    ({"not": {"oneOf": [1.2]}}, "1.20"),
]


@pytest.mark.parametrize(("expected", "observed"), SPELLED)
def test_one_number_spelled_otherwise_in_a_text_is_an_open_question(
    expected: object, observed: object
) -> None:
    """A version 1.20 is not the version 1.2, an amount of 1.20 is one of 1.2: only people know."""
    with pytest.raises(CannotAsk) as caught:
        check(expected, observed)
    assert caught.value.cause is Cause.CONFIGURATION
    assert "quote" in caught.value.hint


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=12))
def test_a_number_never_meets_a_text_that_is_not_its_own_spelling(
    expected: float, observed: str
) -> None:
    if observed.strip() == str(expected) or observed in {"\x00", "\x01"}:
        return
    try:
        assert check(expected, observed) is not None
    except CannotAsk:
        assert float(observed) == expected


@given(st.sampled_from(["1.10", "2.0", "10.50", "0.30"]), st.booleans())
def test_a_version_read_as_a_number_never_passes_in_either_polarity(
    version: str, negated: bool
) -> None:
    expected: object = {"not": float(version)} if negated else float(version)
    if str(float(version)) == version:
        version += "0"
    with pytest.raises(CannotAsk):
        check(expected, version)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(", "[z-a]"])
def test_refuses_patterns_that_may_never_end(pattern: str) -> None:
    with pytest.raises(CannotAsk) as caught:
        check({"matches": pattern}, "a" * 40)
    assert caught.value.cause is Cause.CONFIGURATION


@pytest.mark.parametrize("pattern", ["(ok|ready)+", r"\d+ of \d+", r"(\w+\.)+"])
def test_takes_ordinary_patterns(pattern: str) -> None:
    assert check({"not": {"matches": pattern}}, "zzz") is None


def test_refuses_endless_text() -> None:
    """A pattern over a cut text could pass by what was cut off."""
    with pytest.raises(CannotAsk):
        check({"not": {"matches": "error"}}, "x" * 100_000)


def test_describes_in_words() -> None:
    expected = {"min": 1, "oneOf": [1, "a"], "not": {"contains": "x"}}
    assert describe(expected) == 'at least 1 and one of 1, "a" and not containing "x"'


def test_mismatch_reads_as_a_sentence() -> None:
    assert str(check({"min": 3}, 1)) == "expected at least 3, found 1"


@given(st.text() | st.integers() | st.lists(st.integers()))
def test_shows_one_short_line(value: object) -> None:
    shown = show(value)
    assert len(shown) <= LONGEST_SHOWN
    assert "\n" not in shown


@given(st.one_of(st.text(), st.integers(), st.booleans(), st.floats(allow_nan=False)))
def test_everything_equals_itself(value: object) -> None:
    assert check(value, value) is None
    assert check({"not": value}, value) is not None


@given(st.one_of(st.text(max_size=10), st.integers(), st.floats(), st.none(), st.booleans()))
def test_nothing_raises_on_odd_values(value: object) -> None:
    """Whatever is observed, a comparison answers."""
    for expected in ({"min": 1}, {"max": 1.5}, {"contains": "a"}, {"oneOf": [1, "a"]}, 7, "x"):
        found = check(expected, value)
        assert found is None or found.expected
