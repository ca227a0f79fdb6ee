"""Local commands, never through a shell.

In: words, environment, seconds. Out: how the command ended. It runs in a process group of its own,
so that nothing it started lives on when time is up or the drill is interrupted.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from drills.errors import CannotAsk, DeadlinePassed, Interrupted, Misconfigured
from drills.ports import CommandResult

TICK = 0.2
"""Seconds between looks at the wish to stop."""
FAREWELL_SECONDS = 2.0
"""Between asking a group to end and ending it."""


class LocalShell:
    """Runs commands on this machine; `stop` ends one that is under way."""

    def __init__(self, stop: Callable[[], bool] = lambda: False) -> None:
        self._stop = stop

    def run(
        self, command: Sequence[str], *, env: Mapping[str, str], timeout: float
    ) -> CommandResult:
        """Run `command` with exactly `env`.

        Raises CannotAsk, DeadlinePassed, Misconfigured; Interrupted once `stop` says so.
        """
        if not command:
            raise Misconfigured("there is no command to run")
        process = _start(command, env)
        try:
            out, err = self._await(process, command[0], timeout)
        finally:
            if process.poll() is None:
                _end(process)
        return CommandResult(
            exit_code=process.returncode,
            stdout=out.decode("utf-8", "replace"),
            stderr=err.decode("utf-8", "replace"),
        )

    def _await(
        self, process: "subprocess.Popen[bytes]", name: str, timeout: float
    ) -> tuple[bytes, bytes]:
        until = time.monotonic() + timeout
        while True:
            rest = until - time.monotonic()
            try:
                # Asking again loses nothing of the output, as the library promises.
                return process.communicate(timeout=max(0.0, min(rest, TICK)))
            except subprocess.TimeoutExpired:
                if self._stop():
                    raise Interrupted(f"{name} was ended: the drill was asked to stop") from None
                if rest <= 0:
                    raise DeadlinePassed(
                        f"{name} did not end within {timeout:g} s", hint="give it more time"
                    ) from None


def _start(command: Sequence[str], env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(  # noqa: S603 - words from a validated scenario, no shell
            list(command),
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise CannotAsk(f"{command[0]} cannot be started: {reason}") from error


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the group, politely first; its leader's pipes are read to the end or given up."""
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(FAREWELL_SECONDS)
    _signal(process, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(FAREWELL_SECONDS)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
