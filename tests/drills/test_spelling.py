"""A slip of the keyboard is told from a name that is meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.spelling import misspelt, what_there_is

SLIPS = [
    ("prodution", "production"),
    ("produciton", "production"),
    ("Production", "production"),
    ("web_shop", "web-shop"),
    ("production-dialy", "production-daily"),
    ("leger", "ledger"),
]
MEANT = [
    ("team-a", "team-b"),
    ("shop1", "shop2"),
    ("shop", "shop-db"),
    ("eu", "us"),
    ("staging", "production"),
    ("backup-20261121", "backup-20261122"),
]


@pytest.mark.parametrize(("said", "known"), SLIPS)
def test_a_slip(said: str, known: str) -> None:
    assert misspelt(said, ["other", known]) == known


@pytest.mark.parametrize(("said", "known"), MEANT)
def test_meant_on_purpose(said: str, known: str) -> None:
    """Names that differ as names of siblings do are never excused."""
    assert misspelt(said, ["other", known]) is None


def test_what_there_is() -> None:
    """The nearest is named first, and no list is endless."""
    assert what_there_is("shpo", ["shop"]) == "Did you mean 'shop'? There is: shop."
    assert what_there_is("x", [f"name-{n:02}" for n in range(30)]).endswith("and 22 more.")
    assert what_there_is("x", []) == ""


@given(st.text("abc1-", max_size=12), st.lists(st.text("abc1-", max_size=12), max_size=4))
def test_nothing_is_a_slip_of_itself(said: str, known: list[str]) -> None:
    """Whatever is found is one of those that are known, and another than what was said."""
    found = misspelt(said, known)
    assert found is None or (found in known and found != said)
