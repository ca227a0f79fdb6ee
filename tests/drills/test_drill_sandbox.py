"""Stories of the sandbox: taken, left behind, lost in the middle, and dangerous."""

import threading
from dataclasses import replace

import pytest

from drills import lease as leases
from drills import objects
from drills.engine import RestoreOrder
from drills.errors import Forbidden
from drills.findings import Cause, Severity
from drills.marks import marks
from drills.objects import KubeObject
from drills.ports import Kind, Marked
from drills.record import CleanupOutcome, DrillRecord, Outcome, Verdict
from drills.sandbox import LEASE, NAMESPACE, QUOTA
from scenarios.model import CleanupPolicy
from tests.fakes.drilling import EARLIER, World, keeping, namespace, scenario
from tests.fakes.engine import SHOP, SOURCE, backed, inventory, manifest
from tests.fakes.probing import SANDBOX

INGRESS = Kind("networking.k8s.io/v1", "Ingress")
POLICY = Kind("networking.k8s.io/v1", "NetworkPolicy")


def codes(record: DrillRecord) -> list[str]:
    return [reason.code for reason in record.reasons]


def lease(drill_id: str, renewed: str = "2026-11-14T09:00:00.000000Z") -> KubeObject:
    return manifest(
        "coordination.k8s.io/v1",
        "Lease",
        "restore-drill-backup-test",
        metadata={"namespace": "engine-home", "labels": marks(drill_id, "weekly")},
        spec={"holderIdentity": drill_id, "leaseDurationSeconds": 30, "renewTime": renewed},
    )


def test_remains_of_an_earlier_drill_are_removed_first() -> None:
    """A killed drill's sandbox and Lease go, with what its engine made; then this one begins."""
    world = World(namespace(SANDBOX, EARLIER), lease(EARLIER))
    record = world.drill()
    assert record.verdict is Verdict.PASSED
    assert ("remains-removed", Severity.INFO) in {(f.code, f.severity) for f in record.findings}
    assert world.engine.removed[0] == EARLIER
    assert (world.namespaces, world.cluster.list(LEASE)) == ([], ())


def test_remains_in_other_sandboxes_are_left_alone() -> None:
    world = World(namespace("other-test", EARLIER))
    assert world.drill().verdict is Verdict.PASSED
    assert world.namespaces == ["other-test"]
    assert EARLIER not in world.engine.removed


def test_remains_that_cannot_be_removed_are_in_the_way() -> None:
    """Nothing is restored into what an earlier drill left."""
    stuck = namespace(SANDBOX, EARLIER, finalizers=["example.com/hold"])
    world = World(stuck)
    record = world.drill()
    assert (record.verdict, codes(record)[0]) == (Verdict.INCONCLUSIVE, "remains-in-the-way")
    assert "restore" not in world.engine.calls


def test_a_living_drill_keeps_its_sandbox() -> None:
    """Its Lease is renewed: this drill is inconclusive and touches nothing of the other."""
    world = World(lease(EARLIER, "2026-11-21T09:00:00.000000Z"), namespace(SANDBOX, EARLIER))
    record = world.drill()
    assert (record.verdict, codes(record)[0]) == (Verdict.INCONCLUSIVE, "stage-stopped")
    assert world.cluster.calls == []
    assert world.namespaces == [SANDBOX]


def test_a_namespace_that_appears_meanwhile_is_left_alone() -> None:
    """Somebody makes it between the look and the making: it stays exactly as it is."""
    world = World()
    world.at_stage("isolate", lambda: settle_in(world))
    record = world.drill()
    assert record.verdict is Verdict.INCONCLUSIVE
    assert world.namespaces == [SANDBOX]
    assert {kind for _, kind, _, _ in world.cluster.calls} == {LEASE}


def settle_in(world: World) -> None:
    world.cluster.put(namespace())


def deleted(world: World) -> None:
    world.cluster.drop(NAMESPACE, "", SANDBOX)
    for obj in world.cluster.list(Kind("v1", "ConfigMap"), SANDBOX):
        world.cluster.drop(Kind("v1", "ConfigMap"), SANDBOX, objects.name(obj))


def replaced(world: World) -> None:
    deleted(world)
    world.cluster.put(namespace())


def dying(world: World) -> None:
    world.cluster.change(
        NAMESPACE,
        "",
        SANDBOX,
        {"metadata": {"finalizers": ["x/y"], "deletionTimestamp": "2026-11-21T09:00:00Z"}},
    )


def unmarked(world: World) -> None:
    labels = {"app.kubernetes.io/managed-by": None}
    world.cluster.change(NAMESPACE, "", SANDBOX, {"metadata": {"labels": labels}})


@pytest.mark.parametrize("stage", ["restore", "settle", "probe"])
@pytest.mark.parametrize("harm", [deleted, replaced, dying, unmarked])
def test_a_sandbox_lost_in_the_middle_blames_nobody(stage: str, harm: object) -> None:
    """What a namespace that is no longer ours holds or lacks says nothing of the backup."""
    world = World()
    assert callable(harm)
    world.at_stage(stage, lambda: harm(world))
    record = world.drill()
    assert record.verdict is Verdict.INCONCLUSIVE
    assert "sandbox-lost" in codes(record)
    assert {probe.outcome for probe in record.probes} <= {Outcome.PASSED, Outcome.INCONCLUSIVE}


def test_nothing_in_a_strangers_namespace_is_touched() -> None:
    """It took our sandbox's name while the engine restored: its Ingress stays."""
    world = World()
    ingress = manifest("networking.k8s.io/v1", "Ingress", "shop", metadata={"namespace": SANDBOX})

    def taken(_: RestoreOrder) -> None:
        replaced(world)
        world.cluster.put(ingress)

    world.engine.on_restore = taken
    record = world.drill()
    assert record.verdict is Verdict.INCONCLUSIVE
    assert world.cluster.get(INGRESS, SANDBOX, "shop") is not None
    assert world.namespaces == [SANDBOX]
    assert record.cleanup.outcome is CleanupOutcome.LEFTOVERS


def test_a_hazard_that_came_back_live_is_critical_and_gone() -> None:
    world = World()
    ingress = manifest("networking.k8s.io/v1", "Ingress", "shop", metadata={"namespace": SANDBOX})

    def live(order: RestoreOrder) -> None:
        world.engine.bring_back(order)
        world.cluster.put(ingress)

    world.engine.on_restore = live
    record = world.drill(keeping(CleanupPolicy.NEVER))
    assert (record.verdict, codes(record)) == (Verdict.FAILED, ["hazard-live"])
    assert world.cluster.get(INGRESS, SANDBOX, "shop") is None
    assert record.cleanup.outcome is CleanupOutcome.KEPT


def test_a_hazard_that_stays_live_ends_the_drill_and_is_never_kept() -> None:
    """Whatever the scenario wants kept: what could act on the world goes with the sandbox."""
    world = World()
    ingress = manifest("networking.k8s.io/v1", "Ingress", "shop", metadata={"namespace": SANDBOX})

    def live(order: RestoreOrder) -> None:
        world.engine.bring_back(order)
        world.cluster.put(ingress)
        world.cluster.refuse("delete", INGRESS, Forbidden("may not delete ingresses"))

    world.engine.on_restore = live
    record = world.drill(keeping(CleanupPolicy.NEVER))
    assert "could NOT be made harmless" in record.reasons[0].message
    assert "settle" not in [stage.name for stage in record.stages]
    assert (world.namespaces, record.cleanup.outcome) == ([], CleanupOutcome.CLEAN)


def test_a_sandbox_that_cannot_be_closed_gets_no_data() -> None:
    """Somebody removes our policy at once; another one of theirs does not stand in for it."""
    world = World()

    def prune(obj: KubeObject) -> None:
        world.cluster.drop(POLICY, SANDBOX, objects.name(obj))
        foreign = manifest(
            "networking.k8s.io/v1", "NetworkPolicy", "allow-all", metadata={"namespace": SANDBOX}
        )
        world.cluster.put(foreign)

    world.cluster.react("create", POLICY, prune)
    record = world.drill()
    assert (record.verdict, codes(record)[0]) == (Verdict.INCONCLUSIVE, "sandbox-not-closed")
    assert "restore" not in world.engine.calls
    assert world.namespaces == []


def test_a_quota_that_nobody_takes_note_of_stops_the_drill() -> None:
    """Every Service would be refused, and the backup blamed for it."""
    world = World()
    world.cluster.react(
        "create",
        QUOTA,
        lambda q: world.cluster.change(QUOTA, SANDBOX, objects.name(q), {"status": None}),
    )
    record = world.drill()
    assert (record.verdict, codes(record)[0]) == (Verdict.INCONCLUSIVE, "deadline-passed")
    assert {reason.cause for reason in record.reasons} == {Cause.ENVIRONMENT, Cause.RUNNER}
    assert "restore" not in world.engine.calls


def test_a_restore_that_brings_nothing_back_is_not_passed() -> None:
    """Everything in the backup is left out on purpose; the namespace is our own work."""
    world = World()
    world.engine.inventory = inventory(
        SHOP[0], backed(manifest("networking.k8s.io/v1", "Ingress", "shop"))
    )
    record = world.drill(scenario(probes=()))
    assert (record.verdict, codes(record)[0]) == (Verdict.INCONCLUSIVE, "nothing-restored")


def test_a_missing_object_fails_whatever_the_probes_say() -> None:
    world = World()
    world.engine.inventory = inventory(
        *SHOP, replace(SHOP[2], key=replace(SHOP[2].key, name="lost"), body=None)
    )
    record = world.drill()
    assert (record.verdict, codes(record)) == (Verdict.FAILED, ["object-missing"])
    assert record.completeness is not None
    assert record.completeness.missing == (f"configmaps {SOURCE}/lost",)


@pytest.mark.parametrize("stage", ["restore", "settle", "probe"])
def test_a_lease_lost_in_the_middle_blames_nobody(
    stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another drill holds the sandbox now: this one stops, and says why."""
    monkeypatch.setattr(leases, "RENEW_EVERY", 0.001)
    world = World()

    def taken_over() -> None:
        world.cluster.drop(LEASE, "engine-home", "restore-drill-backup-test")
        world.cluster.put(lease(EARLIER))
        for thread in threading.enumerate():
            if thread.name == "lease":
                thread.join(10)

    world.at_stage(stage, taken_over)
    record = world.drill()
    assert (record.verdict, "sandbox-lost" in codes(record)) == (Verdict.INCONCLUSIVE, True)
    (left,) = world.cluster.list(LEASE)
    assert objects.text(left, "spec", "holderIdentity") == EARLIER


def test_a_sandbox_stays_closed_while_the_engine_goes_on() -> None:
    """Deleted under a running restore it would come back unmarked and open."""
    world = World()
    going_on = Marked(kind=Kind("fake/v1", "Restore"), namespace="engine-home", name="r", uid="u")
    world.engine.on_quiesce = lambda _: (going_on,)
    record = world.drill()
    assert world.namespaces == [SANDBOX]
    assert record.cleanup.outcome is CleanupOutcome.LEFTOVERS
    assert "Restore engine-home/r has not ended" in record.cleanup.leftovers[0]
    assert world.cluster.list(POLICY, SANDBOX) != ()
    assert not world.journal.closed


def operator(world: World, **spec: object) -> None:
    """Put a policy into every new namespace, as admission controllers do."""

    def put(made: KubeObject) -> None:
        world.cluster.put(
            manifest(
                POLICY.api_version,
                POLICY.kind,
                "by-operator",
                metadata={
                    "namespace": objects.name(made),
                    "managedFields": [{"manager": "kyverno"}],
                },
                spec={"podSelector": {}, **spec},
            )
        )

    world.cluster.react("create", NAMESPACE, put)


def test_an_operators_policy_that_denies_changes_nothing() -> None:
    world = World()
    operator(world, policyTypes=["Ingress", "Egress"])
    record = world.drill()
    assert (record.verdict, record.reasons) == (Verdict.PASSED, ())
    (told,) = (f for f in record.findings if f.code == "sandbox-policy-added")
    assert told.severity is Severity.INFO
    assert "kyverno" in told.message
    assert ("delete", POLICY, SANDBOX, "by-operator") not in world.cluster.calls


def test_nothing_is_restored_into_a_sandbox_that_an_operator_opened() -> None:
    """The backup is not to blame, and production is out of the copy's reach: there is none."""
    world = World()
    operator(world, egress=[{}])
    record = world.drill()
    assert (record.verdict, codes(record)[0]) == (Verdict.INCONCLUSIVE, "sandbox-opened")
    assert "restore" not in world.engine.calls
    assert ("delete", POLICY, SANDBOX, "by-operator") not in world.cluster.calls
    assert record.cleanup.outcome is CleanupOutcome.CLEAN
