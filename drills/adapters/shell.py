"""Local commands, never through a shell.

In: words, environment, seconds. Out: how the command ended. It runs in a process group of its own,
so that nothing it started lives on when time is up or the drill is interrupted.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

from drills.errors import CannotAsk, DeadlinePassed, Misconfigured
from drills.ports import CommandResult

FAREWELL_SECONDS = 2.0
"""Between asking a group to end and ending it."""


class LocalShell:
    """Runs commands on this machine."""

    def run(
        self, command: Sequence[str], *, env: Mapping[str, str], timeout: float
    ) -> CommandResult:
        """Run `command` with exactly `env`; raises CannotAsk, DeadlinePassed, Misconfigured."""
        if not command:
            raise Misconfigured("there is no command to run")
        process = _start(command, env)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise DeadlinePassed(
                f"{command[0]} did not end within {timeout:g} s", hint="give it more time"
            ) from None
        finally:
            if process.poll() is None:
                _end(process)
        return CommandResult(
            exit_code=process.returncode,
            stdout=out.decode("utf-8", "replace"),
            stderr=err.decode("utf-8", "replace"),
        )


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
