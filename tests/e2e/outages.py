"""Thirty seconds without one of the parts, on a clock that runs fast meanwhile.

In: a cluster, a stage, who is away, and a drill to run in this process. Out: its record. The
outage begins with a request in the middle of the stage. While it lasts the drill's clock runs
faster than the machine's, so that thirty of its seconds take little more than one; all in all the
clock gains just the outage, however slow the machine is.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drills.adapters.clock import SystemClock
from drills.adapters.journal import FileJournal, JournalHeader
from drills.adapters.kube import connect_cluster
from drills.drill import run_drill
from drills.marks import marks
from drills.record import DrillRecord
from drills.state import DrillPorts
from embedded.cluster import EmbeddedCluster
from embedded.faults import Asked, Moment
from runner.engines import engine_maker
from scenarios.model import Scenario

OUTAGE_SECONDS = 30.0
REAL_SECONDS = 1.0
SLICE = 0.01


class FastClock(SystemClock):
    """Runs as fast as the machine's, and faster during an outage."""

    def __init__(self) -> None:
        super().__init__()
        self._began: float | None = None

    def begin(self) -> None:
        """Begin the outage."""
        self._began = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds of the machine's clock until the outage is over."""
        return 0.0 if self._began is None else self._began + REAL_SECONDS - time.monotonic()

    def now(self) -> datetime:
        """Return the instant."""
        return datetime.now(UTC) + timedelta(seconds=self._gained())

    def monotonic(self) -> float:
        """Return seconds, those gained included."""
        return time.monotonic() + self._gained()

    def sleep(self, seconds: float) -> None:
        """Wait in this clock's own seconds."""
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0:
            time.sleep(min(left, SLICE))

    def _gained(self) -> float:
        if self._began is None:
            return 0.0
        share = min(1.0, (time.monotonic() - self._began) / REAL_SECONDS)
        return share * (OUTAGE_SECONDS - REAL_SECONDS)


@dataclass(slots=True, kw_only=True)
class Outage:
    """Somebody who leaves in the middle of a stage and comes back; hears what the drill does."""

    clock: FastClock
    where: str
    """The stage."""
    after: int
    """How many of its requests come before."""
    leave: Callable[[], None]
    come_back: Callable[[], None]
    seen: Counter[str] = field(default_factory=Counter)
    """Requests by stage."""
    began: bool = False
    _stage: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _end: threading.Timer | None = None

    def stage(self, name: str, state: str, message: str = "") -> None:
        """Hear of a stage."""
        del message
        if state == "started":
            self._stage = name

    def action(self, action: str, resource: str, status: str, details: Mapping[str, str]) -> None:
        """Hear of an action, which decides nothing here."""

    def saw(self, moment: Moment, asked: Asked) -> None:
        """See a request; the outage begins with one of them."""
        del asked
        if moment is not Moment.ARRIVED:
            return
        with self._lock:
            self.seen[self._stage] += 1
            due = self._stage == self.where and self.seen[self.where] > self.after
        if due:
            self.begin()

    def begin(self) -> None:
        """Begin the outage, once."""
        with self._lock:
            if self.began:
                return
            self.began = True
        self.clock.begin()
        self._end = threading.Timer(self.clock.left, self.come_back)
        self._end.start()
        self.leave()

    def wait(self) -> None:
        """Wait until all are back."""
        if self._end is not None:
            self._end.join()


def drill_through(
    cluster: EmbeddedCluster, scenario: Scenario, folder: Path, outage: Outage
) -> DrillRecord:
    """Return the record of a drill with an outage in it."""
    drill_id = f"outage-{time.monotonic_ns()}"
    clock = outage.clock
    seen = connect_cluster(
        context="embedded", kubeconfig=str(cluster.kubeconfig(folder / "kubeconfig"))
    ).with_clock(clock)
    header = JournalHeader(drill_id=drill_id, scenario=scenario.name, started_at=clock.now())
    journal = FileJournal(folder / ".journal" / f"{drill_id}.jsonl", header)
    engine = engine_maker(
        scenario.backup.engine,
        scenario.backup.namespace,
        scenario.backup.options,
        cluster=seen,
        clock=clock,
        journal=journal,
        labels=marks(drill_id, scenario.name, scenario.backup.engine),
    )
    ports = DrillPorts(
        cluster=seen,
        clock=clock,
        journal=journal,
        listener=outage,
        engine=engine,
        stop=lambda: False,
        shield=lambda: None,
        actor="tests",
    )
    cluster.faults.watcher = outage.saw
    try:
        return run_drill(scenario, ports, drill_id=drill_id, seed=1)
    finally:
        cluster.faults.watcher = lambda _moment, _asked: None
        outage.wait()
        seen.close()
