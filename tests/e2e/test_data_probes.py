"""Probes that run something of the user's own, in whole drills from the command line."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from embedded.cluster import EmbeddedCluster
from tests.e2e.conftest import Drilled
from tests.e2e.living import things

SCRIPT = f"""\
    - name: own check from here
      script:
        command: [{sys.executable}, -c, "import os; print(sorted(os.environ.items()))"]
        env: {{API_TOKEN: "${{DRILL_TEST_TOKEN}}"}}
      expect: {{stdout: {{contains: {{expected}}}}}}
      retries: 0
"""
JOB = """\
    - name: own check inside
      job: {image: "registry.example/check:1", claims: {data-ledger-0: /data}}
      expect: {output: {contains: all rows there}}
"""
Write = Callable[..., Path]


@pytest.fixture(name="on")
def _on(
    cluster: EmbeddedCluster, drill: Callable[..., Drilled], write: Write, tmp_path: Path
) -> Callable[[str], Drilled]:
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig")

    def on(probes: str) -> Drilled:
        path = write(
            cluster="{context: embedded}",
            backup="{engine: velero, schedule: production-daily}",
            probes=probes,
        )
        return drill(path, "--kubeconfig", kubeconfig)

    return on


def test_a_script_learns_where_the_sandbox_is(
    on: Callable[[str], Drilled],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DRILL_TEST_TOKEN", "s3cr3t-token")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    drilled = on(SCRIPT.replace("{expected}", '''"'DRILL_SANDBOX_NAMESPACE', 'backup-test'"'''))
    assert drilled.verdict in {"passed", "warned"}, drilled.document["reasons"]
    (probe,) = drilled.document["probes"]
    assert (probe["outcome"], probe["simulated"], probe["attempts"]) == ("passed", True, 1)
    written = "".join(
        path.read_text() for path in drilled.folder.glob("*/*") if path.suffix != ".zip"
    )
    assert "AWS_SECRET_ACCESS_KEY" not in written
    assert "s3cr3t-token" not in written
    kubeconfig = on(SCRIPT.replace("{expected}", f'''"'KUBECONFIG', '{tmp_path}/kubeconfig'"'''))
    assert kubeconfig.document["probes"][0]["outcome"] == "passed"


def test_a_script_that_says_no_fails_the_drill(on: Callable[[str], Drilled]) -> None:
    command = f'[{sys.executable}, -c, "raise SystemExit(1)"]'
    drilled = on(f"    - {{name: refusal, script: {{command: {command}}}, retries: 0}}\n")
    assert drilled.verdict == "failed"


def test_a_job_goes_with_the_sandbox(
    cluster: EmbeddedCluster, on: Callable[[str], Drilled]
) -> None:
    """And neither its coming nor its end counts as unrest among the workloads."""
    cluster.stand_ins.register("check", logs=lambda *_: "all rows there\n")
    before = things(cluster)
    drilled = on(JOB)
    assert drilled.document["probes"][0]["outcome"] == "passed", drilled.document["probes"]
    assert drilled.document["probes"][0]["simulated"]
    assert drilled.verdict in {"passed", "warned"}
    assert drilled.findings() == {}
    assert drilled.document["cleanup"]["outcome"] == "clean"
    assert things(cluster) == before
    assert not list((drilled.folder / ".journal").glob("*"))


def test_without_a_stand_in_a_job_is_inconclusive(on: Callable[[str], Drilled]) -> None:
    drilled = on(JOB)
    assert drilled.document["probes"][0]["outcome"] == "inconclusive"
    assert drilled.verdict == "inconclusive"


def test_an_image_that_cannot_be_pulled_is_inconclusive(
    cluster: EmbeddedCluster, on: Callable[[str], Drilled]
) -> None:
    """Only the probe's own image: the application is up already."""
    late = JOB + "      timeout: 2s\n"

    def spoil(*_: object) -> None:
        cluster.pods.add("image-pull")

    cluster.stand_ins.register("check", exec=lambda *_: spoil())
    first = "    - {name: spoil, exec: {workload: deployment/shop, command: [x]}, required: false, "
    first += "retries: 0}\n    - {name: after, resource: {apiVersion: v1, kind: ConfigMap, name: "
    first += "shop-config}, initialDelay: 500ms}\n"
    drilled = on(first + late + "      needs: [after]\n")
    job = drilled.document["probes"][2]
    assert job["outcome"] == "inconclusive"
    assert "ImagePull" in job["message"]
    assert drilled.verdict == "inconclusive"
