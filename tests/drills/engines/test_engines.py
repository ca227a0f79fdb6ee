"""The table of engines."""

import pytest

from drills.engines import ENGINES, engine_factory
from drills.errors import Misconfigured
from tests.fakes.velero import FakeVelero


@pytest.mark.parametrize("word", sorted(ENGINES))
def test_every_engine_of_the_table_can_be_made(word: str) -> None:
    engine = engine_factory(word)(FakeVelero().ports(), namespace=None, options={})
    assert engine.name == word


def test_an_unknown_engine_names_the_known_ones() -> None:
    with pytest.raises(Misconfigured, match="valero") as caught:
        engine_factory("valero")
    assert "velero" in caught.value.hint


def test_an_option_nobody_knows_is_refused() -> None:
    with pytest.raises(Misconfigured, match="speed"):
        engine_factory("velero")(FakeVelero().ports(), namespace=None, options={"speed": 1})
