"""A cluster that kills runners at their writes.

In: a command line and a point. Out: a runner that died there. The cluster lives in the test, and
looks at each write when it has arrived (the runner dies before it is done) and when it is done
(the runner dies before it hears of it). Nothing waits: the runner is dead when the cluster goes on.
"""

import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedded.cluster import EmbeddedCluster
from embedded.faults import Asked, Moment
from tests.forking import Runner

WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass(slots=True, kw_only=True)
class Point:
    """The write at which a runner dies: its number, from 0, and how far it has come."""

    number: int
    moment: Moment
    what: str = ""
    """The write, once it came."""


@dataclass(slots=True)
class Killer:
    """Watches a cluster's writes, and kills the runner that it is told of at one of them."""

    cluster: EmbeddedCluster
    writes: list[str] = field(default_factory=list)
    """The writes that came, in the order in which they arrived."""
    _done: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _point: Point | None = None
    _victim: Runner | None = None

    def __post_init__(self) -> None:
        """Begin to watch."""
        self.cluster.faults.watcher = self._saw

    def kill(self, arguments: Sequence[str], log: Path, point: Point) -> int:
        """Run the command until the point; return its exit code, -9 where the point came."""
        with self._lock:
            self.writes.clear()
            self._done.clear()
            self._point, self._victim = point, Runner(arguments, log)
        code = self._victim.end()
        with self._lock:
            self._point = self._victim = None
        assert (code == -signal.SIGKILL) == bool(point.what), (code, point, log.read_text())
        return code

    def _saw(self, moment: Moment, asked: Asked) -> None:
        renews = (asked.verb, asked.resource) == ("patch", "leases")  # whenever it is time
        if asked.verb not in WRITES or asked.resource.endswith("reviews") or renews:
            return
        with self._lock:
            # Several are under way at once: what arrived says nothing of what is done.
            seen = self.writes if moment is Moment.ARRIVED else self._done
            seen.append(f"{asked.verb} {asked.resource} {asked.namespace}/{asked.name}")
            point, victim = self._point, self._victim
            if point is None or victim is None or point.moment is not moment:
                return
            if len(seen) != point.number + 1:
                return
            point.what = seen[-1]
            self._point = None
            victim.kill()
        if moment is Moment.ARRIVED:
            raise ConnectionResetError("the runner was killed before this was done")
