"""Settling and probing through the real adapter, against the embedded API and its controllers."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drills.adapters.clock import SystemClock
from drills.adapters.kube import KubeCluster, connect_cluster
from drills.findings import Cause, Severity
from drills.objects import KubeObject
from drills.ports import Deadline, Kind
from drills.probes import ProbeContext
from drills.record import Outcome, ProbeRecord
from drills.stages.probe import run_probes
from drills.stages.settle import Settled, settle
from embedded.apiserver import ApiServer
from embedded.containers import ExecAnswer, HttpAnswer, NoContainers
from embedded.controllers.manager import Controllers
from embedded.objects import Objects
from embedded.storage import Storage
from scenarios.model import ProbeSpec
from tests.fakes.listeners import MemoryListener
from tests.fakes.probing import SANDBOX, spec

DEPLOYMENT, POD = Kind("apps/v1", "Deployment"), Kind("v1", "Pod")
START = datetime.now(UTC)


class StandIns(NoContainers):
    """A shop that answers, and a ledger with a heartbeat from before the restore."""

    def http(self, namespace: str, target: str, *_: object) -> HttpAnswer | None:  # type: ignore[override]
        """Answer for Service shop or its pods."""
        return HttpAnswer(stand_in="shop", body=b"ok") if "shop" in target else None

    def exec(self, *_: object) -> ExecAnswer | None:
        """Print a line from ten minutes ago."""
        line = (START - timedelta(minutes=10)).isoformat().encode()
        return ExecAnswer(stand_in="ledger", stdout=line)


@dataclass
class World:
    """An embedded cluster with its controllers, seen through the adapter."""

    cluster: KubeCluster
    controllers: Controllers
    clock: SystemClock

    def settle(self, seconds: float = 30, patience: float = 120) -> Settled:
        """Settle the sandbox."""
        return settle(
            self.cluster,
            self.clock,
            [SANDBOX],
            deadline=Deadline(clock=self.clock, at=self.clock.monotonic() + seconds),
            stop=lambda: False,
            listener=MemoryListener(),
            patience=patience,
        )

    def ask(self, *specs: ProbeSpec) -> tuple[ProbeRecord, ...]:
        """Run probes."""
        context = ProbeContext(
            cluster=self.cluster,
            clock=self.clock,
            namespaces={"production": SANDBOX},
            reference=START,
            restore_started_at=datetime.now(UTC),
            requested=self.clock.monotonic(),
            rpo=timedelta(hours=24),
        )
        deadline = Deadline(clock=self.clock, at=self.clock.monotonic() + 20)
        return run_probes(
            specs, context, deadline=deadline, stop=lambda: False, listener=MemoryListener()
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    storage = Storage()
    controllers = Controllers(Objects(storage), lambda: datetime.now(UTC))
    server = ApiServer(storage, StandIns())
    controllers.start()
    server.start()
    server.write_kubeconfig(tmp_path / "config")
    cluster = connect_cluster(kubeconfig=str(tmp_path / "config"), patience=5)
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SANDBOX}})
    yield World(cluster, controllers, SystemClock())
    server.stop()
    controllers.stop()


def workload(kind: str, name: str) -> KubeObject:
    """Return a Deployment or StatefulSet with one replica."""
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "main", "image": "x", "ports": [{"containerPort": 80}]}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": SANDBOX},
        "spec": {
            "replicas": 1,
            "serviceName": name,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
        },
    }


SERVICE: KubeObject = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "shop", "namespace": SANDBOX},
    "spec": {"selector": {"app": "shop"}, "ports": [{"port": 80}]},
}
SHOP = {"service": "shop", "port": 80, "path": "/healthz"}
LEDGER = {"workload": "statefulset/ledger", "command": ["tail"]}
COUNT = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}


def test_a_restored_application_settles_and_answers(world: World) -> None:
    for obj in (workload("Deployment", "shop"), workload("StatefulSet", "ledger"), SERVICE):
        world.cluster.create(obj)
    settled = world.settle()
    assert settled.ready, settled.findings
    assert settled.watch is not None
    available = {"jsonPath": "{.status.availableReplicas}", "value": {"min": 1}}
    records = world.ask(
        spec("http", SHOP, {"status": 200, "body": {"contains": "ok"}}, name="http"),
        spec("tcp", {"service": "gone", "port": 1}, {"connects": False}, name="tcp"),
        spec("exec", LEDGER, {"timestamp": {"within": "rpo"}}, name="exec"),
        spec("resource", COUNT, available, name="resource"),
    )
    assert [(record.outcome, record.message) for record in records] == [(Outcome.PASSED, "")] * 4
    assert [record.simulated for record in records] == [True, False, True, False]
    assert settled.watch.conclude(0.3) == ()


def test_without_a_stand_in_a_question_is_inconclusive(world: World) -> None:
    """The embedded cluster runs no containers and must not pretend to."""
    for obj in (workload("Deployment", "shop"), SERVICE):
        world.cluster.create(obj)
    assert _closed(world.settle()).ready
    question = {"workload": "deployment/shop"}
    (record,) = world.ask(spec("logs", question, {"count": {"min": 0}}, retries=0))
    assert record.outcome is Outcome.INCONCLUSIVE


def test_a_service_without_ready_pods_fails_its_probe(world: World) -> None:
    world.cluster.create(SERVICE)
    (record,) = world.ask(spec("http", SHOP, retries=0))
    assert record.outcome is Outcome.FAILED, record


@pytest.mark.parametrize(
    ("fault", "cause", "code"),
    [
        ("image-pull", Cause.REGISTRY, "image-not-pullable"),
        ("unschedulable", Cause.CAPACITY, "unschedulable"),
    ],
)
def test_trouble_of_the_environment_is_recognised(
    world: World, fault: str, cause: Cause, code: str
) -> None:
    world.controllers.pod_faults.add(fault)
    world.cluster.create(workload("Deployment", "shop"))
    settled = world.settle(seconds=1.5)
    found = {finding.code: finding for finding in settled.findings}
    assert not settled.ready
    assert found[code].cause is cause
    assert all(finding.unanswered for finding in settled.findings)


def test_a_crash_loop_is_recognised(world: World) -> None:
    world.controllers.pod_faults.add("crash-loop")
    world.cluster.create(workload("Deployment", "shop"))
    settled = world.settle(patience=0.5)
    assert [f.code for f in settled.findings if f.severity is Severity.CRITICAL] == ["crash-loop"]


def test_losing_readiness_while_probes_run_is_seen(world: World) -> None:
    world.cluster.create(workload("Deployment", "shop"))
    settled = world.settle()
    assert settled.watch is not None
    world.controllers.pod_faults.add("never-ready")
    _until(lambda: not _available(world.cluster))
    codes = {finding.code for finding in settled.watch.conclude(1.0)}
    assert "became-unready" in codes


def _available(cluster: KubeCluster) -> bool:
    status = (cluster.get(DEPLOYMENT, SANDBOX, "shop") or {}).get("status")
    return isinstance(status, dict) and bool(status.get("availableReplicas"))


def _closed(settled: Settled) -> Settled:
    if settled.watch is not None:
        settled.watch.close()
    return settled


def _until(holds: Callable[[], bool]) -> None:
    patience = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < patience
