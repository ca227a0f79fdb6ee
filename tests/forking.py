"""Runners in processes of their own, forked from one that has imported everything already.

In: a command line. Out: a process that runs it, and that can be killed, or dies by itself right
before it changes a given file. Starting one takes milliseconds, which makes hundreds of crashes
affordable.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

from runner.cli import main

PRELOADED = [
    "__main__",
    "tests.forking",
    "runner.execution",
    "runner.cleaning",
    "drills.adapters.kube",
    "drills.engines.velero.engine",
]
LONGEST_SECONDS = 300.0


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
        assert code is not None, f"it never ends:\n{self.log}"
        return code

    @property
    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text() if self._log.exists() else ""


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
