"""Pods that wear the labels of restored workloads go, and spoil nothing, whatever happens."""

from collections.abc import Callable

import pytest

from drills import objects
from drills.cluster import ExecAnswer
from drills.errors import CannotAsk, DrillError, Forbidden, OutsideRefused, Unreachable
from drills.findings import Severity
from drills.proving.facts import Outcome as Shown
from drills.proving.facts import ProofState
from drills.record import CleanupOutcome, Verdict
from drills.sandbox import NETWORK_POLICY
from scenarios.model import CleanupPolicy
from tests.drills.proving.worlds import codes, message, proving, standing, state, worn
from tests.fakes.drilling import World
from tests.fakes.engine import SOURCE
from tests.fakes.network import POD, FakeNetwork

pytestmark = pytest.mark.usefixtures("application")
FIRST, SECOND = "restore-drill-guise-1", "restore-drill-guise-2"


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
