"""Probe kinds and engines that installed packages add through entry points."""

import sys
from pathlib import Path

import pytest

from scenarios import ProofLevel, Scenario, ScenarioError, parse_scenario

HEAD = """apiVersion: drills/v1
kind: RestoreDrill
metadata: {name: example}
spec:
  cluster: {context: prod}
  restore: {namespaces: {production: backup-test}}
"""
MODULE = """
SCHEMA = {
    "question": {
        "type": "object",
        "required": ["service"],
        "properties": {"service": {"type": "string"}, "namespace": {"type": "string"}},
        "additionalProperties": False,
    },
    "expect": {"type": "object", "properties": {"serving": {"type": "boolean"}}},
}
"""


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a package with three entry points on the path, as an installer would."""
    (tmp_path / "grpc_probe_for_test.py").write_text(MODULE)
    metadata = tmp_path / "grpc_probe_for_test-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: grpc-probe\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[restore_drill.probes]\ngrpc = grpc_probe_for_test\nlost = no_such_module_for_test\n"
        "[restore_drill.engines]\ntapes = grpc_probe_for_test\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "grpc_probe_for_test", raising=False)


def load(engine: str, *probes: str) -> Scenario:
    lines = [f"  backup: {{engine: {engine}, schedule: a}}", "  probes:", *probes]
    return parse_scenario((HEAD + "\n".join(lines)).encode(), source="", environ={})


@pytest.mark.usefixtures("_installed")
def test_a_plugged_in_kind_and_engine() -> None:
    """They are accepted, and claim no more than objects unless told so."""
    loaded = load("tapes", "    - {name: a, grpc: {service: shop}, expect: {serving: true}}")
    assert loaded.backup.engine == "tapes"
    assert loaded.probes[0].kind == "grpc"
    assert loaded.probes[0].question == {"service": "shop"}
    assert loaded.probes[0].proves is ProofLevel.OBJECTS


@pytest.mark.usefixtures("_installed")
def test_a_plugged_in_schema_is_checked() -> None:
    with pytest.raises(ScenarioError) as caught:
        load("velero", "    - {name: a, grpc: {servce: shop}, expect: {serving: 1}}")
    assert "unknown key 'servce'; did you mean 'service'?" in str(caught.value)
    assert "expect.serving: expected true or false, found the number 1" in str(caught.value)


@pytest.mark.usefixtures("_installed")
def test_a_kind_whose_package_is_broken_is_left_to_its_room() -> None:
    assert load("velero", "    - {name: a, lost: {anything: 1}}").probes[0].kind == "lost"


def test_not_installed() -> None:
    with pytest.raises(ScenarioError) as caught:
        load("tapes", "    - {name: a, grpc: {service: shop}}")
    assert "expected velero, found 'tapes'" in str(caught.value)
    assert "unknown key 'grpc'" in str(caught.value)
