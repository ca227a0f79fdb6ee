"""Runs drills as a user does, and reads what they wrote."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from embedded.cluster import EmbeddedCluster
from runner.cli import main
from tests.e2e.buckets import BACKUP, Bucket

SCENARIO = """\
apiVersion: drills/v1
kind: RestoreDrill
metadata: {{name: shop, owner: tests}}
spec:
  cluster: {cluster}
  backup: {backup}
  restore: {restore}
  isolation: {isolation}
  objectives: {{rto: {rto}}}
  prove: objects
  probes:
{probes}
"""
PROBES = """\
    - name: configuration came back
      resource: {apiVersion: v1, kind: ConfigMap, name: shop-config}
    - name: shop rolled out
      resource: {apiVersion: apps/v1, kind: Deployment, name: shop}
      expect: {jsonPath: "{.status.availableReplicas}", value: 2}
    - name: shop answers
      http: {service: shop, port: 80, path: /healthz}
      expect: {status: 200, body: {contains: ok}}
      retries: 2
      interval: 50ms
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """How a drill ended."""

    code: int
    lines: tuple[str, ...]
    errors: str
    report: dict[str, Any] | None
    folder: Path

    @property
    def document(self) -> dict[str, Any]:
        """Return the report, which must be there."""
        assert self.report is not None, self.errors
        return self.report

    @property
    def verdict(self) -> str:
        """Return the verdict, which the last line of stdout must name too."""
        verdict = str(self.document["verdict"])
        assert self.lines[-1].startswith(verdict)
        return verdict

    def findings(self, severity: str = "critical") -> dict[str, dict[str, Any]]:
        """Return the findings of one severity by code."""
        return {f["code"]: f for f in self.document["findings"] if f["severity"] == severity}


@pytest.fixture(name="bucket")
def _bucket(tmp_path: Path) -> Bucket:
    return Bucket(tmp_path)


def scenario_text(
    *,
    cluster: str = "{embedded: true, standIns: [shop]}",
    backup: str = f"{{engine: velero, name: {BACKUP}}}",
    restore: str = "{namespaces: {production: backup-test}, deadline: 60s}",
    probes: str = PROBES,
    isolation: str = "{network: deny}",
) -> str:
    """Return a scenario; its RTO target is the deadline, beyond which one would be refused."""
    said = re.search(r"deadline: (\w+)", restore)
    return SCENARIO.format(
        cluster=cluster,
        backup=backup,
        restore=restore,
        isolation=isolation,
        rto=said.group(1) if said else "5m",
        probes=probes,
    )


@pytest.fixture(name="write")
def _write(tmp_path: Path) -> Callable[..., Path]:
    def write(**parts: str) -> Path:
        path = tmp_path / "scenario.yaml"
        path.write_text(scenario_text(**parts))
        return path

    return write


@pytest.fixture(name="drill")
def _drill(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Drilled]:
    def drill(*args: object) -> Drilled:
        folder = tmp_path / "drill-reports"
        before = set(folder.glob("*/report.json"))
        code = main(["run", *map(str, args), "--report-dir", str(folder), "--log-format", "json"])
        output = capsys.readouterr()
        written = set(folder.glob("*/report.json")) - before
        report = json.loads(written.pop().read_text()) if written else None
        lines = tuple(line for line in output.out.splitlines() if line)
        return Drilled(code=code, lines=lines, errors=output.err, report=report, folder=folder)

    return drill


@pytest.fixture(name="cluster")
def _cluster() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster(stand_ins=["shop"]) as cluster:
        yield cluster


@pytest.fixture(name="on")
def _on(
    cluster: EmbeddedCluster,
    drill: Callable[..., Drilled],
    write: Callable[..., Path],
    tmp_path: Path,
) -> Callable[..., Drilled]:
    """Run a drill on the cluster over HTTP, as if it were somebody's own."""
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig")

    def on(*args: object, **scenario: str) -> Drilled:
        settings = {
            "cluster": "{context: embedded}",
            "backup": "{engine: velero, schedule: production-daily, maxAge: 26h}",
        }
        return drill(write(**settings | scenario), "--kubeconfig", kubeconfig, *args)

    return on
