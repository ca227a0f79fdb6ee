"""What came back against the inventory, name by name, and no object counted twice."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.backups import BackedUpObject, Inventory, ObjectKey
from drills.completeness import (
    CLUSTER_SCOPED,
    NEW_VOLUME,
    LiveNames,
    Obstacles,
    compare,
    findings_of,
    obstacles_of,
)
from drills.engine import LeftOutRule, Restored
from drills.findings import Cause, Finding, Severity
from drills.record import Completeness, CompletenessRow

MAPPING = {"production": "backup-test"}
RULES = (LeftOutRule(resource="ingresses.networking.k8s.io", reason="routes traffic"),)


def item(
    resource: str,
    name: str,
    namespace: str = "production",
    *,
    owner: str | None = None,
    explanation: str | None = None,
) -> BackedUpObject:
    key = ObjectKey(resource=resource, namespace=namespace, name=name)
    return BackedUpObject(
        key=key, api_version="v1", kind="Any", owner=owner, explanation=explanation
    )


def judged(
    *found: BackedUpObject,
    live: tuple[tuple[str, str, str], ...] = (),
    rules: tuple[LeftOutRule, ...] = RULES,
    unread: dict[str, str] | None = None,
) -> Completeness:
    inventory = Inventory(
        objects=found, volumes=(), namespaces=frozenset({"production"}), recovery_point=None
    )
    return compare(inventory, MAPPING, rules, names(*live, unread=unread))


def names(*live: tuple[str, str, str], unread: dict[str, str] | None = None) -> LiveNames:
    present: dict[str, set[tuple[str, str]]] = {}
    for resource, namespace, name in live:
        present.setdefault(resource, set()).add((namespace, name))
    return LiveNames(
        present={resource: frozenset(found) for resource, found in present.items()}, unread=unread
    )


def only(completeness: Completeness) -> CompletenessRow:
    (row,) = completeness.rows
    return row


def test_an_object_back_in_the_sandbox_counts_as_restored() -> None:
    row = only(judged(item("secrets", "key"), live=(("secrets", "backup-test", "key"),)))
    assert (row.in_backup, row.restored, row.missing) == (1, 1, ())


def test_the_same_name_elsewhere_does_not_count() -> None:
    """Production's own object, or one of another kind, is not what was restored."""
    elsewhere = (("secrets", "production", "key"), ("configmaps", "backup-test", "key"))
    assert only(judged(item("secrets", "key"), live=elsewhere)).missing == ("key",)


EXPLAINED = {
    "remade by its controller": (
        item("pods", "shop-abc-1", owner="ReplicaSet/shop-abc"),
        "its controller, ReplicaSet/shop-abc, makes its own",
    ),
    "the engine's own reason": (
        item("jobs.batch", "done", explanation="a finished Job"),
        "a finished Job",
    ),
    "a new volume": (item("persistentvolumes", "pv-1", ""), NEW_VOLUME),
    "another namespace": (
        item("namespaces", "staging", ""),
        "the scenario does not map this namespace",
    ),
}


@pytest.mark.parametrize(("obj", "why"), EXPLAINED.values(), ids=EXPLAINED)
def test_rightly_absent(obj: BackedUpObject, why: str) -> None:
    row = only(judged(obj))
    assert (dict(row.explained), row.missing) == ({obj.key.name: why}, ())


def test_an_owned_object_that_nobody_remakes_is_missing() -> None:
    """A Secret that an operator owns is data: its controller may not bring it back."""
    row = only(judged(item("secrets", "password", owner="Database/main")))
    assert row.missing == ("password",)


def test_a_pod_without_an_owner_is_missing() -> None:
    assert only(judged(item("pods", "lonely"))).missing == ("lonely",)


def test_left_out_by_rule_and_by_scope() -> None:
    found = judged(item("ingresses.networking.k8s.io", "shop"), item("clusterroles.x", "admin", ""))
    assert {row.resource: dict(row.left_out) for row in found.rows} == {
        "ingresses.networking.k8s.io": {"shop": "routes traffic"},
        "clusterroles.x": {"admin": CLUSTER_SCOPED},
    }


def test_namespaces_out_of_scope_are_not_counted() -> None:
    assert judged(item("secrets", "key", "staging")).rows == ()


def test_a_kind_that_could_not_be_read_is_neither_there_nor_missing() -> None:
    """What could not be asked is unanswered, and so never passes."""
    unread = {"secrets": "may not list secrets"}
    found = judged(item("secrets", "key"), unread=unread)
    assert only(found).missing == ()
    (finding,) = findings_of(found, names(unread=unread), Obstacles())
    assert (finding.code, finding.unanswered) == ("kind-not-read", True)


def test_missing_objects_are_critical() -> None:
    found = judged(*(item("secrets", f"key-{number}") for number in range(7)))
    (finding,) = findings_of(found, names(), Obstacles())
    assert (finding.severity, finding.cause) == (Severity.CRITICAL, Cause.BACKUP)
    assert "7 of 7 secrets" in finding.message
    assert finding.message.endswith("key-4 ….")


def test_a_kind_that_the_cluster_does_not_serve_is_not_the_backups_fault() -> None:
    found = judged(item("crawlers.example.com", "one"))
    live = LiveNames(present={}, not_served=frozenset({"crawlers.example.com"}))
    (finding,) = findings_of(found, live, Obstacles())
    assert (finding.code, finding.cause) == ("kind-not-served", Cause.ENVIRONMENT)
    assert finding.unanswered


def blame(cause: Cause, *, unanswered: bool = True, severity: str = "warning") -> Finding:
    return Finding(
        code="restore-error",
        severity=Severity(severity),
        cause=cause,
        subject="restore",
        message="Something was refused.",
        remedy="Mend it.",
        unanswered=unanswered,
    )


REFUSED = "secrets/key: admission webhook denied the request"


def ended(error: str, findings: tuple[Finding, ...], broken_off: Cause | None = None) -> Restored:
    return Restored(
        name="r",
        phase="Failed",
        requested_at=datetime.now(UTC),
        started_at=None,
        completed_at=None,
        errors=(error,),
        findings=findings,
        broken_off=broken_off,
    )


OBSTACLES = {
    "refused by the cluster": ((blame(Cause.ENVIRONMENT),), REFUSED, "object-refused"),
    "another name refused": ((blame(Cause.ENVIRONMENT),), "secrets/key-2: denied", ""),
    "the backup is blamed too": (
        (blame(Cause.ENVIRONMENT), blame(Cause.BACKUP, unanswered=False, severity="critical")),
        REFUSED,
        "",
    ),
    "nobody is blamed": ((), REFUSED, ""),
    "only the backup": ((blame(Cause.BACKUP),), REFUSED, ""),
}


@pytest.mark.parametrize(("blamed", "error", "code"), OBSTACLES.values(), ids=OBSTACLES)
def test_what_the_cluster_refused_is_open(
    blamed: tuple[Finding, ...], error: str, code: str
) -> None:
    """Never passed, and blamed on the backup only where nothing else explains it."""
    found = judged(item("secrets", "key"))
    (finding,) = findings_of(found, names(), obstacles_of(ended(error, blamed)))
    assert finding.code == (code or "object-missing")
    assert finding.unanswered is bool(code)
    assert (finding.severity is Severity.CRITICAL) is not bool(code)


def test_a_restore_that_was_broken_off_says_nothing_of_what_is_missing() -> None:
    """Server restarted, store away: one open question for all, and nobody blames the backup."""
    found = judged(item("secrets", "key"), item("configmaps", "settings"))
    broken = ended("connection refused", (), broken_off=Cause.ENVIRONMENT)
    (finding,) = findings_of(found, names(), obstacles_of(broken))
    assert (finding.code, finding.cause) == ("objects-not-reached", Cause.ENVIRONMENT)
    assert (finding.severity, finding.unanswered) == (Severity.WARNING, True)
    assert "2 objects" in finding.message


def test_an_object_held_twice_with_one_explanation_is_not_explained() -> None:
    """The stricter of two entries decides."""
    twice = (item("secrets", "key", explanation="a token"), item("secrets", "key"))
    assert only(judged(*twice)).missing == ("key",)
    assert only(judged(*twice[::-1])).missing == ("key",)


RESOURCES = ("pods", "secrets", "namespaces", "persistentvolumes", "ingresses.networking.k8s.io")
BACKED_UP = st.builds(
    item,
    st.sampled_from(RESOURCES),
    st.sampled_from(("a", "b", "production")),
    st.sampled_from(("production", "staging", "")),
    owner=st.sampled_from((None, "ReplicaSet/x")),
    explanation=st.sampled_from((None, "finished")),
)
LIVE = st.tuples(
    st.sampled_from(RESOURCES),
    st.sampled_from(("backup-test", "")),
    st.sampled_from(("a", "b", "backup-test")),
)


@given(found=st.lists(BACKED_UP), live=st.lists(LIVE), unread=st.booleans())
def test_every_object_is_counted_once(
    found: list[BackedUpObject], live: list[tuple[str, str, str]], *, unread: bool
) -> None:
    """Restored, left out, explained and missing make up what the backup holds, row by row."""
    refused = {"secrets": "refused"} if unread else None
    completeness = judged(*found, live=tuple(live), unread=refused)
    for row in completeness.rows:
        absent = len(row.left_out) + len(row.explained) + len(row.missing)
        assert row.restored + absent == row.in_backup
        assert not set(row.left_out) & set(row.explained)
        assert not set(row.missing) & {*row.left_out, *row.explained}
    in_scope = {o.key for o in found if o.key.namespace in {"", "production"}}
    assert sum(row.in_backup for row in completeness.rows) == len(in_scope)
