"""The backup's own list against its archive."""

import pytest

from drills.engines.velero.listed import compare_with_list, named_in
from drills.findings import Finding, Severity
from tests.drills.engines.velero.orders import held

SECRET = held("secrets", "s", apiVersion="v1", kind="Secret")
SHOP = held("deployments.apps", "shop", apiVersion="apps/v1", kind="Deployment")
LIST = {"v1/Secret": ["production/s"], "apps/v1/Deployment": ["production/shop"]}


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str, Severity]]:
    return [(f.code, f.subject, f.severity) for f in findings]


def test_a_list_that_fits_says_nothing() -> None:
    assert compare_with_list(LIST, (SECRET, SHOP), frozenset()) == ()


def test_another_version_of_the_same_kind_is_no_loss() -> None:
    listed = {"v1/Secret": ["production/s"], "apps/v1beta1/Deployment": ["production/shop"]}
    assert compare_with_list(listed, (SECRET, SHOP), frozenset()) == ()


def test_what_is_named_but_not_archived_is_critical() -> None:
    found = compare_with_list(LIST, (SECRET,), frozenset())
    assert told(found) == [("archive-incomplete", "Deployment.apps", Severity.CRITICAL)]
    assert "production/shop" in found[0].message


def test_what_was_told_as_unreadable_is_not_told_twice() -> None:
    assert compare_with_list(LIST, (SECRET,), frozenset({"production/shop"})) == ()


def test_what_is_archived_but_not_named_is_a_warning() -> None:
    found = compare_with_list({"v1/Secret": ["production/s"]}, (SECRET, SHOP), frozenset())
    assert told(found) == [("list-incomplete", "Deployment.apps", Severity.WARNING)]


@pytest.mark.parametrize(
    ("scope", "severity"),
    [
        (None, Severity.CRITICAL),
        (frozenset({"production"}), Severity.CRITICAL),
        (frozenset({"billing"}), Severity.WARNING),
    ],
)
def test_a_loss_elsewhere_in_a_partly_failed_backup_is_a_warning(
    scope: frozenset[str] | None, severity: Severity
) -> None:
    found = compare_with_list(LIST, (SECRET,), frozenset(), scope)
    assert [finding.severity for finding in found] == [severity]


def test_many_losses_of_a_kind_are_one_finding() -> None:
    listed = {"v1/Secret": [f"production/s{n}" for n in range(300)]}
    (finding,) = compare_with_list(listed, (), frozenset())
    assert "300 Secret" in finding.message
    assert finding.message.count("production/") == 5


@pytest.mark.parametrize("document", [None, [], {"v1/Secret": None}, {}])
def test_an_empty_list_names_nothing(document: object) -> None:
    assert list(named_in(document)) == []


def test_cluster_scoped_names_have_no_namespace() -> None:
    assert list(named_in({"v1/Namespace": ["a"]})) == [("", "Namespace", "", "a")]
