"""Whether the process that wrote a journal still lives."""

import os
import socket
from datetime import datetime
from pathlib import Path

from drills.adapters.journal import JournalHeader

SLACK_SECONDS = 5.0
"""Clock ticks and rounding between a process's start and its first journal line."""


def known_dead(header: JournalHeader) -> bool:
    """Return True only where the writer certainly no longer runs.

    On another host nothing is known. A process of that number which began after the drill is
    another one: numbers are reused, and in a container it is always 1.
    """
    if header.host != socket.gethostname() or header.pid <= 0:
        return False
    if not _exists(header.pid):
        return True
    started = _started(header.pid)
    return started is not None and started > header.started_at.timestamp() + SLACK_SECONDS


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: int) -> float | None:
    """Return when a process began, in seconds since 1970; None where the system cannot tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        uptime = float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    ticks = float(fields[19])
    boot = datetime.now().timestamp() - uptime  # noqa: DTZ005 - seconds since 1970 either way
    return boot + ticks / os.sysconf("SC_CLK_TCK")
