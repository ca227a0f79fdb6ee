"""The prober's pods: made, confined, and what keeps them from answering."""

import pytest

from drills import objects
from drills.cluster import ExecAnswer
from drills.errors import CannotAsk, Forbidden
from drills.findings import Cause, Severity
from drills.proving.facts import ProofState
from drills.record import Verdict
from scenarios.model import CleanupPolicy
from tests.drills.proving.worlds import IMAGE, codes, proving, state
from tests.fakes.drilling import World, namespace, scenario
from tests.fakes.engine import SOURCE
from tests.fakes.network import POD, FakeNetwork
from tests.fakes.probing import SANDBOX

TROUBLES: dict[str, tuple[dict[str, object], Cause]] = {
    "image": (
        {
            "phase": "Pending",
            "containerStatuses": [
                {"name": "prober", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
            ],
        },
        Cause.REGISTRY,
    ),
    "no room": (
        {
            "phase": "Pending",
            "containerStatuses": [],
            "conditions": [
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": "0/3 nodes are available",
                }
            ],
        },
        Cause.CAPACITY,
    ),
    "never starts": ({"phase": "Pending", "containerStatuses": []}, Cause.ENVIRONMENT),
    "ends at once": ({"phase": "Failed", "containerStatuses": []}, Cause.PROBE),
}


@pytest.mark.parametrize(("status", "cause"), TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("required", [True, False])
def test_a_prober_that_does_not_start_proves_nothing(
    world: World, network: FakeNetwork, *, status: dict[str, object], cause: Cause, required: bool
) -> None:
    network.status = status
    record = world.drill(proving(required=required))
    assert state(record) is ProofState.UNPROVEN
    (found,) = [f for f in record.findings if f.code == "isolation-not-proven"]
    assert (found.cause, found.unanswered) == (cause, required)
    assert record.verdict is (Verdict.INCONCLUSIVE if required else Verdict.PASSED)
    assert ("restore" in world.engine.calls) is not required


REFUSALS: dict[str, Exception] = {
    "exec": Forbidden("may not create pods/exec"),
    "nobody answers": CannotAsk("no stand-in is registered"),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_a_prober_that_cannot_be_asked_proves_nothing_and_goes(
    world: World, network: FakeNetwork, refusal: Exception
) -> None:
    """Its pods are taken away, so that they stand in nobody's way."""
    del network

    def refuse(*_: object, **__: object) -> ExecAnswer:
        raise refusal

    world.cluster.on_exec = refuse
    record = world.drill(proving(cleanup=CleanupPolicy.NEVER))
    assert (record.verdict, state(record)) == (Verdict.PASSED, ProofState.UNPROVEN)
    assert [pod for pod in world.cluster.list(POD, SANDBOX) if "prober" in objects.name(pod)] == []


def test_the_default_account_is_waited_for(world: World, network: FakeNetwork) -> None:
    """A namespace gets it a moment after it is made; until then no pod is taken."""
    del network
    words = 'error looking up service account backup-test/default: "default" not found'
    world.cluster.refuse("create", POD, Forbidden(words), times=3)
    record = world.drill(proving(required=True))
    assert (record.verdict, state(record)) == (Verdict.PASSED, ProofState.PROVEN)


def test_no_right_to_make_pods_proves_nothing(world: World, network: FakeNetwork) -> None:
    del network
    world.cluster.refuse("create", POD, Forbidden("may not create pods"))
    record = world.drill(proving(required=True))
    (found,) = [f for f in record.findings if f.code == "isolation-not-proven"]
    assert (found.cause, state(record)) == (Cause.CONFIGURATION, ProofState.UNPROVEN)


def test_without_an_image_nothing_is_made_and_it_is_said(world: World) -> None:
    record = world.drill()
    assert (record.verdict, state(record)) == (Verdict.PASSED, ProofState.UNPROVEN)
    assert codes(record) == {"isolation-not-proven": Severity.INFO}
    assert not any("prober" in name for _, name in world.created)


def test_the_runner_may_name_the_image(world: World, network: FakeNetwork) -> None:
    """The scenario's own comes first."""
    del network
    record = world.drill(scenario(), prober_image="drills:1")
    assert record.sandbox.proof is not None
    assert (record.sandbox.proof.image, record.verdict) == ("drills:1", Verdict.PASSED)
    mine = World(namespace(SOURCE))
    FakeNetwork(mine.cluster)
    named = mine.drill(proving(), prober_image="drills:1").sandbox.proof
    assert named is not None
    assert named.image == IMAGE


def test_the_pods_are_marked_journalled_and_confined(world: World, network: FakeNetwork) -> None:
    del network
    record = world.drill(proving(cleanup=CleanupPolicy.NEVER))
    pods = world.cluster.list(POD, SANDBOX)
    assert len(pods) == 2
    assert {objects.labels(pod)["restore-drill/drill-id"] for pod in pods} == {record.drill_id}
    kinds = [(word, thing.kind.kind) for word, thing in world.journal.lines]
    assert kinds.count(("intend", "Pod")) == kinds.count(("made", "Pod")) == 2
    for pod in pods:
        spec = objects.mapping(pod, "spec")
        (container,) = objects.items(spec, "containers")
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert spec["restartPolicy"] == "Never"
        assert objects.dig(spec, "securityContext", "runAsNonRoot") is True
        assert objects.dig(container, "securityContext", "capabilities") == {"drop": ["ALL"]}
        assert objects.text(container, "image") == IMAGE
