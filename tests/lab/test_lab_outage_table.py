"""Thirty seconds without API server, Velero or S3, in the middle of every stage at once.

One drill for each stage waits at a gate in the middle of it; then the part stands still, and all
go on. `docs/architecture.md` has the table of what must come of it; `tests/e2e/test_outages.py`
shows the same on the embedded cluster, with parts that are killed too.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.lab.conftest import Lab
from tests.lab.drilling import Command, Desk, restoring
from tests.lab.gate import Gate, Moment
from tests.lab.outages import standing_still_for

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("nothing_left", "own_lab"),
]

OUTAGE_SECONDS = 30.0
LONGEST_SECONDS = 400.0
_GOOD = ("passed",)
_EITHER = ("passed", "warned", "inconclusive")
# A Velero that does not say who it is within ten seconds is told of, and may be back before the
# restore or not. Without an API server it gives a restore up with one error that names no object.
EXPECTED = {("velero", "select"): _EITHER, ("kube-apiserver", "restore"): _EITHER}

Wanted = Callable[[str, str], bool]


def _middles(sandbox: str) -> dict[str, tuple[Moment, Wanted]]:
    """The request in the middle of each stage."""
    inside = f"/namespaces/{sandbox}"
    return {
        "select": (Moment.ARRIVED, lambda _, path: "/velero/backups?" in path),
        "verify": (Moment.ARRIVED, _writes("POST", "/downloadrequests")),
        "isolate": (Moment.ARRIVED, _writes("POST", f"{inside}/networkpolicies")),
        "restore": (Moment.ARRIVED, _writes("POST", "/restores")),
        "settle": (
            Moment.ARRIVED,
            lambda _, path: f"{inside}/" in path and "watch=true" in path and "quotas" not in path,
        ),
        "probe": (
            Moment.ARRIVED,
            lambda _, path: path.endswith(f"{inside}/configmaps/shop-config"),
        ),
        "clean up": (Moment.DONE, _writes("DELETE", inside)),
    }


def _writes(method: str, end: str) -> Wanted:
    return lambda verb, path: verb == method and path.partition("?")[0].endswith(end)


@dataclass(slots=True)
class Barrier:
    """Holds a drill at one request until it may go on."""

    at: Moment
    wanted: Wanted
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def __call__(self, moment: Moment, method: str, path: str) -> None:
        """Sees a request."""
        if moment is self.at and not self.reached.is_set() and self.wanted(method, path):
            self.reached.set()
            self.go.wait(LONGEST_SECONDS)


@dataclass(frozen=True, slots=True)
class Held:
    """A drill that waits in the middle of a stage."""

    desk: Desk
    drill: Command
    barrier: Barrier


@pytest.fixture(name="held")
def _held(lab: Lab, tmp_path: Path) -> Iterator[dict[str, Held]]:
    with ExitStack() as stack:
        yield {stage: _hold(lab, tmp_path, stage, stack) for stage in _middles("")}


def _hold(lab: Lab, folder: Path, stage: str, stack: ExitStack) -> Held:
    sandbox = f"lab-outage-{secrets.token_hex(4)}"
    own = folder / sandbox
    own.mkdir()
    gate = stack.enter_context(Gate(lab.kubeconfig, own))
    barrier = Barrier(*_middles(sandbox)[stage])
    gate.watcher = barrier
    desk = Desk(folder=own, kubeconfig=gate.kubeconfig)
    drill = stack.enter_context(desk.run(desk.scenario(sandbox)))
    stack.callback(barrier.go.set)
    return Held(desk, drill, barrier)


@pytest.mark.parametrize("who", ["kube-apiserver", "velero", "s3"])
def test_thirty_seconds_without(held: dict[str, Held], who: str) -> None:
    """Passed later or left open; never blamed on the backup; cleaned up."""
    for stage, one in held.items():
        assert one.barrier.reached.wait(LONGEST_SECONDS), stage
    restore = held["restore"]
    restore.barrier.go.set()
    restore.drill.wait_for(restoring, LONGEST_SECONDS)
    with standing_still_for(who, OUTAGE_SECONDS):
        for one in held.values():
            one.barrier.go.set()
        ends = {stage: one.drill.end(LONGEST_SECONDS) for stage, one in held.items()}
    for stage, ended in ends.items():
        assert ended.report["verdict"] in EXPECTED.get((who, stage), _GOOD), (stage, ended.text)
        assert "backup" not in {reason["cause"] for reason in ended.rows("reasons")}, stage
        assert ended.part("cleanup")["outcome"] == "clean", (stage, ended.text)
        assert held[stage].desk.journals == ()
