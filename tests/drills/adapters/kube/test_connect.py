"""A kubeconfig that does not lead anywhere says so before anything is touched."""

import stat
from pathlib import Path

import pytest
import yaml

from drills.adapters.kube import connect_cluster
from drills.errors import Misconfigured
from tests.drills.adapters.kube.scripted_api import ScriptedApi


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no kubeconfig at") as caught:
        connect_cluster(kubeconfig=str(tmp_path / "none"))
    assert "--embedded" in caught.value.hint


def test_unknown_context_names_those_that_exist(tmp_path: Path, api: ScriptedApi) -> None:
    with pytest.raises(Misconfigured, match="no context 'prod'") as caught:
        connect_cluster(kubeconfig=api.kubeconfig(tmp_path), context="prod")
    assert "scripted" in caught.value.hint


@pytest.mark.parametrize("text", ["a: [", "just words", "\x00", "current-context: x\ncontexts: 3"])
def test_files_that_are_no_kubeconfig(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(Misconfigured, match="kubeconfig"):
        connect_cluster(kubeconfig=str(path))


def test_outside_a_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(Misconfigured, match="not inside a cluster"):
        connect_cluster(in_cluster=True)


def test_a_failing_plugin_is_named(tmp_path: Path, api: ScriptedApi) -> None:
    plugin = tmp_path / "log-in"
    plugin.write_text("#!/bin/sh\necho expired >&2\nexit 1\n")
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    path = Path(api.kubeconfig(tmp_path))
    config = yaml.safe_load(path.read_text())
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin)}}
    config["users"] = [{"name": "u", "user": user}]
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(Misconfigured, match="gave no credentials") as caught:
        connect_cluster(kubeconfig=str(path))
    assert "log-in" in str(caught.value)


def test_the_environment_names_the_kubeconfig(
    tmp_path: Path, api: ScriptedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    with pytest.raises(Misconfigured, match="absent"):
        connect_cluster()
    monkeypatch.setenv("KUBECONFIG", api.kubeconfig(tmp_path))
    assert connect_cluster(context="scripted") is not None
