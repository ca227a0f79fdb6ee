"""Whatever the bytes, the outcome is a Scenario or a ScenarioError; and our checker is right."""

import json
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from scenarios import Scenario, ScenarioError, parse_scenario
from scenarios.checking import Checker
from scenarios.published import scenario_schema

VALID = Path(__file__).parent / "examples" / "valid"
EVERY_FIELD = (VALID / "every-field.yaml").read_text()
DOCUMENT: object = yaml.safe_load(EVERY_FIELD)

words = st.sampled_from(
    ["a", "prod", "26h", "", "no", "{.a}", "(", "pod/x", "-1", "${X}", "$", "x" * 300, "26h\n"]
)
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words | st.text()
values = st.recursive(
    plain, lambda below: st.lists(below, max_size=3) | st.dictionaries(words, below, max_size=3)
)
quietly = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


def outcome(data: bytes) -> Scenario | ScenarioError:
    try:
        return parse_scenario(data, source="any.yaml", environ={"X": "x"})
    except ScenarioError as error:
        return error


def places(node: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path]
    if isinstance(node, dict):
        for key, below in node.items():
            found += places(below, (*path, key))
    elif isinstance(node, list):
        for index, below in enumerate(node):
            found += places(below, (*path, index))
    return found


PLACES = places(DOCUMENT)[1:]


def spoilt(path: tuple[str | int, ...], value: object, name: str | None) -> object:
    """Return the document with one value replaced, or, with a name, one key added beside it."""
    document: object = json.loads(json.dumps(DOCUMENT))
    holder = document
    for step in path[:-1]:
        holder = holder[step]  # type: ignore[index]
    key = path[-1] if name is None or isinstance(path[-1], int) else name
    holder[key] = value  # type: ignore[index]
    return document


@given(st.binary(max_size=300))
@quietly
def test_any_bytes(data: bytes) -> None:
    assert isinstance(outcome(data), ScenarioError)


@given(st.text(alphabet="{}[]:-&*!|>'\"%@`?,#$ \n\tab01", max_size=120))
@quietly
def test_anything_like_yaml(text: str) -> None:
    assert isinstance(outcome(text.encode()), ScenarioError)


@given(st.integers(0, len(EVERY_FIELD)), st.integers(0, 40), st.text(max_size=5))
@quietly
def test_any_damage(start: int, length: int, patch: str) -> None:
    damaged = EVERY_FIELD[:start] + patch + EVERY_FIELD[start + length :]
    assert isinstance(outcome(damaged.encode()), Scenario | ScenarioError)


@given(st.sampled_from(PLACES), values, st.none() | words)
@quietly
def test_any_value_anywhere(path: tuple[str | int, ...], value: object, name: str | None) -> None:
    """A problem is reported with a place, a path and a message."""
    text = json.dumps(spoilt(path, value, name), ensure_ascii=False)
    found = outcome(text.encode())
    if isinstance(found, ScenarioError):
        assert all(problem.line and problem.message for problem in found.problems)


@given(st.sampled_from(PLACES), values, st.none() | words)
@quietly
def test_the_checker_judges_as_the_standard_does(
    path: tuple[str | int, ...], value: object, name: str | None
) -> None:
    """Ours is never laxer than the `jsonschema` library, and stricter only where it says so."""
    document = spoilt(path, value, name)
    ours = next(Checker(scenario_schema()).faults(document), None)
    theirs = Draft202012Validator(scenario_schema()).is_valid(document)
    if ours is None:
        assert theirs
    elif theirs:
        is_whole_float = isinstance(ours.found, float) and ours.keyword == "type"
        ends_in_line_break = ours.keyword == "pattern" and str(ours.found).endswith("\n")
        assert is_whole_float or ends_in_line_break
