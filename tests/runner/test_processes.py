"""Whether the process behind a journal lives."""

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from drills.adapters.journal import JournalHeader
from runner.processes import known_dead


def header(pid: int, *, host: str | None = None, ago: timedelta = timedelta(0)) -> JournalHeader:
    return JournalHeader(
        drill_id="d",
        scenario="s",
        started_at=datetime.now(UTC) - ago,
        pid=pid,
        host=socket.gethostname() if host is None else host,
    )


def test_this_process_lives() -> None:
    assert not known_dead(header(os.getpid()))


def test_a_process_that_ended_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(timeout=60)
    assert known_dead(header(child.pid))


def test_a_number_that_was_reused_is_another_process() -> None:
    """The journal is older than the process that bears its number now."""
    assert known_dead(header(os.getpid(), ago=timedelta(days=400)))


def test_of_another_machine_nothing_is_known() -> None:
    assert not known_dead(header(1, host="elsewhere"))


def test_a_journal_without_a_process() -> None:
    assert not known_dead(header(0))
