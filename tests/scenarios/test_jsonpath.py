"""The JSONPath that scenarios may use; what the paths find is tested with the drills."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.jsonpath import (
    LONGEST,
    Every,
    Field,
    Filter,
    Index,
    JsonPathError,
    Step,
    parse_jsonpath,
)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("{.}", ()),
        ("{$}", ()),
        ("{ .status }", (Field(name="status"),)),
        ("{[0]}", (Index(at=0),)),
        ("{$.items[-1]['a b']}", (Field(name="items"), Index(at=-1), Field(name="a b"))),
        ("{.items[*].*}", (Field(name="items"), Every(), Every())),
        (r"{.app\.kubernetes\.io/name}", (Field(name="app.kubernetes.io/name"),)),
        ("{.data['a]b}']}", (Field(name="data"), Field(name="a]b}"))),
        ("{['a:b,c..d'][\"\"]}", (Field(name="a:b,c..d"), Field(name=""))),
        (
            '{.a[?( @.type == "Ready" )]}',
            (
                Field(name="a"),
                Filter(path=(Field(name="type"),), compare="==", literal="Ready"),
            ),
        ),
        ("{[?(@.n)]}", (Filter(path=(Field(name="n"),), compare="", literal=None),)),
    ],
)
def test_accepted(text: str, steps: tuple[Step, ...]) -> None:
    assert parse_jsonpath(text).steps == steps


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "in braces"),
        (".status", "in braces"),
        ("{.a", "in braces"),
        ("{status}", "begins with a dot or a bracket at character 2"),
        ("{}", "begins with a dot or a bracket at character 2"),
        ("{.status.}", "a field's name after the dot at character 10"),
        ("{..a}", "a field's name after the dot at character 3"),
        ("{.a[]}", "an index, a quoted name, * or ?(@...) at character 5"),
        ("{.a['b]}", "an index, a quoted name, * or ?(@...) at character 5"),
        ("{.a[0}", "expected ] at character 6"),
        ("{.a[1:2]}", "expected ] at character 6"),
        ("{.a[1,2]}", "expected ] at character 6"),
        ("{.a['b','c']}", "expected ] at character 8"),
        ("{.a]}", "the end of the JSONPath at character 4"),
        ("{.a b}", "the end of the JSONPath at character 5"),
        ("{.a}{.b}", "the end of the JSONPath at character 4"),
        ("{.a[?(.b)]}", "expected @ in the filter at character 7"),
        ("{.a[?(@.b==)]}", "a quoted text, a number, true, false or null at character 12"),
        ("{.a[?(@.b=='c']}", "expected )] after the filter at character 15"),
        ("{[?(@[?(@.a)])]}", "an index, a quoted name, * or ?(@...) at character 7"),
        ("{" + ".a" * LONGEST + "}", f"at most {LONGEST} characters"),
    ],
)
def test_refused(text: str, expected: str) -> None:
    """What is not known is refused with its place, never guessed."""
    with pytest.raises(JsonPathError) as caught:
        parse_jsonpath(text)
    assert expected in str(caught.value)


@given(st.text(alphabet="ab.[]*'\"?(@)=<>! 0-1\\$,:{}", max_size=40) | st.text(max_size=40))
def test_any_text_is_a_path_or_an_error(text: str) -> None:
    with suppress(JsonPathError):
        assert parse_jsonpath(f"{{{text}}}").text == f"{{{text}}}"
