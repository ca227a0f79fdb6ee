"""Regular expressions: ordinary ones pass, none that passes runs for ever."""

import re
import time
import warnings

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from scenarios.patterns import MOST_CHOICES, PatternError, compile_pattern

ORDINARY = [
    "ready",
    r"^\d+ of \d+$",
    "(?i)error|warning",
    "(ok|ready)+",
    "(GET|POST|PUT)+ /",
    "(ab){2,}",
    r"(\w+\.)+",
    r"\w+(\.\w+)+",
    r"(\w+\s)+",
    r"(,\d+)*",
    "([^,]*,)+x",
    "((a{2,})c)*",
    r"^(\d{1,3}\.){3}\d{1,3}$",
    "[(+)]+x?",
    r"\(a+\)+",
    r"[])+]+\]",
    "(?#a (comment)a",
    "(?#[)a+",
    "(?P<x>a)(?P=x)",
    r"\101+",
    "a{}b",
    "(a+){1}",
    "(a+)?",
    "(?!not)(?<=x)yes",
    "(first|second|third|fourth|fifth|sixth|zero)" * 3,
]
COULD_RUN_FOR_EVER = [
    "(a+)+$",
    "(a*)*b",
    "(a+){9}",
    "(a?a)+$",
    "(a|a)+$",
    "(a|aa)+$",
    "(a|)+$",
    "(^|a)+$",
    r"(.|\s)*x",
    "(.+,)+$",
    r"(\w+\.\w+)+$",
    r"(\w+\w+,)+$",
    "(?i)(A+a)+$",
    r"(a)(\1?)+$",
    "(?:(?:a|b)+c?)+$",
    "(a{1,5}){50}$",
    "(?P<name>a+)+$",
    "(?>a|aa)+?$",
    "(?#()(a+)+$",
    "(a?){,30}$",
    "a?" * (MOST_CHOICES + 1),
    "(a|aa)" * (MOST_CHOICES + 1),
]
BEYOND_US = ["(?x)(a+ #)\n)+$", "(?x:a)", "(?i:a)", "(a)?(?(1)b|c)"]
NO_PATTERNS = ["(", "[z-a]", "*", "a{99999999999999}", "(?P<a>b)(?P<a>c)"]


@pytest.mark.parametrize("pattern", ORDINARY)
def test_ordinary_patterns_pass(pattern: str) -> None:
    assert compile_pattern(pattern).pattern == pattern


@pytest.mark.parametrize("pattern", [*COULD_RUN_FOR_EVER, *BEYOND_US, *NO_PATTERNS])
def test_others_are_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="expected "):
        compile_pattern(pattern)


def test_the_refusal_says_where_and_what_to_do() -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern("ab(c+)+")
    assert "the group at character 3 is repeated" in str(caught.value)
    assert r"as (\w+,)+ does" in str(caught.value)


ATOMS = st.sampled_from(["a", "b", ".", ",", r"\w", r"\W", r"\s", "[ab]", "[^a]", "A", "^", r"\b"])
QUANTIFIERS = st.sampled_from(["", "", "", "+", "*", "?", "+?", "{2}", "{1,3}", "{2,}"])


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pieces = st.lists(st.builds("{}{}".format, inner, QUANTIFIERS), min_size=1, max_size=3)
    branches = st.lists(pieces.map("".join), min_size=1, max_size=2)
    return branches.map(lambda found: f"({'|'.join(found)})")


PATTERNS = st.builds(
    "{}{}{}$".format, st.sampled_from(["", "(?i)"]), st.recursive(ATOMS, grown), QUANTIFIERS
)


def is_allowed(pattern: str) -> bool:
    try:
        compile_pattern(pattern)
    except PatternError:
        return False
    return True


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(PATTERNS)
@example("((a,+)+)$")
def test_what_passes_ends_soon(pattern: str) -> None:
    """On such texts the shapes known to be endless would take minutes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assume(is_allowed(pattern))
        begun = time.perf_counter()
        for text in ("a" * 40, "aA" * 20, "ab" * 20, "a," * 20, "a " * 20):
            re.search(pattern, f"{text}!")
    assert time.perf_counter() - begun < 10


@given(st.text(alphabet="ab.()|[]^$*+?{}1,\\dw-:P<>=!#ix", max_size=30))
def test_any_text_is_a_pattern_or_an_error(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert not is_allowed(text) or re.compile(text).pattern == text
