"""A true dry run against a real API over HTTP: what would be refused, and nothing left behind."""

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from drills.adapters.clock import SystemClock
from drills.adapters.kube.connect import connect_cluster
from drills.findings import Finding, Severity
from drills.marks import marks
from drills.record import CleanupOutcome, Verdict
from drills.rehearsal import Ask, Rehearsal, rehearse
from drills.state import DrillPorts
from embedded.cluster import EmbeddedCluster
from embedded.faults import Rule
from runner.cli import main
from runner.engines import engine_maker
from scenarios import load_scenario
from tests.e2e.buckets import BACKUP, Bucket
from tests.fakes.drilling import CueListener
from tests.fakes.listeners import MemoryJournal

DRILL = "dry-20261121-090000"
SCENARIO = f"""\
apiVersion: drills/v1
kind: RestoreDrill
metadata: {{name: shop}}
spec:
  cluster: {{embedded: true}}
  backup: {{engine: velero, name: {BACKUP}}}
  restore: {{namespaces: {{production: backup-test}}, deadline: 60s}}
  cleanup: never
"""
IN_SANDBOX = {"verb": "create", "namespace": "backup-test"}


class Bench:
    """One embedded cluster with one scenario."""

    def __init__(self, cluster: EmbeddedCluster, folder: Path) -> None:
        self.embedded, self.listener = cluster, CueListener()
        self.scenario = folder / "scenario.yaml"
        self.scenario.write_text(SCENARIO)
        self.kubeconfig = cluster.kubeconfig(folder / "kubeconfig")

    def rehearsal(self, ask: Ask = Ask.DRY_RUN) -> Rehearsal:
        """Rehearse over HTTP."""
        clock, journal = SystemClock(), MemoryJournal()
        kube = connect_cluster(kubeconfig=str(self.kubeconfig), context="embedded", clock=clock)
        ports = DrillPorts(
            cluster=kube,
            clock=clock,
            journal=journal,
            listener=self.listener,
            engine=engine_maker(
                "velero",
                None,
                {},
                cluster=kube,
                clock=clock,
                journal=journal,
                labels=marks(DRILL, "shop"),
            ),
            stop=lambda: False,
            shield=lambda: None,
            actor="tester",
        )
        return rehearse(load_scenario(self.scenario, {}), ports, drill_id=DRILL, seed=1, asks=[ask])

    def things(self) -> set[tuple[str, str, str]]:
        """Return every object but events."""
        self.embedded.settle()
        return {key for key in self.embedded.snapshot() if not key[0].startswith("events")}


@contextmanager
def benched(folder: Path, bucket: Path | None = None) -> Iterator[Bench]:
    """Yield a bench whose cluster syncs `bucket` (default: the genuine sample)."""
    store = str(bucket or Bucket(folder).folder)
    with EmbeddedCluster(store=store) as cluster:
        yield Bench(cluster, folder)


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Iterator[Bench]:
    with benched(tmp_path) as bench:
        yield bench


def dry(found: Rehearsal) -> dict[str, Finding]:
    return {f.code: f for f in found.findings if f.code.startswith("dry-run")}


def test_a_genuine_backup_would_be_taken(bench: Bench) -> None:
    """Every object is accepted; the sandbox is gone afterwards, whatever `cleanup` says."""
    before = bench.things()
    found = bench.rehearsal()
    assert found.tried is not None
    assert found.tried.asked == found.tried.accepted > 15
    assert dry(found) == {}
    assert found.verdict is Verdict.PASSED
    assert found.cleanup.outcome is CleanupOutcome.CLEAN
    assert bench.things() == before


def test_only_references_touch_nothing(bench: Bench) -> None:
    found = bench.rehearsal(Ask.REFERENCES)
    assert found.tried is None
    assert "images-needed" in {f.code for f in found.findings}
    assert not [a for a in bench.listener.actions if "Namespace" in a[1]]


def test_quota(bench: Bench) -> None:
    """A quota in the sandbox refuses what would be too much; nobody knows more than that."""

    def tighten() -> None:
        hard = {"spec": {"hard": {"secrets": "0", "configmaps": "1"}}}
        quota = {"apiVersion": "v1", "kind": "ResourceQuota", **hard}
        metadata = {"name": "tight", "namespace": "backup-test"}
        bench.embedded.objects.create("resourcequotas", {**quota, "metadata": metadata})

    bench.listener.cues["dry run", "started"] = tighten
    found = bench.rehearsal()
    refused = dry(found)["dry-run-quota"]
    assert (refused.cause, refused.unanswered) == ("capacity", True)
    assert "exceeded quota: tight" in refused.message
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.cleanup.outcome is CleanupOutcome.CLEAN


REFUSALS: dict[str, tuple[int, str, str, Verdict]] = {
    "webhook": (
        403,
        'admission webhook "images.test" denied the request: not signed',
        "dry-run-webhook",
        Verdict.INCONCLUSIVE,
    ),
    "webhook without dry run": (
        400,
        'admission webhook "images.test" does not support dry run',
        "dry-run-not-askable",
        Verdict.INCONCLUSIVE,
    ),
    "pod security": (
        403,
        'pods "x" is forbidden: violates PodSecurity "restricted:latest"',
        "dry-run-policy",
        Verdict.INCONCLUSIVE,
    ),
    "schema": (
        422,
        'Deployment.apps "shop" is invalid: spec.selector: Required value',
        "dry-run-schema",
        Verdict.FAILED,
    ),
}


@pytest.mark.parametrize(("status", "message", "code", "verdict"), REFUSALS.values(), ids=REFUSALS)
def test_refused(bench: Bench, status: int, message: str, code: str, verdict: Verdict) -> None:
    rule = Rule(resource="deployments", **IN_SANDBOX)
    bench.embedded.faults.fail(status, rule, message=message)
    found = bench.rehearsal()
    assert set(dry(found)) == {code}
    assert dry(found)[code].subject == "Deployment in backup-test"
    assert message in dry(found)[code].message
    assert found.verdict is verdict
    assert found.cleanup.outcome is CleanupOutcome.CLEAN


def test_a_right_that_is_missing_is_ours(bench: Bench) -> None:
    """What the runner may not even ask blames neither backup nor cluster."""
    bench.embedded.faults.deny(Rule(resource="secrets", **IN_SANDBOX))
    found = bench.rehearsal()
    refused = dry(found)["dry-run-rights"]
    assert (refused.cause, refused.unanswered) == ("configuration", True)
    assert found.verdict is Verdict.INCONCLUSIVE


def with_object(folder: Path, resource: str, obj: Mapping[str, object]) -> Path:
    """Return a copy of the bucket whose backup holds one object more."""
    bucket = Bucket(folder)
    name = str(dict(obj["metadata"])["name"])  # type: ignore[call-overload]
    bucket.change_archive({}, {f"{resource}/namespaces/production/{name}": obj})
    path = bucket.file(f"{BACKUP}-resource-list.json.gz")
    listed = json.loads(gzip.decompress(path.read_bytes()))
    listed.setdefault(f"{obj['apiVersion']}/{obj['kind']}", []).append(f"production/{name}")
    path.write_bytes(gzip.compress(json.dumps(listed).encode()))
    return bucket.folder


def archived(api_version: str, kind: str, **parts: object) -> dict[str, object]:
    metadata = {"name": "extra", "namespace": "production"}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}


APPLIED = {
    "kubectl.kubernetes.io/last-applied-configuration": '{"spec":{"ports":[{"nodePort":1}]}}'
}
EXTRAS: dict[str, tuple[str, dict[str, object], str]] = {
    "missing definition": (
        "shops.shop.example",
        archived("shop.example/v1", "Shop"),
        "dry-run-not-served",
    ),
    "node port on a ClusterIP": (
        "services",
        archived(
            "v1",
            "Service",
            metadata={"name": "extra", "namespace": "production", "annotations": APPLIED},
            spec={"type": "ClusterIP", "ports": [{"port": 80, "nodePort": 1, "protocol": "TCP"}]},
        ),
        "dry-run-schema",
    ),
}


@pytest.mark.parametrize(("resource", "obj", "code"), EXTRAS.values(), ids=EXTRAS)
def test_an_object_this_cluster_does_not_take(
    tmp_path: Path, resource: str, obj: dict[str, object], code: str
) -> None:
    """One object among many is refused; the answer is failed, and says which and why."""
    with benched(tmp_path, with_object(tmp_path, resource, obj)) as bench:
        found = bench.rehearsal()
    assert set(dry(found)) == {code}
    assert dry(found)[code].severity is Severity.CRITICAL
    assert "extra" in dry(found)[code].message
    assert found.verdict is Verdict.FAILED
    assert found.cleanup.outcome is CleanupOutcome.CLEAN


def test_an_end_in_the_middle_leaves_nothing(bench: Bench) -> None:
    """A sandbox that somebody deletes during the dry run makes it inconclusive, nothing else."""
    before = bench.things()

    def vanish() -> None:
        bench.embedded.objects.delete("namespaces", "", "backup-test")
        bench.embedded.settle()

    bench.listener.cues["dry run", "started"] = vanish
    found = bench.rehearsal()
    assert found.verdict is Verdict.INCONCLUSIVE
    assert bench.things() == before


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`plan --dry-run` says how many objects would be taken, and by whom that was judged."""
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(SCENARIO)
    store = str(Bucket(tmp_path).folder)
    arguments = ["plan", "--dry-run", str(scenario), "--embedded", "--store", store]
    code = main(arguments)
    lines = capsys.readouterr().out.splitlines()
    said = next(line for line in lines if line.startswith("dry run"))
    assert said.endswith("objects would be taken, judged by the embedded cluster")
    assert lines[-1].startswith("passed")
    assert code == 0
