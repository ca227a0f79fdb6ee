"""What a JSONPath finds; which paths there are is tested with the scenarios."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.jsonpath import find
from scenarios.jsonpath import parse_jsonpath

DOCUMENT: dict[str, object] = {
    "metadata": {"annotations": {"example.com/owner": "team", "a.b": 1}},
    "status": {
        "replicas": 2,
        "conditions": [
            {"type": "Ready", "status": "True", "n": 1},
            {"type": "Live", "status": "False", "n": 5},
        ],
    },
    "items": [1, 2, 3],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("{.status.replicas}", (2,)),
        ("{$.status.replicas}", (2,)),
        ("{ .status.replicas }", (2,)),
        ("{.items[0]}", (1,)),
        ("{.items[-1]}", (3,)),
        ("{.items[7]}", ()),
        ("{.items[*]}", (1, 2, 3)),
        ("{.status.conditions[*].type}", ("Ready", "Live")),
        ('{.status.conditions[?(@.type=="Ready")].status}', ("True",)),
        ("{.status.conditions[?(@.type == 'Live')].status}", ("False",)),
        ("{.status.conditions[?(@.type!='Ready')].type}", ("Live",)),
        ("{.status.conditions[?(@.n>1)].type}", ("Live",)),
        ("{.status.conditions[?(@.n>=1)].type}", ("Ready", "Live")),
        ("{.status.conditions[?(@.n<5)].type}", ("Ready",)),
        ("{.status.conditions[?(@.n<=5)].n}", (1, 5)),
        ("{.status.conditions[?(@.type>1)].n}", ()),
        ("{.status.conditions[?(@.n==true)].n}", ()),
        ("{.status.conditions[?(@.absent)].n}", ()),
        ("{.status.conditions[?(@.n)].n}", (1, 5)),
        ("{.metadata.annotations['a.b']}", (1,)),
        (r"{.metadata.annotations.a\.b}", (1,)),
        (r"{.metadata.annotations.example\.com/owner}", ("team",)),
        ("{.metadata['annotations']['a.b']}", (1,)),
        ("{.metadata.*['a.b']}", (1,)),
        ("{.absent.deeper}", ()),
        ("{.status.replicas.deeper}", ()),
        ("{.}", (DOCUMENT,)),
    ],
)
def test_finds(path: str, found: tuple[object, ...]) -> None:
    assert find(parse_jsonpath(path), DOCUMENT) == found


@given(st.dictionaries(st.text(min_size=1, max_size=12), st.integers(), min_size=1))
def test_a_quoted_key_finds_its_value(document: dict[str, int]) -> None:
    """Whatever a key holds, quoting it reaches it."""
    for key, value in document.items():
        quoted = key.replace("\\", "\\\\").replace('"', '\\"')
        assert find(parse_jsonpath(f'{{["{quoted}"]}}'), document) == (value,)


@given(st.lists(st.integers(), min_size=1), st.data())
def test_an_index_finds_its_entry(entries: list[int], data: st.DataObject) -> None:
    at = data.draw(st.integers(-len(entries), len(entries) - 1))
    assert find(parse_jsonpath(f"{{.e[{at}]}}"), {"e": entries}) == (entries[at],)
