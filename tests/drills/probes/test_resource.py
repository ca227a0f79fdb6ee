"""The resource probe."""

from collections.abc import Mapping

import pytest

from drills.errors import CannotAsk, NotServed
from drills.probes import Answer, find_probe
from tests.fakes.cluster import FakeCluster
from tests.fakes.probing import context, deployment, spec, thing

SHOP = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}
MAPS = {"apiVersion": "v1", "kind": "ConfigMap", "labels": {"app": "shop"}}
SECRET = {"apiVersion": "v1", "kind": "Secret", "name": "pass"}
CONDITIONS = {"conditions": [{"type": "Available", "status": "True"}]}


def ask(question: Mapping[str, object], expect: Mapping[str, object] | None = None) -> Answer:
    """Ask a cluster that holds a Deployment, two ConfigMaps and a Secret."""
    labels = {"labels": {"app": "shop"}}
    cluster = FakeCluster(
        None,
        {**deployment(), "status": {**CONDITIONS, "availableReplicas": 2}},
        thing("v1", "ConfigMap", "one", metadata=labels, data={"size": "3"}),
        thing("v1", "ConfigMap", "two", metadata=labels, data={"size": "4"}),
        thing("v1", "ConfigMap", "other"),
        thing("v1", "Secret", "pass", data={"key": "aHVudGVyMg=="}),
    )
    return find_probe("resource").ask(spec("resource", question, expect), context(cluster), 5)


@pytest.mark.parametrize(
    ("question", "expect"),
    [
        (SHOP, {}),
        (SHOP, {"exists": True}),
        ({**SHOP, "namespace": "production"}, {}),
        ({**SHOP, "name": "gone"}, {"exists": False}),
        (SHOP, {"jsonPath": "{.status.availableReplicas}", "value": {"min": 1}}),
        (SHOP, {"condition": {"type": "Available"}}),
        (MAPS, {"count": 2}),
        (MAPS, {"count": {"min": 1}, "jsonPath": "{.data.size}", "value": {"min": 3}}),
        ({**MAPS, "labels": {"app": "none"}}, {"count": 0}),
        ({"apiVersion": "v1", "kind": "Namespace", "name": "x"}, {"exists": False}),
        (SECRET, {"jsonPath": "{.data.key}", "value": "aHVudGVyMg=="}),
    ],
)
def test_fits(question: Mapping[str, object], expect: Mapping[str, object]) -> None:
    assert ask(question, expect).mismatches == ()


@pytest.mark.parametrize(
    ("question", "expect"),
    [
        ({**SHOP, "name": "gone"}, {}),
        (SHOP, {"exists": False}),
        (SHOP, {"jsonPath": "{.status.availableReplicas}", "value": {"min": 3}}),
        (SHOP, {"jsonPath": "{.status.absent}", "value": {"not": "x"}}),
        ({**SHOP, "name": "gone"}, {"jsonPath": "{.a}", "value": {"not": "x"}}),
        (SHOP, {"condition": {"type": "Available", "status": "False"}}),
        (SHOP, {"condition": {"type": "Absent"}}),
        ({**SHOP, "name": "gone"}, {"condition": {"type": "Available"}}),
        (MAPS, {"count": {"min": 3}}),
        (MAPS, {"jsonPath": "{.data.size}", "value": 3}),
    ],
)
def test_does_not_fit(question: Mapping[str, object], expect: Mapping[str, object]) -> None:
    """Where several objects are found, each must fit; where none is, none does."""
    assert ask(question, expect).mismatches


def test_a_secrets_value_is_never_shown() -> None:
    answer = ask(SECRET, {"jsonPath": "{.data.key}", "value": "guess"})
    words = f"{answer.observed} {[str(each) for each in answer.mismatches or ()]}"
    assert answer.mismatches
    assert "aHVudGVyMg" not in words
    assert "guess" not in words


def test_trouble_explains_a_bad_status_but_no_absence() -> None:
    """An object that did not come back is the restore's fault, whatever the nodes do."""
    status = {"jsonPath": "{.status.availableReplicas}", "value": 9}
    assert ask(SHOP, status).explicable
    assert not ask({**SHOP, "name": "gone"}, {}).explicable
    assert not ask({**SHOP, "name": "gone"}, status).explicable
    assert not ask(MAPS, {"count": 9}).explicable


def test_what_is_being_deleted_does_not_count() -> None:
    leaving = {"finalizers": ["x"], "deletionTimestamp": "2026-11-21T09:00:00Z"}
    cluster = FakeCluster(None, thing("v1", "ConfigMap", "one", metadata=leaving))
    question = {"apiVersion": "v1", "kind": "ConfigMap", "name": "one"}
    answer = find_probe("resource").ask(spec("resource", question), context(cluster), 5)
    assert answer.mismatches


def test_an_unknown_kind_cannot_be_asked() -> None:
    with pytest.raises(NotServed):
        ask({"apiVersion": "x/v1", "kind": "Y", "name": "z"})


@pytest.mark.parametrize("path", ["{.a[}", ".a"])
def test_a_broken_path_cannot_be_asked(path: str) -> None:
    with pytest.raises(CannotAsk):
        ask(SHOP, {"jsonPath": path, "value": 1})


def test_only_the_sandbox_may_be_asked() -> None:
    """A namespace outside the mapping is refused, never looked into."""
    with pytest.raises(CannotAsk):
        ask({**SHOP, "namespace": "kube-system"})
