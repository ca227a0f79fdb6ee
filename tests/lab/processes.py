"""Long-running programs of the lab: started with a log and a pid file, stopped by pid.

In come command lines, out come pid files below `run/pids`. A pid file also holds the instant
at which the process started, so that a number that the system has given to somebody else by
now is never signalled.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.lab.parts import LAB, LabError

STOP_SECONDS = 15.0
_TICK_SECONDS = 0.1
_START_FIELD = 19  # of /proc/PID/stat, counted behind the command's closing bracket
_LOG_TAIL = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A program that was started: its name, its pid and when the kernel says it began."""

    name: str
    pid: int
    began: str
    file: Path
    log: Path
    """Where its output goes."""

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return _began(self.pid) == self.began


def _began(pid: int) -> str | None:
    """When the process started, in clock ticks since boot; None if it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else fields[_START_FIELD]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One lab's folder of state: pid files, logs, certificates, its kubeconfig."""

    folder: Path
    enter: tuple[str, ...] = ()
    """What is put before every command, such as the way into the lab's own namespaces."""

    @property
    def pids(self) -> Path:
        """The folder of pid files."""
        return self.folder / "pids"

    @property
    def logs(self) -> Path:
        """The folder of logs, one for each program."""
        return self.folder / "logs"

    @property
    def audit(self) -> Path:
        """The API server's list of requests, one JSON object a line."""
        return self.folder / "audit.log"

    @property
    def certificates(self) -> Path:
        """The folder of certificates, keys, and the components' kubeconfigs."""
        return self.folder / "certificates"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; its context is called `lab`."""
        return self.folder / "kubeconfig"

    @property
    def complete(self) -> Path:
        """A file that is there once the lab came up wholly."""
        return self.folder / "complete"

    def started(self) -> tuple[Process, ...]:
        """Every process that has a pid file, in the order in which they were started."""
        found = []
        for file in sorted(self.pids.glob("*.pid")):
            words = file.read_text(encoding="utf-8").split()
            if len(words) == 2:
                found.append(self._process(file, int(words[0]), words[1]))
        return tuple(found)

    def start(
        self, name: str, command: list[str], extra: Mapping[str, str] | None = None
    ) -> Process:
        """Starts a program in a session of its own and writes its pid file.

        Args:
            name: What the pid file and the log are called.
            command: The program and its arguments.
            extra: Environment variables besides PATH and HOME.

        Returns:
            The process, which may end at any time: see `wait_until`.
        """
        self.pids.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **(extra or {})}
        with (self.logs / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                [*self.enter, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, env=environment, start_new_session=True,
            )  # fmt: skip
        began = _began(child.pid) or "gone"
        file = self.pids / f"{len(tuple(self.pids.glob('*.pid'))):02d}-{name}.pid"
        file.write_text(f"{child.pid} {began}\n", encoding="utf-8")
        _children[child.pid, began] = child
        return self._process(file, child.pid, began)

    def _process(self, file: Path, pid: int, began: str) -> Process:
        name = file.stem.partition("-")[2]
        log = self.logs / f"{name}.log"
        return Process(name=name, pid=pid, began=began, file=file, log=log)


FAKE_NODE = Run(folder=LAB / "run")
"""The lab with a made-up node, which is up in seconds."""
REAL_NODE = Run(folder=LAB / "run-node")
"""The lab with a real node and real pods."""


# Kept so that children that end are reaped by this process instead of staying as zombies.
_children: dict[tuple[int, str], "subprocess.Popen[bytes]"] = {}


def wait_until(
    what: str, ready: Callable[[], bool], *, seconds: float, process: Process | None = None
) -> None:
    """Asks until the answer is yes.

    Args:
        what: What is waited for, for the error's words.
        ready: The question.
        seconds: How long to go on asking.
        process: The program that must stay alive meanwhile.

    Raises:
        LabError: The time is over, or the process ended; the end of its log is in the message.
    """
    end = time.monotonic() + seconds
    while not ready():
        if process is not None and not process.alive:
            raise LabError(f"{process.name} ended while waiting for {what}; {_tail(process.log)}")
        if time.monotonic() > end:
            where = (
                _tail(process.log) if process is not None else "see the logs of the lab's programs"
            )
            raise LabError(f"no {what} within {seconds:g} s; {where}")
        time.sleep(_TICK_SECONDS)


def _tail(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return f"its log {log} ends with:\n{text[-_LOG_TAIL:]}"


def stop(process: Process) -> None:
    """Ends a process politely, then its whole session by force, and removes its pid file.

    Raises:
        LabError: It is still there after being killed.
    """
    if process.alive:
        os.kill(process.pid, signal.SIGTERM)
        if not _gone(process, STOP_SECONDS):
            # The session is ours: `start` opened it. It takes plug-ins with it.
            os.killpg(process.pid, signal.SIGKILL)
            if not _gone(process, STOP_SECONDS):
                raise LabError(f"{process.name} (pid {process.pid}) cannot be ended")
    child = _children.pop((process.pid, process.began), None)
    if child is not None:
        child.wait(timeout=STOP_SECONDS)  # its last threads may still be ending
    process.file.unlink(missing_ok=True)


def _gone(process: Process, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while process.alive:
        child = _children.get((process.pid, process.began))
        if child is not None:
            child.poll()
        if time.monotonic() > end:
            return False
        time.sleep(_TICK_SECONDS)
    return True


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def machine_address() -> str:
    """This machine's own address; loopback will not do for endpoints and pods.

    The API server refuses to pass requests on to loopback addresses.

    Raises:
        LabError: The machine has no address besides loopback.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a datagram socket sends nothing; it only picks the outgoing address.
            probe.connect(("198.51.100.1", 9))
        except OSError as error:
            raise LabError("this machine has no address but loopback; give it one") from error
        return str(probe.getsockname()[0])
