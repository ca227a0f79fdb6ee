"""Stories of drills that prove their sandbox: what is asked when, and what comes of it."""

from dataclasses import replace
from datetime import timedelta

from drills.cluster import Kind
from drills.errors import Forbidden
from drills.findings import Severity
from drills.proving.facts import Aim, ProofState
from drills.proving.facts import Outcome as Shown
from drills.record import CleanupOutcome, Verdict
from scenarios.model import IsolationSpec, NetworkIsolation
from tests.drills.proving.worlds import IMAGE, codes, proving, service, shown, state
from tests.fakes.drilling import World, namespace, scenario
from tests.fakes.engine import SHOP, SOURCE, backed, inventory, manifest
from tests.fakes.network import FakeNetwork, enforcing
from tests.fakes.probing import SANDBOX


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


def test_a_sandbox_left_open_on_purpose_is_not_tried(world: World, network: FakeNetwork) -> None:
    wanted = scenario(isolation=IsolationSpec(network=NetworkIsolation.NONE))
    record = world.drill(wanted, prober_image=IMAGE)
    assert (record.sandbox.proof, network.asked) == (None, [])


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
