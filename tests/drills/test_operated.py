"""Kinds that nobody listed: those that an operator works on are named before they are restored."""

import pytest

from drills.backups import ObjectKey, Operated
from drills.engine import LeftOutRule
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.operated import is_custom, operated_findings, operated_of

WIDGET = ObjectKey(resource="widgets.example.org", namespace="production", name="w")
WORKED_ON = Operated(key=WIDGET, status=True)


def told(
    *found: Operated, left_out: tuple[LeftOutRule, ...] = (), allow: tuple[str, ...] = ()
) -> tuple[Finding, ...]:
    return operated_findings(found, {"production"}, left_out, allow)


@pytest.mark.parametrize(
    ("resource", "custom"),
    [
        ("widgets.example.org", True),
        ("machines.cluster.x-k8s.io", True),
        ("pods", False),
        ("deployments.apps", False),
        ("ingresses.networking.k8s.io", False),
        ("volumesnapshots.snapshot.storage.k8s.io", False),
        ("podvolumebackups.velero.io", False),
    ],
)
def test_which_kinds_are_custom(resource: str, custom: bool) -> None:
    assert is_custom(resource) is custom


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        ({"status": {"ready": True}}, Operated(key=WIDGET, status=True)),
        (
            {"metadata": {"finalizers": ["example.org/x", "foregroundDeletion"]}},
            Operated(key=WIDGET, finalizers=("example.org/x",)),
        ),
        ({"metadata": {"finalizers": ["foregroundDeletion"]}, "status": {}}, None),
        ({}, None),
    ],
)
def test_the_marks_of_an_operator(obj: KubeObject, expected: Operated | None) -> None:
    assert operated_of(WIDGET, obj) == expected


def test_a_workload_with_a_status_is_nobodys() -> None:
    key = ObjectKey(resource="deployments.apps", namespace="production", name="shop")
    assert operated_of(key, {"status": {"replicas": 1}}) is None


def test_the_kind_is_named_with_both_ways_out() -> None:
    (finding,) = told(WORKED_ON, Operated(key=WIDGET, finalizers=("example.org/x",)))
    assert (finding.severity, finding.cause) == (Severity.WARNING, Cause.ISOLATION)
    assert finding.subject == "widgets.example.org"
    assert "keeps a status there and it holds them by finalizer example.org/x" in finding.message
    assert "restore.exclude: [widgets.example.org]" in finding.remedy
    assert "restore.allow: [widgets.example.org]" in finding.remedy


@pytest.mark.parametrize("word", ["widgets.example.org", "*.example.org"])
def test_whoever_allows_a_kind_need_not_be_told(word: str) -> None:
    assert told(WORKED_ON, allow=(word,)) == ()
    assert told(WORKED_ON, left_out=(LeftOutRule(resource=word, reason="x"),)) == ()


def test_other_namespaces_are_no_matter() -> None:
    other = ObjectKey(resource="widgets.example.org", namespace="staging", name="w")
    assert told(Operated(key=other, status=True)) == ()
