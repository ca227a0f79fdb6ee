"""Programs of the lab that stand still for a while, as if their machine were gone.

In comes a program's name, out comes a context in which it is stopped. It goes on afterwards,
whatever happens, and after a minute and a half even where the tests were killed.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.processes import FAKE_NODE, Run

_LONGEST_SECONDS = 90


class NotOurs(Exception):
    """The program is not one that this folder's lab started."""


@contextmanager
def standing_still(name: str, run: Run = FAKE_NODE) -> Iterator[None]:
    """Stops a program of the lab until the context ends.

    Raises:
        NotOurs: The lab has no such program running.
    """
    program = next((p for p in run.started() if p.name == name and p.alive), None)
    if program is None:
        raise NotOurs(f"{name} was not started by this folder's lab")
    rescue = subprocess.Popen(
        ["/bin/sh", "-c", f"sleep {_LONGEST_SECONDS}; kill -CONT {program.pid}"],
        start_new_session=True,
    )
    os.kill(program.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(program.pid, signal.SIGCONT)
        os.killpg(rescue.pid, signal.SIGKILL)
        rescue.wait()


@contextmanager
def standing_still_for(name: str, seconds: float, run: Run = FAKE_NODE) -> Iterator[None]:
    """Stops a program; it goes on after so many seconds, while the context may last longer."""
    with standing_still(name, run):
        program = next(p for p in run.started() if p.name == name)
        timer = threading.Timer(seconds, os.kill, (program.pid, signal.SIGCONT))
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
