"""Whole drills that prove their sandbox, on networks that keep policies and on some that do not.

No container runs: stand-ins answer for the prober by the policies that are in the cluster, and
every answer says `simulated`.
"""

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from drills.proving import disguised, pods, proving
from embedded.cluster import EmbeddedCluster
from embedded.containers import ExecAnswer
from runner.cli import main
from tests.e2e.buckets import Bucket
from tests.e2e.conftest import Drilled
from tests.e2e.living import LATEST, SHORT_CLUSTER, On, namespaces, things
from tests.e2e.test_interrupted import Runner, journals

Drill = Callable[..., Drilled]
Write = Callable[..., Path]
PROVE = "{requireProof: true, prober: {image: busybox:1.36}}"
LOOK = "{prober: {image: busybox:1.36}}"
ALLOW = (
    "{namespaces: {production: backup-test}, deadline: 60s, "
    "allow: [networkpolicies.networking.k8s.io]}"
)


@pytest.fixture(name="patience", autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that never closes is not waited for as long as a slow one would be."""
    monkeypatch.setattr(proving, "CLOSE_PATIENCE", 0.2)
    monkeypatch.setattr(pods, "IMAGE_PATIENCE", 0.2)
    monkeypatch.setattr(disguised, "PATIENCE", 5.0)


def shown(done: Drilled) -> dict[str, str]:
    """Return each target's outcome by address."""
    targets = done.document["sandbox"]["isolationProof"]["targets"]
    return {target["address"]: target["outcome"] for target in targets}


def state(done: Drilled) -> str:
    proof = done.document["sandbox"]["isolationProof"]
    answered = any(target["before"] is not None for target in proof["targets"])
    assert proof["simulated"] is answered
    return str(proof["state"])


def worn(done: Drilled) -> dict[str, set[str]]:
    """Return the outcomes of the ways out by workload whose labels were worn."""
    found: dict[str, set[str]] = {}
    for target in done.document["sandbox"]["isolationProof"]["targets"]:
        if "workload" in target:
            assert target["afterRestore"] is None
            found.setdefault(target["workload"], set()).add(target["outcome"])
    return found


def stages(done: Drilled) -> set[str]:
    return {stage["name"] for stage in done.document["stages"]}


def test_an_enforced_policy_is_proven(cluster: EmbeddedCluster, on: On) -> None:
    before = things(cluster)
    cluster.stand_ins.use("enforced-network")
    done = on(isolation=PROVE)
    assert (done.code, done.verdict, state(done)) == (0, "passed", "proven")
    found = shown(done)
    assert found["shop.production.svc:80"] == "blocked"
    assert found["kubernetes.default:443"] == "blocked"
    assert found["1.1.1.1:443"] == "blocked"
    assert found["kubernetes.default.svc"] == "works"
    assert sum(outcome == "works" for outcome in found.values()) == 2
    assert "simulated" in done.document["sandbox"]["isolation"]["networkPolicy"]
    assert any("proven" in line and "simulated" in line for line in done.lines)
    assert worn(done) == {
        "deployments.apps shop": {"blocked"},
        "statefulsets.apps ledger": {"blocked"},
    }
    assert any("also tried as 2 workloads" in line for line in done.lines)
    assert things(cluster) == before


def test_an_ignored_policy_warns(cluster: EmbeddedCluster, on: On) -> None:
    cluster.stand_ins.use("ignored-network")
    done = on(isolation=LOOK)
    assert (done.code, done.verdict, state(done)) == (0, "warned", "open")
    message = done.findings("warning")["isolation-open"]["message"]
    assert "not enforced" in message
    assert "Service production/shop" in message
    assert "probe" in stages(done)


@pytest.mark.parametrize("network", ["ignored-network", "half-open-network"])
def test_an_open_sandbox_gets_no_data_where_proof_is_wanted(
    cluster: EmbeddedCluster, on: On, network: str
) -> None:
    before = things(cluster)
    cluster.stand_ins.use(network)
    done = on(isolation=PROVE)
    assert (done.code, done.verdict, state(done)) == (3, "inconclusive", "open")
    assert {reason["cause"] for reason in done.document["reasons"]} <= {"isolation", "runner"}
    assert stages(done) == {"select", "verify", "isolate", "clean up"}
    assert things(cluster) == before


def test_a_way_out_for_one_workload_is_seen(cluster: EmbeddedCluster, on: On) -> None:
    """A policy of the whole cluster may let pods labelled app=shop reach what it likes."""
    before = things(cluster)
    cluster.stand_ins.use("selective-network")
    done = on(isolation=LOOK)
    assert (done.code, done.verdict, state(done)) == (0, "warned", "open")
    message = done.findings("warning")["isolation-open"]["message"]
    assert "Service production/shop" in message
    assert "from backup-test as deployments.apps shop." in message
    assert "statefulsets.apps ledger" not in message
    assert worn(done)["statefulsets.apps ledger"] == {"blocked"}
    assert "deployments.apps shop" in done.document["sandbox"]["isolation"]["networkPolicy"]
    assert "probe" in stages(done)
    assert things(cluster) == before


def test_a_workload_that_would_get_out_gets_no_data_where_proof_is_wanted(
    cluster: EmbeddedCluster, on: On
) -> None:
    before = things(cluster)
    cluster.stand_ins.use("selective-network")
    done = on(isolation=PROVE)
    assert (done.code, done.verdict, state(done)) == (3, "inconclusive", "open")
    assert stages(done) == {"select", "verify", "isolate", "clean up"}
    (reason,) = [each for each in done.document["reasons"] if each["code"] == "isolation-open"]
    assert "from backup-test as deployments.apps shop." in reason["message"]
    assert things(cluster) == before


def test_an_api_server_that_is_exempt_decides_nothing(cluster: EmbeddedCluster, on: On) -> None:
    cluster.stand_ins.use("exempt-network")
    done = on(isolation=PROVE)
    assert (done.code, done.verdict, state(done)) == (0, "passed", "proven")
    assert shown(done)["kubernetes.default:443"] == "open"
    assert "api-server-exempt" in done.findings("info")


def test_without_a_stand_in_nothing_is_proven(on: On) -> None:
    done = on(isolation=PROVE)
    assert (done.code, done.verdict, state(done)) == (3, "inconclusive", "unproven")
    assert "runs no containers" in done.findings("warning")["isolation-not-proven"]["message"]
    assert "restore" not in stages(done)


def test_an_image_that_cannot_be_pulled_is_the_registrys(cluster: EmbeddedCluster, on: On) -> None:
    cluster.stand_ins.use("enforced-network")
    cluster.pods.add("image-pull", namespace="backup-test")
    done = on(isolation=PROVE)
    assert (done.code, done.verdict, state(done)) == (3, "inconclusive", "unproven")
    assert done.document["reasons"][0]["cause"] == "registry"
    assert "restore" not in stages(done)
    assert cluster.storage.find(namespaces(cluster), "", "backup-test") is None


def test_without_an_image_it_is_said(on: On) -> None:
    done = on()
    assert (done.code, done.verdict, state(done)) == (0, "passed", "unproven")
    assert "no prober image" in done.findings("info")["isolation-not-proven"]["message"]


def test_the_image_may_come_from_the_command_line(cluster: EmbeddedCluster, on: On) -> None:
    cluster.stand_ins.use("enforced-network")
    done = on("--prober-image", "busybox:1.36")
    assert (done.verdict, state(done)) == ("passed", "proven")
    assert done.document["sandbox"]["isolationProof"]["image"] == "busybox:1.36"


def test_a_restored_policy_that_opens_the_sandbox_fails(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    """The scenario lets policies through, and production's `allow-all-egress` is one of them."""
    where = ("--embedded", "--store", bucket.folder, "--stand-in", "enforced-network")
    done = drill(write(isolation=PROVE, restore=ALLOW), *where)
    assert (done.code, done.verdict, state(done)) == (1, "failed", "open")
    assert "1.1.1.1:443" in done.findings()["sandbox-opened"]["message"]
    proof = done.document["sandbox"]["isolationProof"]
    (internet,) = [
        each for each in proof["targets"] if each["aim"] == "internet" and "workload" not in each
    ]
    assert (internet["before"], internet["after"], internet["afterRestore"]) == (True, False, True)
    assert done.document["cleanup"]["outcome"] == "clean"


def test_killed_while_the_prober_runs(
    cluster: EmbeddedCluster, write: Write, tmp_path: Path
) -> None:
    """Its pods carry the drill's marks: `clean` takes them with the sandbox."""
    before = things(cluster)
    asked, go_on = threading.Event(), threading.Event()

    def hold(
        namespace: str, pod: str, container: str, command: tuple[str, ...]
    ) -> ExecAnswer | None:
        del pod, container
        if namespace == "backup-test" and "restore-drill-prober" in command:
            asked.set()
            go_on.wait(60)
        return None

    cluster.stand_ins.register("held", exec=hold)
    scenario = write(cluster=SHORT_CLUSTER, backup=LATEST, isolation=PROVE)
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig")
    reports = tmp_path / "drill-reports"
    runner = Runner(scenario, kubeconfig, reports)
    try:
        assert asked.wait(60)
        assert {key[2] for key in cluster.snapshot() if key[:2] == ("pods", "backup-test")} == {
            "restore-drill-prober-1",
            "restore-drill-neighbour-1",
            "restore-drill-guise-1",
            "restore-drill-guise-2",
        }
        assert runner.end(signal.SIGKILL) == -signal.SIGKILL
    finally:
        go_on.set()
    assert main(["clean", "--report-dir", str(reports)]) == 0
    assert things(cluster) == before
    assert journals(tmp_path) == []


def test_plan_says_what_would_be_tried(
    write: Write, bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--embedded", "--store", str(bucket.folder)]
    assert main(["plan", str(write(isolation=PROVE)), *where]) == 0
    said = capsys.readouterr().out
    assert "proof, required: busybox:1.36" in said
    assert "shop.production.svc:80" in said
    assert "1.1.1.1:443" in said
    assert "deployments.apps shop in backup-test, statefulsets.apps ledger in backup-test" in said
    assert main(["plan", str(write()), *where]) == 0
    assert "no prober image is named" in capsys.readouterr().out
