"""The embedded cluster as a process of its own, which outlives whoever uses it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conformance.api import connect

_ROOT = Path(__file__).parents[2]
_SECONDS = 60


def _start(kubeconfig: Path, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # our own module
        [sys.executable, "-m", "embedded", "--kubeconfig", str(kubeconfig), *options],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def _running(kubeconfig: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    process = _start(kubeconfig, *options)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("embedded cluster ready at http://127.0.0.1:"), line
        yield process
    finally:
        process.kill()
        process.communicate(timeout=_SECONDS)


def _ask(kubeconfig: Path, path: str) -> Any:  # noqa: ANN401  # any JSON
    answer = connect(kubeconfig, "embedded").get(path)
    assert answer.status == 200, answer.body
    return answer.body


def _turn(kubeconfig: Path, **knob: object) -> None:
    answer = connect(kubeconfig, "embedded").post("/__embedded__/faults", knob)
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_until_told_to_stop_and_leaves_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "kubeconfig"
    with _running(path, "--stand-in", "shop") as process:
        assert path.stat().st_mode & 0o777 == 0o600
        document = yaml.safe_load(path.read_text())
        assert document["current-context"] == "embedded"
        found = _ask(path, "/apis/velero.io/v1/namespaces/velero/backups")
        assert len(found["items"]) == 3
        os.kill(process.pid, number)
        assert process.wait(_SECONDS) == 0
    assert list(tmp_path.iterdir()) == []


def test_its_knobs_are_turned_over_http(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    with _running(path):
        _turn(path, fault="velero-lose-location")
        place = "/apis/velero.io/v1/namespaces/velero/backupstoragelocations/default"
        assert _ask(path, place)["status"]["phase"] == "Unavailable"
        _turn(path, fault="velero-find-location")
        assert _ask(path, place)["status"]["phase"] == "Available"
        _turn(path, fault="velero-stop")
        server = "/apis/apps/v1/namespaces/velero/deployments/velero"
        assert _ask(path, server)["spec"]["replicas"] == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--store", "/no/such/folder"), "is not a folder"),
        (("--stand-in", "nobody"), "there is no stand-in called 'nobody'"),
    ],
)
def test_wrong_use_is_said_in_one_line(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    process = _start(tmp_path / "kubeconfig", *options)
    _, errors = process.communicate(timeout=_SECONDS)
    assert process.returncode == 2
    assert words in errors
    assert len(errors.splitlines()) == 1
