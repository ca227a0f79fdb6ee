"""An application that needs a cluster-wide binding fails in its copy, and the report says why."""

from dataclasses import replace

import pytest

from drills.backups import BackedUpObject, ClusterBinding, Inventory, ObjectKey
from drills.cluster_rights import (
    BINDINGS,
    binding_of,
    concerned,
    rights_doubt,
    rights_left,
    rights_note,
)
from drills.findings import Severity
from scenarios.model import ProbeSpec
from tests.fakes.engine import SOURCE, backed, inventory, manifest

POD = {"template": {"spec": {"serviceAccountName": "shop", "containers": []}}}
SHOP = backed(manifest("apps/v1", "Deployment", "shop", spec=POD))
PLAIN = backed(manifest("apps/v1", "Deployment", "plain", spec={"template": {"spec": {}}}))
READER = ClusterBinding(name="shop-reads", role="view", accounts=((SOURCE, "shop"),))


def binding(name: str, *subjects: dict[str, str]) -> ClusterBinding | None:
    key = ObjectKey(resource=BINDINGS, namespace="", name=name)
    return binding_of(key, {"roleRef": {"name": "view"}, "subjects": list(subjects)})


def held(*bindings: ClusterBinding, workloads: tuple[BackedUpObject, ...] = (SHOP,)) -> Inventory:
    return replace(inventory(*workloads), bindings=bindings)


def test_accounts_of_a_binding_are_read() -> None:
    account = {"kind": "ServiceAccount", "namespace": SOURCE, "name": "shop"}
    found = binding("shop-reads", account, {"kind": "User", "name": "jane"})
    assert found == READER


def test_a_whole_namespace_may_be_bound() -> None:
    group = {"kind": "Group", "name": f"system:serviceaccounts:{SOURCE}"}
    found = binding("all", group)
    assert found is not None
    assert found.accounts == ((SOURCE, ""),)
    assert rights_left(held(found), {SOURCE})


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("people", {"kind": "Group", "name": "admins"}),
        ("everybody", {"kind": "Group", "name": "system:serviceaccounts"}),
        ("system:node", {"kind": "ServiceAccount", "namespace": SOURCE, "name": "shop"}),
    ],
)
def test_bindings_that_hold_for_copies_too(name: str, subject: dict[str, str]) -> None:
    assert binding(name, subject) is None


def test_other_kinds_are_no_bindings() -> None:
    key = ObjectKey(resource="configmaps", namespace=SOURCE, name="x")
    assert binding_of(key, {"subjects": []}) is None


def test_only_accounts_in_use_lose_anything() -> None:
    left = rights_left(held(READER), {SOURCE})
    assert tuple(map(str, left)) == (
        f"{SOURCE}/shop loses ClusterRole view (ClusterRoleBinding shop-reads)",
    )
    assert rights_left(held(READER, workloads=(PLAIN,)), {SOURCE}) == ()
    assert rights_left(held(READER), {"elsewhere"}) == ()


def test_a_pod_without_an_account_has_the_default_one() -> None:
    default = replace(READER, accounts=((SOURCE, "default"),))
    assert rights_left(held(default, workloads=(PLAIN,)), {SOURCE})


def test_the_plan_notes_it() -> None:
    (finding,) = rights_note(rights_left(held(READER), {SOURCE}))
    assert (finding.code, finding.severity) == ("cluster-rights-left-out", Severity.INFO)
    assert rights_note(()) == ()


def test_beside_what_failed_it_is_a_doubt() -> None:
    left = rights_left(held(READER), {SOURCE})
    (finding,) = rights_doubt(left, {"probe shop answers": [SOURCE]})
    assert finding.subject == "probe shop answers"
    assert "the backup may be good" in finding.message
    assert not finding.unanswered
    assert rights_doubt(left, {}) == ()
    assert rights_doubt((), {"probe shop answers": [SOURCE]}) == ()


def test_what_failed_elsewhere_is_not_put_down_to_it() -> None:
    """Rows are missing in the database, and a role is missing in the web tier: no excuse."""
    left = rights_left(held(READER), {SOURCE})
    assert rights_doubt(left, {"probe no row is lost": ["db"]}) == ()
    (finding,) = rights_doubt(left, {"probe no row is lost": ["db"], "probe shop": [SOURCE]})
    assert finding.subject == "probe shop"


@pytest.mark.parametrize(
    ("kind", "question", "about"),
    [
        ("http", {"namespace": "api"}, ("api",)),
        ("http", {}, ("api", "db")),
        ("exec", {"namespace": "db"}, ("db",)),
        ("sql", {"namespace": "api"}, ()),
        ("checksum", {}, ()),
        ("canary", {}, ()),
    ],
)
def test_stored_data_is_as_it_is_whatever_accounts_may_do(
    kind: str, question: dict[str, str], about: tuple[str, ...]
) -> None:
    probe = ProbeSpec(name="p", kind=kind, question=question)
    assert concerned(probe, ("api", "db")) == about
