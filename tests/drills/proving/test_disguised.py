"""Stories of pods that wear the labels of restored workloads, before there are any of those."""

import pytest

from drills import objects
from drills.findings import Severity
from drills.marks import marks
from drills.ports import Deadline
from drills.proving.disguised import PATIENCE, Disguised
from drills.proving.facts import Outcome as Shown
from drills.proving.facts import ProofState
from drills.proving.guises import MOST, Guise
from drills.proving.pods import Pods
from drills.record import Verdict
from drills.stages.isolate import Maker
from scenarios.model import CleanupPolicy, ProberSpec
from tests.drills.proving.worlds import (
    IMAGE,
    codes,
    labelled,
    message,
    proving,
    standing,
    state,
    worn,
)
from tests.fakes.drilling import DRILL, World, namespace
from tests.fakes.engine import SHOP, SOURCE, inventory
from tests.fakes.network import POD, FakeNetwork
from tests.fakes.probing import SANDBOX

pytestmark = pytest.mark.usefixtures("application")
FIRST, SECOND = "restore-drill-guise-1", "restore-drill-guise-2"


def test_restored_labels_are_tried_too(world: World, network: FakeNetwork) -> None:
    record = world.drill(proving(required=True))
    assert (record.verdict, state(record)) == (Verdict.PASSED, ProofState.PROVEN)
    assert worn(record) == {
        "deployments.apps shop": {Shown.BLOCKED},
        "deployments.apps db": {Shown.BLOCKED},
    }
    assert record.findings == ()
    assert record.sandbox.proof is not None
    assert (
        "as well from backup-test as deployments.apps db, backup-test as"
        in record.sandbox.proof.why
    )
    assert len(network.asked) == 5


@pytest.mark.parametrize("required", [True, False])
def test_a_way_out_for_one_workload_is_open(
    world: World, network: FakeNetwork, *, required: bool
) -> None:
    network.let_out = "shop"
    record = world.drill(proving(required=required))
    assert state(record) is ProofState.OPEN
    assert record.verdict is (Verdict.INCONCLUSIVE if required else Verdict.WARNED)
    assert ("restore" in world.engine.calls) is not required
    said = message(record, "isolation-open")
    assert "overridden for deployments.apps shop" in said
    assert "from backup-test as deployments.apps shop." in said
    assert "overridden for deployments.apps shop" in record.sandbox.isolation["networkPolicy"]
    assert worn(record)["deployments.apps db"] == {Shown.BLOCKED}
    assert world.namespaces == [SOURCE]


def test_they_come_with_the_prober_and_are_gone_before_the_restore(
    world: World, network: FakeNetwork
) -> None:
    """In this order: all made, the policy, asked, gone, restored."""
    del network
    at_restore: list[set[str]] = []
    world.at_stage("restore", lambda: at_restore.append(standing(world)))
    record = world.drill(proving(cleanup=CleanupPolicy.NEVER))
    events = [
        (verb, name)
        for verb, kind, _, name in world.cluster.calls
        if kind.kind in {"Pod", "NetworkPolicy"} and name != "restore-drill-neighbour-1"
    ]
    assert events == [
        ("create", "restore-drill-prober-1"),
        ("create", FIRST),
        ("create", SECOND),
        ("create", "restore-drill-closed"),
        ("delete", FIRST),
        ("delete", SECOND),
    ]
    assert at_restore == [set()]
    journal = {thing.name for word, thing in world.journal.lines if word == "intend"}
    assert {FIRST, SECOND} <= journal
    trail = [(each.action, each.resource) for each in record.audit]
    assert ("delete", f"Pod {SANDBOX}/{FIRST}") in trail


def test_they_carry_the_marks_and_are_as_restricted_as_the_prober(
    world: World, network: FakeNetwork
) -> None:
    del network
    hostile = {"app": "shop", "restore-drill/drill-id": "x", "app.kubernetes.io/managed-by": "Helm"}
    world.engine.inventory = inventory(*SHOP, labelled("web", **hostile))
    seen: dict[str, object] = {}
    world.cluster.react("create", POD, lambda pod: seen.__setitem__(objects.name(pod), pod))
    world.drill(proving())
    prober, guise = seen["restore-drill-prober-1"], seen[FIRST]
    assert objects.labels(guise) == {**objects.labels(prober), "app": "shop"}
    assert objects.labels(guise)["restore-drill/drill-id"] == DRILL
    assert objects.mapping(guise, "spec") == objects.mapping(prober, "spec")


def test_the_drills_marks_win(world: World) -> None:
    """Whatever a guise says: cleanup finds its own by them."""
    world.cluster.put(namespace(SANDBOX))
    clock = world.cluster.clock
    pods = Pods(
        cluster=world.cluster,
        clock=clock,
        maker=Maker(cluster=world.cluster, journal=world.journal, listener=world.listener),
        labels=marks(DRILL, "weekly"),
        spec=ProberSpec(image=IMAGE),
        lifetime=60.0,
        deadline=Deadline(clock=clock, at=clock.monotonic() + 60),
        stop=lambda: False,
    )
    foreign = (("app", "shop"), ("restore-drill/drill-id", "another"))
    guise = Guise(namespace=SANDBOX, workload="pods shop", labels=foreign)
    Disguised(pods=pods, wanted=[guise]).make()
    (pod,) = world.cluster.list(POD, SANDBOX)
    assert objects.labels(pod) == {"app": "shop", **marks(DRILL, "weekly")}


PENDING = {"phase": "Pending", "containerStatuses": []}


def test_they_are_waited_for_a_little_only(world: World, network: FakeNetwork) -> None:
    network.statuses = {FIRST: PENDING, SECOND: PENDING}
    record = world.drill(proving())
    (isolate,) = [stage for stage in record.stages if stage.name == "isolate"]
    assert PATIENCE <= isolate.seconds < PATIENCE + 2


def test_one_without_a_network_is_waited_for_no_longer(world: World, network: FakeNetwork) -> None:
    network.dumb = frozenset({FIRST})
    record = world.drill(proving())
    (isolate,) = [stage for stage in record.stages if stage.name == "isolate"]
    assert PATIENCE <= isolate.seconds < PATIENCE + 2


def test_a_late_network_is_waited_for(world: World, network: FakeNetwork) -> None:
    """A pod that reaches nothing yet is not taken for one that is blocked."""
    network.dumb = frozenset({FIRST})
    network.let_out = "db"
    world.cluster.clock.at(3.0, lambda: setattr(network, "dumb", frozenset()))
    record = world.drill(proving(required=True))
    assert state(record) is ProofState.OPEN
    assert worn(record)["deployments.apps db"] == {Shown.OPEN}


def test_more_than_a_few_are_not_tried_and_named(world: World, network: FakeNetwork) -> None:
    many = [labelled(f"web-{at}", app=f"web-{at}") for at in range(MOST + 2)]
    world.engine.inventory = inventory(*SHOP, *many)
    record = world.drill(proving(required=True))
    assert (record.verdict, state(record)) == (Verdict.PASSED, ProofState.PROVEN)
    assert set(worn(record)) == {f"deployments.apps web-{at}" for at in range(MOST)}
    assert codes(record) == {"isolation-not-tried-as-all": Severity.INFO}
    said = message(record, "isolation-not-tried-as-all")
    assert f"labels of {MOST} workloads" in said
    assert f"deployments.apps web-{MOST} in backup-test" in said
    assert f"deployments.apps web-{MOST + 1} in backup-test" in said
    del network
