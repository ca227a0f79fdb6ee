"""Drills of kept backups: the scenario that suits each, and what the drill answered."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.corpus.kept import Kept, Method

WORKLOADS = (
    "deployments.apps", "statefulsets.apps", "replicasets.apps", "jobs.batch", "cronjobs.batch",
    "pods", "persistentvolumeclaims",
)  # fmt: skip
BARRELS = "barrels.cellar.example.com"
"""The embedded cluster knows no custom kinds, and a drill brings none along: they are left out."""
_DEADLINE = "5m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An ended drill: its exit code and its report."""

    code: int
    report: dict[str, Any]

    @property
    def verdict(self) -> str:
        """Such as `passed`."""
        return str(self.report["verdict"])

    @property
    def text(self) -> str:
        """Verdict, reasons and what weighs, for an assertion's message."""
        weighs = [found for found in self.report["findings"] if found["severity"] != "info"]
        return json.dumps([self.verdict, self.report["reasons"], weighs], indent=1)


def scenario(one: Kept, **cluster: object) -> dict[str, Any]:
    """The scenario that suits a kept backup; without volume data it leaves workloads behind."""
    spec: dict[str, Any] = {
        "cluster": cluster or {"embedded": True},
        "backup": {"engine": "velero", "namespace": "velero", "name": one.name},
        "restore": {
            "namespaces": {name: f"drill-{name}" for name in one.namespaces},
            "deadline": _DEADLINE,
        },
        "objectives": {"rto": _DEADLINE, "rpo": "876000h"},
        "probes": list(_probes(one, barrels=bool(cluster))),
        "cleanup": "always",
    }
    if not cluster:
        spec["restore"]["exclude"] = [BARRELS]
    if one.method is Method.NONE:
        spec["restore"].setdefault("exclude", []).extend(WORKLOADS)
        spec["prove"] = "objects"
    return {
        "apiVersion": "drills/v1",
        "kind": "RestoreDrill",
        "metadata": {"name": f"kept-{one.name}", "owner": "cider-team"},
        "spec": spec,
    }


def _probes(one: Kept, *, barrels: bool) -> Iterator[dict[str, Any]]:
    yield _there("settings came back", "v1", "ConfigMap", "cask-settings")
    if barrels:
        yield _there("barrels came back", "cellar.example.com/v1", "Barrel", "oak")
    if one.method is not Method.NONE:
        ready = {"jsonPath": "{.status.readyReplicas}", "value": 2}
        yield _there("casks run", "apps/v1", "StatefulSet", "casks") | {"expect": ready}


def _there(name: str, api_version: str, kind: str, of: str) -> dict[str, Any]:
    what = {"apiVersion": api_version, "kind": kind, "name": of, "namespace": "cellar"}
    return {"name": name, "resource": what}


def write(one: Kept, folder: Path, **cluster: object) -> Path:
    """Writes the scenario that suits a kept backup."""
    file = folder / "scenario.yaml"
    file.write_text(yaml.safe_dump(scenario(one, **cluster)), encoding="utf-8")
    return file


def answer(code: int, reports: Path) -> Answer:
    """Reads the one report of a drill."""
    (file,) = reports.glob("*/report.json")
    return Answer(code=code, report=json.loads(file.read_bytes()))
