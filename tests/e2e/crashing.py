"""Runners that are killed in the very middle of what they do, at every point there is.

In: a command line and a point. Out: a process of its own that dies there. The cluster lives in the
test, and looks at each write when it has arrived (the runner dies before it is done) and when it
is done (the runner dies before it hears of it). Nothing waits: the process is dead when the
cluster goes on. Processes are forked from one that has imported everything, which makes hundreds
of them affordable.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path

from embedded.cluster import EmbeddedCluster
from embedded.faults import Asked, Moment
from runner.cli import main

PRELOADED = [
    "__main__",
    "tests.e2e.crashing",
    "runner.cli",
    "runner.execution",
    "runner.cleaning",
    "drills.adapters.kube",
    "drills.engines.velero.engine",
]
WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
LONGEST_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class FilePoint:
    """The change to a folder's entries, counted from 0, right before which a runner dies."""

    folder: Path
    number: int


class Runner:
    """`python -m runner` in a process of its own."""

    def __init__(self, arguments: Sequence[str], log: Path, dies: FilePoint | None = None) -> None:
        forks = multiprocessing.get_context("forkserver")
        forks.set_forkserver_preload(PRELOADED)
        self._log = log
        whole = (list(arguments), str(log), dies)
        self.process = forks.Process(target=_main, args=whole, daemon=True)
        self.process.start()

    def kill(self) -> None:
        """Kill it and wait until it is gone; leaves reading the exit code to `end`."""
        self.process.kill()
        assert wait([self.process.sentinel], LONGEST_SECONDS)

    def end(self) -> int:
        """Wait for its end; return the exit code, minus the signal where one killed it."""
        self.process.join(LONGEST_SECONDS)
        code = self.process.exitcode
        assert code is not None, f"it never ends:\n{self._log.read_text()}"
        return code


def _main(arguments: list[str], log: str, dies: FilePoint | None) -> None:
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False, buffering=1)
    if dies is not None:
        _die_at(dies)
    code = main(arguments)
    sys.stdout.flush()
    os._exit(code)


def _die_at(point: FilePoint) -> None:
    """Have this process killed right before its nth file or folder is made, renamed or removed."""
    left = [point.number]
    within = str(point.folder)

    def hook(event: str, what: tuple[object, ...]) -> None:
        if event not in {"open", "os.rename", "os.remove", "os.mkdir"}:
            return
        if not str(what[0]).startswith(within):
            return
        flags = what[2] if event == "open" else os.O_CREAT
        if not isinstance(flags, int) or not flags & os.O_CREAT:
            return
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    sys.addaudithook(hook)


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
            self._point, self._victim = point, Runner(arguments, log)
        code = self._victim.end()
        with self._lock:
            self._point = self._victim = None
        assert (code == -signal.SIGKILL) == bool(point.what), (code, point, log.read_text())
        return code

    def _saw(self, moment: Moment, asked: Asked) -> None:
        if asked.verb not in WRITES or asked.resource.endswith("reviews"):
            return
        with self._lock:
            if moment is Moment.ARRIVED:
                self.writes.append(f"{asked.verb} {asked.resource} {asked.namespace}/{asked.name}")
            point, victim = self._point, self._victim
            if point is None or victim is None or point.moment is not moment:
                return
            if len(self.writes) != point.number + 1:
                return
            point.what = self.writes[-1]
            self._point = None
            victim.kill()
        if moment is Moment.ARRIVED:
            raise ConnectionResetError("the runner was killed before this was done")
