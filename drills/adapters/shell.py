"""Local commands, never through a shell.

In: words, environment, seconds. Out: how the command ended. It runs in a process group of its own,
so that nothing it started lives on when time is up or the drill is interrupted.
"""

import os
import selectors
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
LONGEST_OUTPUT = 16 * 1024 * 1024
"""Bytes kept of each pipe: one half from its beginning, the other from its end."""
PIECE = 65_536


class LocalShell:
    """Runs commands on this machine; `stop` ends one that is under way.

    Of output longer than `longest` bytes the middle is dropped, and the result says so.
    """

    def __init__(
        self, stop: Callable[[], bool] = lambda: False, *, longest: int = LONGEST_OUTPUT
    ) -> None:
        self._stop = stop
        self._longest = longest

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
            _close(process)
        return CommandResult(
            exit_code=process.returncode,
            stdout=out.text(),
            stderr=err.text(),
            cut=out.cut or err.cut,
        )

    def _await(
        self, process: "subprocess.Popen[bytes]", name: str, timeout: float
    ) -> tuple["_Ends", "_Ends"]:
        """Return what the command wrote to both pipes, once it has ended and they are closed."""
        until = time.monotonic() + timeout
        out, err = _Ends(self._longest), _Ends(self._longest)
        with selectors.DefaultSelector() as pipes:
            for pipe, ends in ((process.stdout, out), (process.stderr, err)):
                if pipe is not None:
                    pipes.register(pipe, selectors.EVENT_READ, ends)
            while pipes.get_map() or process.poll() is None:
                self._look_at_the_time(name, timeout, until)
                self._hear(process, pipes, max(0.0, min(until - time.monotonic(), TICK)))
        return out, err

    def _hear(
        self, process: "subprocess.Popen[bytes]", pipes: selectors.BaseSelector, seconds: float
    ) -> None:
        if not pipes.get_map():
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            return
        for ready, _ in pipes.select(seconds):
            piece = os.read(ready.fd, PIECE)
            if piece:
                ready.data.add(piece)
            else:
                pipes.unregister(ready.fileobj)

    def _look_at_the_time(self, name: str, timeout: float, until: float) -> None:
        if self._stop():
            raise Interrupted(f"{name} was ended: the drill was asked to stop")
        if time.monotonic() >= until:
            raise DeadlinePassed(
                f"{name} did not end within {timeout:g} s", hint="give it more time"
            )


class _Ends:
    """The beginning and the end of a stream, however long it is."""

    def __init__(self, longest: int) -> None:
        self._half = longest // 2
        self._head, self._tail = bytearray(), bytearray()
        self._dropped = 0

    @property
    def cut(self) -> bool:
        """Return whether the middle was dropped."""
        return self._dropped > 0

    def add(self, piece: bytes) -> None:
        """Take the next bytes; beyond the limit the oldest of the tail go."""
        room = self._half - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:]
        over = len(self._tail) - self._half
        if over > 0:
            self._dropped += over
            del self._tail[:over]

    def text(self) -> str:
        """Return the text, with a line in the middle that says how much is not there."""
        gap = f"\n[{self._dropped} bytes left out]\n" if self._dropped else ""
        head, tail = (bytes(end).decode("utf-8", "replace") for end in (self._head, self._tail))
        return f"{head}{gap}{tail}" if gap else (self._head + self._tail).decode("utf-8", "replace")


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
    """End the group, politely first."""
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(FAREWELL_SECONDS)
    _signal(process, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(FAREWELL_SECONDS)


def _close(process: "subprocess.Popen[bytes]") -> None:
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
