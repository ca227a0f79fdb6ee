"""What cells of a real PostgreSQL and a real MariaDB are compared as."""

from collections.abc import Callable

import pytest

from drills.errors import CannotAsk
from drills.findings import Cause
from tests.drills.probes.databases.conftest import World
from tests.drills.probes.databases.servers import DOCUMENT, Server

TURNED = '{"on":true,"tags":["x","y"],"none":null,"a":1}'
OTHER = '{"on":1,"tags":["x","y"],"none":null,"a":1}'
Case = tuple[str, str, object, bool]
CASES: tuple[Case, ...] = (
    ("postgresql", f"SELECT '{DOCUMENT}'::jsonb", DOCUMENT, True),
    ("postgresql", f"SELECT '{DOCUMENT}'::jsonb", TURNED, True),
    ("postgresql", f"SELECT '{DOCUMENT}'::json", TURNED, True),
    ("postgresql", f"SELECT '{DOCUMENT}'::jsonb", OTHER, False),
    ("postgresql", f"SELECT '{DOCUMENT}'::jsonb", {"not": TURNED}, False),
    ("postgresql", f"SELECT '{DOCUMENT}'::jsonb", {"oneOf": [OTHER, TURNED]}, True),
    ("postgresql", f"SELECT '{DOCUMENT}'::jsonb", {"contains": '"tags": ["x", "y"]'}, True),
    ("postgresql", f"SELECT '{DOCUMENT}'::jsonb", {"contains": "None"}, False),
    ("postgresql", "SELECT '\"word\"'::jsonb", "word", True),
    ("postgresql", "SELECT '7'::jsonb", 7, True),
    ("postgresql", "SELECT 'true'::jsonb", True, True),
    ("postgresql", "SELECT ARRAY['a','b']", '["a", "b"]', False),
    ("postgresql", "SELECT ARRAY['a','b']", {"contains": "b"}, True),
    ("postgresql", "SELECT B'101'", "101", True),
    ("postgresql", "SELECT true", True, True),
    ("postgresql", "SELECT false", True, False),
    ("postgresql", "SELECT 'hello'::bytea", "hello", True),
    ("postgresql", "SELECT 'hello'::bytea", "\\x68656c6c6f", True),
    ("postgresql", "SELECT '\\xdeadbeef'::bytea", "\\xdeadbeef", True),
    ("postgresql", "SELECT '\\xdeadbeef'::bytea", "0xDEADBEEF", True),
    ("postgresql", "SELECT '\\xdeadbeef'::bytea", "\\xdeadbeee", False),
    ("postgresql", "SELECT '\\x00ff'::bytea", {"contains": "\\x00"}, True),
    ("postgresql", "SELECT 'Infinity'::numeric", "Infinity", True),
    ("postgresql", "SELECT '-Infinity'::float8", "-Infinity", True),
    ("postgresql", "SELECT 'NaN'::numeric", "NaN", True),
    ("postgresql", "SELECT 'NaN'::numeric", 3, False),
    ("postgresql", "SELECT NULL", None, True),
    ("postgresql", "SELECT NULL", {"not": "x"}, False),
    ("postgresql", "SELECT NULL", {"not": None}, False),
    ("postgresql", "SELECT 'x'", {"not": None}, True),
    ("postgresql", "SELECT 'x'", None, False),
    ("postgresql", "SELECT ''", None, False),
    ("mysql", "SELECT yes FROM odd", True, True),
    ("mysql", "SELECT yes FROM odd", 1, True),
    ("mysql", "SELECT yes FROM odd", {"not": True}, False),
    ("mysql", "SELECT yes FROM odd", False, False),
    ("mysql", "SELECT no FROM odd", False, True),
    ("mysql", "SELECT bit1 FROM odd", True, True),
    ("mysql", "SELECT bit1 FROM odd", 1, True),
    ("mysql", "SELECT bit12 FROM odd", 2050, True),
    ("mysql", "SELECT bit12 FROM odd", True, False),
    ("mysql", "SELECT raw FROM odd", "0xDEADBEEF", True),
    ("mysql", "SELECT raw FROM odd", "\\xdeadbeef", True),
    ("mysql", "SELECT words FROM odd", "hello", True),
    ("mysql", "SELECT doc FROM odd", TURNED, True),
    ("mysql", "SELECT doc FROM odd", OTHER, False),
    ("mysql", "SELECT gone FROM odd", None, True),
    ("mysql", "SELECT gone FROM odd", 0, False),
    ("mysql", "SELECT '{not json'", "{not json", True),
)


@pytest.mark.parametrize(("engine", "query", "expected", "fits"), CASES)
def test_a_cell_is_compared_as_people_mean_it(
    lone: World,
    servers: Callable[[str], Server],
    engine: str,
    query: str,
    expected: object,
    fits: bool,
) -> None:
    lone.server = servers(engine)
    lone.stand_ins.dial = lone.server.dial
    answer = lone.ask(query, {"value": expected})
    assert (answer.mismatches == ()) is fits


@pytest.mark.parametrize("word", ["min", "max"])
@pytest.mark.parametrize("value", ["Infinity", "NaN", "-Infinity"])
def test_what_is_no_number_is_not_compared_with_one(
    lone: World, servers: Callable[[str], Server], value: str, word: str
) -> None:
    lone.server = servers("postgresql")
    lone.stand_ins.dial = lone.server.dial
    with pytest.raises(CannotAsk, match=f"the value is {value}") as caught:
        lone.ask(f"SELECT '{value}'::numeric", {"value": {word: 3}})
    assert caught.value.cause is Cause.PROBE
