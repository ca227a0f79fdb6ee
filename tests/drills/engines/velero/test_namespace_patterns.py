"""Namespace patterns mean what Velero's library makes of them, in the drill and in the server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.engines.velero.namespace_patterns import covers, matches, refusal
from embedded.velero.globs import any_glob, name_problem

MEANT = [
    ("*", "production", True),
    ("prod*", "production", True),
    ("prod*", "pre-production", False),
    ("*-eu", "shop-eu", True),
    ("*shop*", "shop", True),
    ("shop-?", "shop-1", True),
    ("shop-?", "shop-10", False),
    ("shop-?", "shop-", False),
    ("team-[abc]", "team-b", True),
    ("team-[abc]", "team-d", False),
    ("team-[0-4]", "team-3", True),
    ("team-[0-4]", "team-7", False),
    ("team-[0-4][0-9]", "team-37", True),
    ("team-[-x]", "team--", True),
    ("production", "production", True),
    ("production", "prod", False),
]
REFUSED = ["**", "a**b", "team-[!a]", "team-[^a]", "{a,b}", "a[]", "a[b", "a]b", "(a)", "A*", "a.b"]
BACKWARDS = ["t[z-a]x", "t[a-cx]x", "t[a-]x"]


@pytest.mark.parametrize(("pattern", "name", "meant"), MEANT)
def test_meaning(pattern: str, name: str, meant: bool) -> None:
    """What the drill expects of a pattern is what the server does with it."""
    assert matches(pattern, name) is meant
    assert (pattern == "*" or any_glob([pattern], name)) is meant
    assert refusal(pattern) == name_problem(pattern) == ""


@pytest.mark.parametrize("pattern", REFUSED)
def test_refused(pattern: str) -> None:
    """What Velero refuses says why, and means no namespace."""
    assert refusal(pattern)
    assert name_problem(pattern)
    assert not matches(pattern, "ab")


@pytest.mark.parametrize("pattern", BACKWARDS)
def test_not_compiled(pattern: str) -> None:
    """What only the library refuses means nothing, and nothing after it is tried."""
    assert refusal(pattern)
    assert not matches(pattern, "tax")
    assert not any_glob([pattern, "tax*"], "tax")


@pytest.mark.parametrize(
    ("included", "excluded", "name", "meant"),
    [
        ((), (), "shop", True),
        ((), ("shop",), "shop", False),
        (("*",), ("kube-*",), "kube-system", False),
        (("*",), ("kube-*",), "shop", True),
        (("shop-*",), ("shop-[0-9]",), "shop-7", False),
        (("shop-*",), ("shop-[0-9]",), "shop-eu", True),
        (("shop-eu",), ("shop-*",), "shop-eu", False),
        (("shop", "team-*"), (), "team-a", True),
        (("shop", "team-*"), (), "other", False),
        (("none-*",), (), "shop", False),
    ],
)
def test_lists(
    included: tuple[str, ...], excluded: tuple[str, ...], name: str, meant: bool
) -> None:
    """Whatever is excluded is out, by whomever it is included."""
    assert covers(included, excluded, name) is meant


@given(
    pattern=st.text("ab-*?[]!^z9", max_size=9), name=st.from_regex(r"[a-z0-9][-ab9]{0,5}[a-z0-9]")
)
def test_two_readings_agree(pattern: str, name: str) -> None:
    """The drill and the server read every pattern that Velero takes alike."""
    name = name.strip()
    if pattern and not refusal(pattern):
        assert matches(pattern, name) == (pattern == "*" or any_glob([pattern], name))
        assert name_problem(pattern) == ""
    elif pattern != name:
        assert not matches(pattern, name)
