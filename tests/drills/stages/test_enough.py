"""Workloads that are sound with one of several ready: `restore.ready`."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from drills.enough import enough
from drills.objects import KubeObject
from drills.ports import Kind
from drills.stages.settle import Settled, settle
from tests.fakes.listeners import MemoryListener
from tests.fakes.probing import SANDBOX, CalmCluster, container, deployment, pod, thing, until

SET = Kind("apps/v1", "StatefulSet")
RULES = ({"statefulset/db": 1}, {"production/statefulset/db": 1})


def database(ready: int, *, wanted: int = 3, seen: int = 1) -> KubeObject:
    """Return a StatefulSet of which so many are ready."""
    status = {"observedGeneration": seen, "replicas": ready, "readyReplicas": ready}
    return thing("apps/v1", "StatefulSet", "db", spec={"replicas": wanted}, status=status)


def member(number: int, *, ready: bool, restarts: int = 0) -> KubeObject:
    """Return one of its pods."""
    state = container("" if ready else "CrashLoopBackOff", restarts=restarts)
    owner = "StatefulSet/db"
    return pod(f"db-{number}", app="db", owner=owner, ready=ready, containers=(state,))


@pytest.fixture
def settled() -> Iterator[list[Settled]]:
    """Close what was settled."""
    kept: list[Settled] = []
    yield kept
    for each in kept:
        if each.watch is not None:
            each.watch.close()


def wait(
    cluster: CalmCluster, rules: dict[str, int], kept: list[Settled], seconds: float = 100.0
) -> Settled:
    """Settle the sandbox of namespace production."""
    found = settle(
        cluster,
        cluster.clock,
        [SANDBOX],
        deadline=until(cluster.clock, seconds),
        stop=lambda: False,
        listener=MemoryListener(),
        enough=enough(rules, {"production": SANDBOX}),
    )
    kept.append(found)
    return found


@pytest.mark.parametrize("rules", RULES)
def test_one_of_three_is_enough_where_that_is_said(
    rules: dict[str, int], settled: list[Settled]
) -> None:
    place = CalmCluster(database(1), member(0, ready=True), member(1, ready=False, restarts=4))
    found = wait(place, rules, settled)
    assert found.ready
    assert "db has 1 of 3 ready, which is enough by restore.ready" in found.message


@pytest.mark.parametrize(
    ("present", "rules"),
    [
        (database(1), {}),
        (database(1), {"statefulset/other": 1}),
        (database(1), {"deployment/db": 1}),
        (database(1), {"elsewhere/statefulset/db": 1}),
        (database(0), {"statefulset/db": 1}),
        (database(1), {"statefulset/db": 2}),
        (database(1, wanted=2), {"statefulset/db": 5}),
        (database(1, seen=0), {"statefulset/db": 1}),
    ],
)
def test_fewer_are_not_enough_otherwise(
    present: KubeObject, rules: dict[str, int], settled: list[Settled]
) -> None:
    found = wait(CalmCluster(present), rules, settled)
    assert not found.ready
    assert "statefulset backup-test/db" in found.message


def test_what_was_never_ready_may_restart_and_the_last_one_may_not_go(
    settled: list[Settled],
) -> None:
    place = CalmCluster(database(1), member(0, ready=True), member(1, ready=False, restarts=4))
    found = wait(place, {"statefulset/db": 1}, settled)
    assert found.watch is not None
    place.put(member(1, ready=False, restarts=9))
    place.delivered()
    place.change(SET, SANDBOX, "db", {"status": {"readyReplicas": 0}})
    place.delivered()
    codes = {each.code for each in found.watch.conclude(0.0)}
    assert codes == {"became-unready", "crash-loop"}


def test_a_restart_of_the_spare_alone_is_no_finding(settled: list[Settled]) -> None:
    place = CalmCluster(database(1), member(0, ready=True), member(1, ready=False, restarts=4))
    found = wait(place, {"statefulset/db": 1}, settled)
    assert found.watch is not None
    place.put(member(1, ready=False, restarts=9))
    place.delivered()
    assert found.watch.conclude(0.0) == ()


def test_a_restart_of_one_that_was_ready_is_a_finding(settled: list[Settled]) -> None:
    place = CalmCluster(database(2), member(0, ready=True), member(1, ready=True))
    found = wait(place, {"statefulset/db": 1}, settled)
    assert found.watch is not None
    place.put(member(1, ready=True, restarts=1))
    place.delivered()
    assert [each.code for each in found.watch.conclude(0.0)] == ["restarted"]


def test_old_replicas_are_not_enough(settled: list[Settled]) -> None:
    """What is ready is of the ReplicaSet before the last change: the new one never came up."""
    shop = deployment(wanted=3, available=2)
    status = {**shop["status"], "updatedReplicas": 0}  # type: ignore[dict-item]
    assert not wait(CalmCluster({**shop, "status": status}), {"deployment/shop": 1}, settled).ready
    assert wait(CalmCluster(shop), {"deployment/shop": 1}, settled).ready


def test_pods_of_deployments_are_known_by_their_hash() -> None:
    rules = enough({"deployment/shop": 1}, {"production": SANDBOX, "other": "box"})
    mine = pod("shop-abc-x", owner="ReplicaSet/shop-abc", ready=False)
    assert rules.spares(mine)
    assert not rules.spares(pod("shop-abc-x", owner="ReplicaSet/shop-abc"))
    assert not rules.spares(pod("web-abc-x", owner="ReplicaSet/web-abc", ready=False))
    assert replace(rules, least={}).waiting_for("StatefulSet", database(1)) is not None
