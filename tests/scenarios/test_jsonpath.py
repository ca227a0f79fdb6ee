"""The JSONPath that scenarios may use."""

import pytest

from scenarios.jsonpath import jsonpath_trouble


@pytest.mark.parametrize(
    "text",
    [
        "{.status.availableReplicas}",
        "{ .status }",
        "{$.items[0]['a b'].c}",
        "{[0]}",
        "{.items[*].metadata.name}",
        '{.status.conditions[?(@.type=="Ready")].status}',
        "{.metadata.labels.app\\.kubernetes\\.io/name}",
        "{.data['a]b}']}",
        "{.data['a:b,c..d']}",
    ],
)
def test_accepted(text: str) -> None:
    assert jsonpath_trouble(text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".status", "in braces"),
        ("{status}", "begins with a dot"),
        ("{}", "begins with a dot"),
        ("{.status.}", "ends with"),
        ("{.a[]}", "ends with"),
        ("{.a[0}", "'[' is never closed"),
        ("{.a]}", "']' closes nothing"),
        ("{.a[(0])}", "']' closes nothing"),
        ("{.a['b]}", "a ' is never closed"),
        ("{..a}", "no '..'"),
        ("{.a[1:2]}", "no '..'"),
        ("{.a['b','c']}", "no '..'"),
        ("{.a}{.b}", "one pair of braces"),
    ],
)
def test_refused(text: str, expected: str) -> None:
    assert expected in jsonpath_trouble(text)
