"""Stories of drills that prove their sandbox: what is asked when, and what comes of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from drills import objects
from drills.cluster import ExecAnswer, Kind
from drills.engine import RestoreOrder
from drills.errors import CannotAsk, Forbidden
from drills.findings import Cause, Severity
from drills.proving.facts import Aim, ProofState
from drills.proving.facts import Outcome as Shown
from drills.record import CleanupOutcome, DrillRecord, Verdict
from drills.sandbox import NETWORK_POLICY
from scenarios.model import CleanupPolicy, IsolationSpec, NetworkIsolation, ProberSpec, Scenario
from tests.fakes.drilling import World, namespace, scenario
from tests.fakes.engine import SHOP, SOURCE, backed, inventory, manifest
from tests.fakes.network import POD, FakeNetwork, enforcing
from tests.fakes.probing import SANDBOX

IMAGE = "busybox:1.36"


def proving(*, required: bool = False, **more: object) -> Scenario:
    prober = ProberSpec(image=IMAGE, internet="1.1.1.1:443", also_blocked=("db.example.com:5432",))
    return scenario(isolation=IsolationSpec(require_proof=required, prober=prober), **more)


def service(name: str, address: str) -> tuple[dict[str, object], dict[str, object]]:
    """Return a live Service of production with something ready behind it."""
    place = {"namespace": SOURCE}
    found = manifest(
        "v1", "Service", name, metadata=place, spec={"clusterIP": address, "ports": [{"port": 80}]}
    )
    labels = {"kubernetes.io/service-name": name}
    ready = manifest(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        f"{name}-x",
        metadata={**place, "labels": labels},
        endpoints=[{"conditions": {"ready": True}}],
    )
    return dict(found), dict(ready)


@pytest.fixture(name="world")
def _world() -> World:
    return World(namespace(SOURCE), *service("shop", "10.96.0.9"))


@pytest.fixture(name="network")
def _network(world: World) -> FakeNetwork:
    return FakeNetwork(world.cluster)


def state(record: DrillRecord) -> ProofState | None:
    return record.sandbox.proof.state if record.sandbox.proof else None


def codes(record: DrillRecord) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in record.findings}


def shown(record: DrillRecord) -> dict[str, Shown]:
    assert record.sandbox.proof is not None
    return {each.target.address: each.outcome for each in record.sandbox.proof.tried}


def ignoring(closed: bool, host: str, port: str) -> bool:
    del closed, host, port
    return True


def test_a_network_that_enforces_is_proven(world: World, network: FakeNetwork) -> None:
    record = world.drill(proving(required=True))
    assert (record.verdict, state(record)) == (Verdict.PASSED, ProofState.PROVEN)
    assert shown(record) == {
        "10.96.0.9:80": Shown.BLOCKED,
        "shop.production.svc:80": Shown.BLOCKED,
        "kubernetes.default:443": Shown.BLOCKED,
        "1.1.1.1:443": Shown.BLOCKED,
        "db.example.com:5432": Shown.BLOCKED,
        "kubernetes.default.svc": Shown.WORKS,
        "10.244.0.2:18765": Shown.WORKS,
    }
    assert len(network.asked) == 3
    assert "seen to be enforced" in record.sandbox.isolation["networkPolicy"]
    assert record.cleanup.outcome is CleanupOutcome.CLEAN
    assert world.namespaces == [SOURCE]


def test_the_control_comes_before_the_policy(world: World, network: FakeNetwork) -> None:
    """And both before anything is restored."""
    said: list[tuple[bool, bool]] = []

    def reaches(closed: bool, host: str, port: str) -> bool:
        said.append((closed, "restore" in world.engine.calls))
        return enforcing(closed, host, port)

    network.reaches = reaches
    world.drill(proving())
    assert list(dict.fromkeys(said)) == [(False, False), (True, False), (True, True)]


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


def test_a_network_that_ignores_warns(world: World, network: FakeNetwork) -> None:
    network.reaches = ignoring
    record = world.drill(proving())
    assert (record.verdict, state(record)) == (Verdict.WARNED, ProofState.OPEN)
    assert codes(record)["isolation-open"] is Severity.WARNING
    assert record.probes != ()
    assert "NOT to be enforced" in record.sandbox.isolation["networkPolicy"]


def test_a_network_that_ignores_gets_no_data_where_proof_is_wanted(
    world: World, network: FakeNetwork
) -> None:
    network.reaches = ignoring
    record = world.drill(proving(required=True))
    assert record.verdict is Verdict.INCONCLUSIVE
    assert record.reasons[0].code == "isolation-open"
    assert "restore" not in world.engine.calls
    assert world.namespaces == [SOURCE]


def test_a_plugin_may_take_seconds(world: World, network: FakeNetwork) -> None:
    """It is asked again until the policy is in force."""
    slow = 4.0

    def reaches(closed: bool, host: str, port: str) -> bool:
        if closed and since[0] is None:
            since[0] = world.cluster.clock.monotonic()
        late = since[0] is None or world.cluster.clock.monotonic() - since[0] < slow
        return enforcing(closed and not late, host, port)

    since: list[float | None] = [None]
    network.reaches = reaches
    record = world.drill(proving(required=True))
    assert (record.verdict, state(record)) == (Verdict.PASSED, ProofState.PROVEN)
    assert len(network.asked) > 5


def test_what_cannot_be_reached_anyway_shows_nothing(world: World, network: FakeNetwork) -> None:
    """A cluster without a way out, and nothing live: not proven, and not called blocked."""
    network.reaches = lambda _closed, host, port: port == "0" or host.startswith("10.244.")
    record = world.drill(proving(required=True))
    assert (record.verdict, state(record)) == (Verdict.INCONCLUSIVE, ProofState.UNPROVEN)
    assert Shown.BLOCKED not in shown(record).values()
    assert "restore" not in world.engine.calls


def test_every_sandbox_namespace_is_asked_and_reaches_the_others() -> None:
    world = World(namespace(SOURCE), *service("shop", "10.96.0.9"))
    network = FakeNetwork(world.cluster)
    wanted = proving(required=True)
    both = {SOURCE: SANDBOX, "billing": "billing-test"}
    spaces = frozenset({SOURCE, "billing"})
    world.engine.inventory = replace(world.engine.inventory, namespaces=spaces)
    record = world.drill(replace(wanted, restore=replace(wanted.restore, namespaces=both)))
    assert state(record) is ProofState.PROVEN
    assert {name for name, _ in network.asked} == {SANDBOX, "billing-test"}
    assert record.sandbox.proof is not None
    beside = [each for each in record.sandbox.proof.tried if each.target.aim is Aim.NEIGHBOUR]
    assert len(beside) == 4
    assert {each.outcome for each in beside} == {Shown.WORKS}


def test_without_rights_in_production_the_backups_services_are_tried_by_name(
    world: World, network: FakeNetwork
) -> None:
    """Their addresses may be somebody else's by now."""
    del network
    world.cluster.refuse("list", Kind("v1", "Service"), Forbidden("may not list services"))
    ports = {"clusterIP": "10.96.7.7", "ports": [{"port": 8080}]}
    world.engine.inventory = inventory(
        *SHOP[:3], backed(manifest("v1", "Service", "shop", spec=ports))
    )
    record = world.drill(proving(required=True))
    assert "shop.production.svc:8080" in shown(record)
    assert not any("10.96.7.7" in address for address in shown(record))


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


def test_a_sandbox_left_open_on_purpose_is_not_tried(world: World, network: FakeNetwork) -> None:
    wanted = scenario(isolation=IsolationSpec(network=NetworkIsolation.NONE))
    record = world.drill(wanted, prober_image=IMAGE)
    assert (record.sandbox.proof, network.asked) == (None, [])


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


def test_a_stand_in_proves_nothing_on_a_real_cluster(world: World, network: FakeNetwork) -> None:
    network.simulated = True
    record = world.drill(proving(required=True))
    assert (record.verdict, state(record)) == (Verdict.INCONCLUSIVE, ProofState.UNPROVEN)


def test_it_takes_no_time_on_a_healthy_cluster(world: World, network: FakeNetwork) -> None:
    """One question before the policy, one after it: nothing is waited for."""
    record = world.drill(proving())
    (isolate,) = [stage for stage in record.stages if stage.name == "isolate"]
    assert timedelta(seconds=isolate.seconds) < timedelta(seconds=2)
    assert [len(targets) for _, targets in network.asked] == [7, 7, 7]


def test_a_rehearsal_makes_no_prober(world: World, network: FakeNetwork) -> None:
    found = world.rehearsal(proving(required=True))
    assert (found.prober.image, network.asked) == (IMAGE, [])
