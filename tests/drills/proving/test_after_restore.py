"""The sandbox is tried again once the restore has settled."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from drills import objects
from drills.engine import RestoreOrder
from drills.findings import Severity
from drills.proving.facts import ProofState
from drills.record import CleanupOutcome, Verdict
from drills.sandbox import NETWORK_POLICY
from scenarios.model import CleanupPolicy
from tests.drills.proving.worlds import codes, proving, state
from tests.fakes.drilling import World
from tests.fakes.engine import SHOP, SOURCE, backed, inventory, manifest
from tests.fakes.network import POD, FakeNetwork, enforcing
from tests.fakes.probing import SANDBOX


def opening(world: World) -> Callable[[RestoreOrder], None]:
    """Return a restore that brings back a policy which opens the sandbox, as allowed."""

    def restore(order: RestoreOrder) -> None:
        world.engine.bring_back(order)
        place = {"namespace": SANDBOX}
        world.cluster.put(
            manifest("networking.k8s.io/v1", "NetworkPolicy", "allow-all", metadata=place)
        )

    return restore


def by_policies(world: World) -> Callable[[bool, str, str], bool]:
    def reaches(closed: bool, host: str, port: str) -> bool:
        names = {objects.name(each) for each in world.cluster.list(NETWORK_POLICY, SANDBOX)}
        return enforcing(closed and "allow-all" not in names, host, port)

    return reaches


@pytest.mark.parametrize("required", [True, False])
def test_a_restored_policy_that_opens_the_sandbox_fails_the_drill(
    world: World, network: FakeNetwork, *, required: bool
) -> None:
    """Allowed by the scenario, so no hazard of its kind; and never kept."""
    network.reaches = by_policies(world)
    world.engine.on_restore = opening(world)
    wanted = proving(required=required, cleanup=CleanupPolicy.NEVER)
    allow = ("networkpolicies.networking.k8s.io",)
    record = world.drill(replace(wanted, restore=replace(wanted.restore, allow=allow)))
    assert (record.verdict, record.reasons[0].code) == (Verdict.FAILED, "sandbox-opened")
    assert state(record) is ProofState.OPEN
    assert record.cleanup.outcome is CleanupOutcome.CLEAN
    assert world.namespaces == [SOURCE]


@pytest.mark.parametrize(
    ("required", "verdict"), [(True, Verdict.INCONCLUSIVE), (False, Verdict.PASSED)]
)
def test_a_prober_that_is_gone_after_the_restore(
    world: World, network: FakeNetwork, *, required: bool, verdict: Verdict
) -> None:
    """What was proven before stands; that it still holds is unknown."""
    del network
    world.at_stage("probe", lambda: setattr(world.cluster, "on_exec", None))
    record = world.drill(proving(required=required))
    assert (record.verdict, state(record)) == (verdict, ProofState.PROVEN)
    assert "isolation-not-asked-again" in codes(record)


def test_a_restored_quota_does_not_count_the_probers(world: World, network: FakeNetwork) -> None:
    """They go before the restore, and others come when it has settled."""
    quota = backed(manifest("v1", "ResourceQuota", "team"))
    world.engine.inventory = inventory(*SHOP, quota)
    there: list[int] = []
    world.at_stage("restore", lambda: there.append(len(world.cluster.list(POD, SANDBOX))))
    record = world.drill(proving(required=True))
    assert (record.verdict, state(record), there) == (Verdict.PASSED, ProofState.PROVEN, [0])
    assert len(network.asked) == 3


def test_a_busy_node_is_not_taken_for_a_restored_policy(world: World, network: FakeNetwork) -> None:
    """DNS that misses one question is asked again."""
    misses = iter([True])

    def reaches(closed: bool, host: str, port: str) -> bool:
        restored = "restore" in world.engine.calls
        missed = restored and port == "0" and next(misses, False)
        return not missed and enforcing(closed, host, port)

    network.reaches = reaches
    record = world.drill(proving(required=True))
    assert (record.verdict, state(record)) == (Verdict.PASSED, ProofState.PROVEN)
    assert len(network.asked) == 4


def test_dns_that_is_gone_after_the_restore_is_told(world: World, network: FakeNetwork) -> None:
    def reaches(closed: bool, host: str, port: str) -> bool:
        restored = "restore" in world.engine.calls
        return not (restored and port == "0") and enforcing(closed, host, port)

    network.reaches = reaches
    record = world.drill(proving())
    assert (record.verdict, codes(record)["sandbox-cut-off"]) == (
        Verdict.WARNED,
        Severity.WARNING,
    )
