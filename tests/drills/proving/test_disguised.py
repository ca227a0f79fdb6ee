"""Stories of pods that wear the labels of restored workloads, before there are any of those."""

from collections.abc import Callable

import pytest

from drills import objects
from drills.cluster import ExecAnswer
from drills.errors import CannotAsk, DrillError, Forbidden, OutsideRefused, Unreachable
from drills.findings import Severity
from drills.marks import marks
from drills.ports import Deadline
from drills.proving.disguised import PATIENCE, Disguised
from drills.proving.facts import Outcome as Shown
from drills.proving.facts import ProofState
from drills.proving.guises import MOST, Guise
from drills.proving.pods import Pods
from drills.record import CleanupOutcome, DrillRecord, Verdict
from drills.sandbox import NETWORK_POLICY
from drills.stages.isolate import Maker
from scenarios.model import CleanupPolicy, ProberSpec
from tests.drills.proving.worlds import IMAGE, codes, labelled, proving, state
from tests.fakes.drilling import DRILL, World, namespace
from tests.fakes.engine import SHOP, SOURCE, inventory
from tests.fakes.network import POD, FakeNetwork
from tests.fakes.probing import SANDBOX

FIRST, SECOND = "restore-drill-guise-1", "restore-drill-guise-2"


@pytest.fixture(autouse=True)
def _application(world: World) -> None:
    """Two workloads whose pods have labels."""
    fresh = (labelled("shop", app="shop"), labelled("db", app="db"))
    world.engine.inventory = inventory(SHOP[0], *fresh, *SHOP[2:])


def worn(record: DrillRecord) -> dict[str, set[Shown]]:
    """Return what came of the ways out, by workload."""
    assert record.sandbox.proof is not None
    found: dict[str, set[Shown]] = {}
    for each in record.sandbox.proof.tried:
        if each.workload:
            found.setdefault(each.workload, set()).add(each.outcome)
    return found


def message(record: DrillRecord, code: str) -> str:
    return next(found.message for found in record.findings if found.code == code)


def standing(world: World) -> set[str]:
    names = {objects.name(pod) for pod in world.cluster.list(POD, SANDBOX)}
    return {name for name in names if name.startswith("restore-drill-guise")}


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


def not_made(world: World, network: FakeNetwork, error: DrillError) -> None:
    """The API server refuses pods with labels of the application."""
    del network
    create = world.cluster.create

    def refuse(obj: object, *, dry_run: bool = False) -> object:
        if objects.name(obj) == FIRST:
            raise error
        return create(obj, dry_run=dry_run)  # type: ignore[arg-type]

    world.cluster.create = refuse  # type: ignore[assignment, method-assign]


def not_answering(world: World, network: FakeNetwork, error: DrillError) -> None:
    del network
    answer = world.cluster.on_exec
    assert answer is not None

    def refuse(namespace: str, pod: str, *rest: object, **more: object) -> ExecAnswer:
        if pod == FIRST:
            raise error
        return answer(namespace, pod, *rest, **more)  # type: ignore[arg-type]

    world.cluster.on_exec = refuse  # type: ignore[assignment]


PENDING = {"phase": "Pending", "containerStatuses": []}
Trouble = Callable[[World, FakeNetwork], object]
TROUBLES: dict[str, tuple[Trouble, str]] = {
    "may not be made": (
        lambda world, network: not_made(world, network, Forbidden("denied by a webhook")),
        "denied by a webhook",
    ),
    "is not taken": (
        lambda world, network: not_made(world, network, OutsideRefused("invalid label")),
        "invalid label",
    ),
    "does not start": (
        lambda _, network: network.statuses.update({FIRST: PENDING}),
        "did not start in time",
    ),
    "ends at once": (
        lambda _, network: network.statuses.update({FIRST: {"phase": "Failed"}}),
        "ended at once",
    ),
    "does not answer": (
        lambda world, network: not_answering(world, network, CannotAsk("no shell")),
        "no shell",
    ),
    "cannot be reached": (
        lambda world, network: not_answering(world, network, Unreachable("kubelet is away")),
        "kubelet is away",
    ),
    "reaches nothing at all": (
        lambda _, network: setattr(network, "dumb", frozenset({FIRST})),
        "may not have been up",
    ),
}


@pytest.mark.parametrize(("trouble", "why"), TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("required", [True, False])
def test_what_becomes_of_one_never_spoils_the_proof(
    world: World, network: FakeNetwork, *, trouble: Trouble, why: str, required: bool
) -> None:
    """It is said for whom nothing is known; a warning where proof is wanted, yet answered."""
    trouble(world, network)
    there: list[set[str]] = []
    world.at_stage("restore", lambda: there.append(standing(world)))
    record = world.drill(proving(required=required))
    assert state(record) is ProofState.PROVEN
    assert record.verdict is (Verdict.WARNED if required else Verdict.PASSED)
    severity = Severity.WARNING if required else Severity.INFO
    assert codes(record) == {"isolation-not-tried-as": severity}
    said = message(record, "isolation-not-tried-as")
    assert "deployments.apps db in backup-test" in said
    assert why in said
    assert worn(record) == {"deployments.apps shop": {Shown.BLOCKED}}
    assert there == [set()]
    assert record.cleanup.outcome is CleanupOutcome.CLEAN


def test_a_lost_answer_leaves_none_standing(world: World, network: FakeNetwork) -> None:
    """The pod was made although its creation was refused to our face."""
    del network
    create = world.cluster.create

    def lose(obj: object, *, dry_run: bool = False) -> object:
        made = create(obj, dry_run=dry_run)  # type: ignore[arg-type]
        if objects.name(made) == FIRST:
            raise OutsideRefused("the answer was garbled")
        return made

    world.cluster.create = lose  # type: ignore[assignment, method-assign]
    there: list[set[str]] = []
    world.at_stage("restore", lambda: there.append(standing(world)))
    record = world.drill(proving(required=True))
    assert (there, state(record)) == ([set()], ProofState.PROVEN)


def test_they_are_waited_for_a_little_only(world: World, network: FakeNetwork) -> None:
    network.statuses = {FIRST: PENDING, SECOND: PENDING}
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


def test_nothing_is_restored_beside_one_that_stays(world: World, network: FakeNetwork) -> None:
    """Services would send it traffic, ReplicaSets would adopt it."""
    del network
    world.cluster.refuse("delete", POD, Forbidden("may not delete pods"))
    record = world.drill(proving())
    assert record.verdict is Verdict.INCONCLUSIVE
    assert "restore" not in world.engine.calls
    assert world.namespaces == [SOURCE]


ENDS: dict[str, Trouble] = {
    "the prober cannot be asked": lambda world, _: setattr(world.cluster, "on_exec", None),
    "the prober does not start": lambda _, network: network.statuses.update(
        {"restore-drill-prober-1": PENDING}
    ),
    "the sandbox is open": lambda _, network: setattr(network, "reaches", lambda *_: True),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("required", [True, False])
def test_they_go_however_the_proof_ends(
    world: World, network: FakeNetwork, *, end: Trouble, required: bool
) -> None:
    """Also in a sandbox that is kept."""
    end(world, network)
    world.drill(proving(required=required, cleanup=CleanupPolicy.NEVER))
    assert standing(world) == set()
    deleted = {
        name for verb, kind, _, name in world.cluster.calls if (verb, kind) == ("delete", POD)
    }
    assert {FIRST, SECOND} <= deleted


def test_they_go_where_the_sandbox_cannot_be_closed(world: World, network: FakeNetwork) -> None:
    del network
    world.cluster.refuse("create", NETWORK_POLICY, Forbidden("may not create policies"))
    record = world.drill(proving(cleanup=CleanupPolicy.NEVER))
    assert record.verdict is Verdict.INCONCLUSIVE
    deleted = {
        name for verb, kind, _, name in world.cluster.calls if (verb, kind) == ("delete", POD)
    }
    assert {FIRST, SECOND} <= deleted
