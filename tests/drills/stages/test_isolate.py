"""Making the sandbox: ours only, closed before anything is restored, every step written down."""

from collections.abc import Callable

import pytest

from drills import objects
from drills.carried import Carried
from drills.cluster import Kind
from drills.errors import (
    AlreadyExists,
    DeadlinePassed,
    DrillError,
    Forbidden,
    Interrupted,
    SandboxTaken,
)
from drills.marks import drill_of, marks
from drills.objects import KubeObject
from drills.sandbox import (
    BINDING_NAME,
    NAMESPACE,
    NETWORK_POLICY,
    POLICY_NAME,
    QUOTA,
    QUOTA_NAME,
    ROLE_BINDING,
    SandboxRights,
)
from drills.stages.isolate import Maker, check_free, close_namespaces, closed, make_namespaces
from scenarios.model import NetworkIsolation
from tests.fakes.cluster import FakeCluster
from tests.fakes.drilling import DRILL, EARLIER, namespace, quota_controller
from tests.fakes.listeners import MemoryJournal, MemoryListener

TARGET = "backup-test"
MARKS = marks(DRILL, "weekly")
RIGHTS = SandboxRights(cluster_role="sandbox", account_namespace="drills", account_name="runner")


def free(
    cluster: FakeCluster, *, patience: float = 60, stop: Callable[[], bool] = lambda: False
) -> tuple[KubeObject, ...]:
    return check_free(cluster, cluster.clock, (TARGET,), patience=patience, stop=stop)


def make(
    cluster: FakeCluster,
    *,
    journal: MemoryJournal | None = None,
    network: NetworkIsolation = NetworkIsolation.DENY,
    rights: SandboxRights | None = None,
    **namespaces: str,
) -> Maker:
    maker = Maker(cluster=cluster, journal=journal or MemoryJournal(), listener=MemoryListener())
    uids = make_namespaces(
        maker,
        cluster.clock,
        namespaces or {"production": TARGET},
        MARKS,
        engine_labels={},
        sources={
            "production": Carried(labels={"pod-security.kubernetes.io/enforce": "restricted"})
        },
        rights=rights,
    )
    close_namespaces(maker, cluster.clock, tuple(sorted(uids)), MARKS, network=network)
    return maker


@pytest.fixture
def cluster() -> FakeCluster:
    found = FakeCluster()
    quota_controller(found)
    return found


def going(cluster: FakeCluster) -> None:
    """Put an earlier drill's sandbox that is going away."""
    cluster.put(
        namespace(
            TARGET,
            EARLIER,
            deletionTimestamp="2026-11-21T08:59:00Z",
            finalizers=["example.com/hold"],
        )
    )


def test_an_absent_namespace_is_free(cluster: FakeCluster) -> None:
    assert free(cluster) == ()


FOREIGN = {
    "unmarked": {"team": "shop"},
    "managed by something else": {**MARKS, "app.kubernetes.io/managed-by": "Helm"},
    "without a drill": {"app.kubernetes.io/managed-by": "restore-drill-runner"},
}


@pytest.mark.parametrize("labels", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_namespace_is_never_touched(cluster: FakeCluster, labels: dict[str, str]) -> None:
    """Both marks make it ours; one of them does not."""
    foreign = cluster.put(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": TARGET, "labels": labels}}
    )
    with pytest.raises(SandboxTaken) as refused:
        free(cluster)
    assert "left exactly as it is" in refused.value.hint
    assert cluster.get(NAMESPACE, "", TARGET) == foreign
    assert cluster.calls == []


def test_what_an_earlier_drill_left_is_returned(cluster: FakeCluster) -> None:
    cluster.put(namespace(TARGET, EARLIER))
    assert [drill_of(obj) for obj in free(cluster)] == [EARLIER]


def test_a_sandbox_that_is_going_away_is_waited_for(cluster: FakeCluster) -> None:
    going(cluster)
    cluster.clock.at(20, lambda: cluster.drop(NAMESPACE, "", TARGET))
    assert free(cluster) == ()
    assert 20 <= cluster.clock.monotonic() < 25


def test_a_sandbox_that_does_not_go_away_is_said(cluster: FakeCluster) -> None:
    going(cluster)
    with pytest.raises(DeadlinePassed, match="still going away"):
        free(cluster, patience=30)
    assert 30 <= cluster.clock.monotonic() < 35


def test_a_wish_to_stop_ends_the_wait(cluster: FakeCluster) -> None:
    """It does not pass for a sandbox that is free."""
    going(cluster)
    with pytest.raises(Interrupted):
        free(cluster, stop=lambda: cluster.clock.monotonic() > 5)


def test_the_sandbox_is_closed_before_it_is_used(cluster: FakeCluster) -> None:
    maker = make(cluster)
    assert [thing.kind for thing in maker.made] == [NAMESPACE, NETWORK_POLICY, QUOTA]
    assert closed(cluster, TARGET, NetworkIsolation.DENY, DRILL)
    space = objects.labels(cluster.get(NAMESPACE, "", TARGET))
    assert space["pod-security.kubernetes.io/enforce"] == "restricted"
    assert space.items() >= MARKS.items()


def test_siblings_may_talk_to_each_other(cluster: FakeCluster) -> None:
    make(cluster, production="a-test", database="b-test")
    for target in ("a-test", "b-test"):
        policy = cluster.get(NETWORK_POLICY, target, POLICY_NAME)
        (ingress,) = objects.items(policy, "spec", "ingress")
        assert len(objects.items(ingress, "from")) == 2


def test_every_step_is_journalled_around_its_making(cluster: FakeCluster) -> None:
    journal = MemoryJournal()
    make(cluster, journal=journal)
    assert [word for word, _ in journal.lines] == ["intend", "made"] * 3
    assert [thing.uid != "" for _, thing in journal.lines] == [False, True] * 3


def test_what_was_made_is_known_even_when_the_rest_fails(cluster: FakeCluster) -> None:
    cluster.refuse("create", QUOTA, Forbidden("may not create quotas"))
    maker = Maker(cluster=cluster, journal=MemoryJournal(), listener=MemoryListener())
    make_namespaces(
        maker, cluster.clock, {"production": TARGET}, MARKS, engine_labels={}, sources={}
    )
    with pytest.raises(Forbidden):
        close_namespaces(maker, cluster.clock, (TARGET,), MARKS, network=NetworkIsolation.DENY)
    assert [thing.kind for thing in maker.made] == [NAMESPACE, NETWORK_POLICY]
    assert all(thing.uid for thing in maker.made)


def test_a_namespace_that_appears_meanwhile_is_not_taken(cluster: FakeCluster) -> None:
    foreign = cluster.put(namespace(TARGET))
    with pytest.raises(AlreadyExists):
        make(cluster)
    assert cluster.get(NAMESPACE, "", TARGET) == foreign
    assert cluster.calls == []


def test_without_a_policy_only_the_quota_closes(cluster: FakeCluster) -> None:
    make(cluster, network=NetworkIsolation.NONE)
    assert cluster.list(NETWORK_POLICY) == ()
    assert closed(cluster, TARGET, NetworkIsolation.NONE, DRILL)
    assert not closed(cluster, TARGET, NetworkIsolation.DENY, DRILL)


@pytest.mark.parametrize(("kind", "name"), [(QUOTA, QUOTA_NAME), (NETWORK_POLICY, POLICY_NAME)])
def test_a_measure_that_vanished_or_is_not_ours_does_not_close(
    cluster: FakeCluster, kind: Kind, name: str
) -> None:
    make(cluster)
    cluster.change(kind, TARGET, name, {"metadata": {"labels": {"restore-drill/drill-id": "x"}}})
    assert not closed(cluster, TARGET, NetworkIsolation.DENY, DRILL)
    cluster.drop(kind, TARGET, name)
    assert not closed(cluster, TARGET, NetworkIsolation.DENY, DRILL)


def test_the_quota_controller_is_waited_for() -> None:
    """Until it takes note, every Service would be refused."""
    slow = FakeCluster()
    noted = {"status": {"hard": {"services.nodeports": "0"}}}
    slow.clock.at(4, lambda: slow.change(QUOTA, TARGET, QUOTA_NAME, noted))
    make(slow)
    assert 4 <= slow.clock.monotonic() < 6


def test_a_quota_that_nobody_takes_note_of_is_an_error() -> None:
    with pytest.raises(DeadlinePassed, match="no note of the quota") as late:
        make(FakeCluster())
    assert "kube-controller-manager" in late.value.hint


def test_rights_are_bound_and_waited_for(cluster: FakeCluster) -> None:
    """The authorizer learns of a binding some moments later."""
    cluster.denied.add(("create", "resourcequotas"))
    cluster.clock.at(2, cluster.denied.clear)
    maker = make(cluster, rights=RIGHTS)
    kinds = [thing.kind for thing in maker.made]
    assert kinds == [NAMESPACE, ROLE_BINDING, NETWORK_POLICY, QUOTA]
    binding = cluster.get(ROLE_BINDING, TARGET, BINDING_NAME)
    assert objects.text(binding, "roleRef", "name") == "sandbox"
    assert 2 <= cluster.clock.monotonic() < 3


def test_rights_that_never_come_are_named(cluster: FakeCluster) -> None:
    cluster.denied.add(("create", "resourcequotas"))
    with pytest.raises(Forbidden, match="no right to create resourcequotas"):
        make(cluster, rights=RIGHTS)
    assert cluster.list(QUOTA) == ()


def test_a_journal_that_cannot_be_written_stops_the_making(cluster: FakeCluster) -> None:
    """What cannot be written down is not made."""

    class FullDisk(MemoryJournal):
        def intend(self, thing: object) -> None:
            raise DrillError("the disk is full")

    with pytest.raises(DrillError, match="disk is full"):
        make(cluster, journal=FullDisk())
    assert cluster.calls == []
