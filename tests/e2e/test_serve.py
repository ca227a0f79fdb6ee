"""The service as a process: a missed drill is made up for, pages answer, SIGTERM ends it well."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.runner.test_schedule import set_back
from tests.threads import signal_another_thread

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = """\
apiVersion: drills/v1
kind: RestoreDrill
metadata: {name: served}
spec:
  schedule: {cron: "0 6 * * 1", timeZone: Asia/Tokyo}
  cluster: {embedded: true}
  backup: {engine: velero, schedule: production-daily}
  restore: {namespaces: {production: backup-test}}
  probes:
    - name: configuration came back
      resource: {apiVersion: v1, kind: ConfigMap, name: shop-config}
"""


class Service:
    """`serve` in a process of its own, followed by its log."""

    def __init__(self, folder: Path) -> None:
        scenario = folder / "served.yaml"
        scenario.write_text(SCENARIO)
        command = [sys.executable, "-m", "runner", "serve", str(scenario)]
        command += ["--listen", "127.0.0.1:0", "--report-dir", str(folder), "--log-format", "json"]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        self.url = str(self.await_event("serving")["address"])

    def await_event(self, event: str) -> dict[str, object]:
        """Read the log until `event`."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            found: dict[str, object] = json.loads(line) if line.startswith("{") else {}
            if found.get("event") == event:
                return found
        raise AssertionError(f"the service ended before it said {event!r}")

    def page(self, path: str) -> str:
        """Return a page's text."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310 - ours
            return str(answer.read().decode())

    def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)
        return self.process.returncode


@pytest.fixture(name="services")
def _services() -> Iterator[list[Service]]:
    started: list[Service] = []
    yield started
    for service in started:
        if service.process.poll() is None:
            service.process.kill()
            service.process.communicate(timeout=60)
        if service.process.stderr is not None:
            service.process.stderr.close()


def test_missed_drill_is_made_up_for(tmp_path: Path, services: list[Service]) -> None:
    """Down on Monday morning, up an hour later: the drill runs, once, and is served."""
    services.append(Service(tmp_path))
    assert services[-1].page("/healthz") == "ok\n"
    assert "served" in services[-1].page("/")
    assert services[-1].stop() == 0
    missed = datetime.now(UTC) - timedelta(hours=1)
    set_back(tmp_path / ".journal" / "schedule.sqlite", "served", missed)
    services.append(Service(tmp_path))
    ended = services[-1].await_event("drill ended")
    assert ended["verdict"] == "passed"
    metrics = services[-1].page("/metrics")
    assert 'restore_drill_total{scenario="served",verdict="passed"} 1.0' in metrics
    assert "restore_drill_running 0.0" in metrics
    assert "<title>" in services[-1].page(f"/drills/{ended['drill']}/report.html")
    assert services[-1].stop() == 0
    assert len(list(tmp_path.glob("*/report.json"))) == 1


def test_sigterm_that_another_thread_gets_ends_it_too(
    tmp_path: Path, services: list[Service]
) -> None:
    """The kernel may hand a signal to any thread; the main one, which handles it, must wake."""
    services.append(Service(tmp_path))
    signal_another_thread(services[-1].process, signal.SIGTERM)
    services[-1].process.communicate(timeout=60)
    assert services[-1].process.returncode == 0
