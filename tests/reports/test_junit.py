"""JUnit: wrong is a failure, unanswered an error."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from reports import render_junit, to_document
from tests.reports import records


def _suite(record: object) -> ET.Element:
    return ET.fromstring(render_junit(to_document(record))).find("testsuite")  # noqa: S314 - ours


def _result(suite: ET.Element, group: str, name: str) -> str:
    for case in suite.iter("testcase"):
        if case.get("classname").endswith(f".{group}") and case.get("name") == name:
            marks = [child.tag for child in case if child.tag != "system-out"]
            return marks[0] if marks else "passed"
    raise AssertionError(f"no test case {group} {name}")


@pytest.mark.parametrize(
    ("record", "group", "name", "result"),
    [
        (records.passed, "drill", "verdict", "passed"),
        (records.kept, "drill", "verdict", "passed"),
        (records.failed_missing_volume, "drill", "verdict", "failure"),
        (records.inconclusive_hang, "drill", "verdict", "error"),
        (records.leftovers, "drill", "cleanup", "failure"),
        (records.failed_missing_volume, "objectives", "rpo", "failure"),
        (records.failed_missing_volume, "objectives", "rto", "error"),
        (records.failed_missing_volume, "probes", "newest ledger entry", "failure"),
        (records.kept, "probes", "admin page", "skipped"),
        (records.inconclusive_hang, "probes", "shop answers", "error"),
        (records.inconclusive_hang, "stages", "settle", "skipped"),
        (records.inconclusive_hang, "stages", "restore", "error"),
    ],
)
def test_results(record: object, group: str, name: str, result: str) -> None:
    assert _result(_suite(record()), group, name) == result


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_counts_add_up(name: str) -> None:
    suite = _suite(records.ALL[name]())
    for attribute, tag in (
        ("tests", "testcase"),
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
    ):
        assert suite.get(attribute) == str(len(list(suite.iter(tag))))


def test_text_that_xml_cannot_hold() -> None:
    """A document from elsewhere may hold control characters; the XML stays readable."""
    document = to_document(records.failed_missing_volume())
    document["probes"][1]["message"] = "a\x00b\ud800\uffff<>&]]>"
    suite = ET.fromstring(render_junit(document)).find("testsuite")  # noqa: S314 - ours
    messages = [found.get("message") for found in suite.iter("failure")]
    assert "a\ufffdb\ufffd\ufffd<>&]]>" in messages


def test_no_target_is_no_error() -> None:
    good = records.passed()
    rto = replace(good.objectives.rto, target_seconds=None, met=None)
    suite = _suite(replace(good, objectives=replace(good.objectives, rto=rto)))
    assert _result(suite, "objectives", "rto") == "skipped"
