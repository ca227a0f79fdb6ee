"""Starting and stopping the lab's programs; needs no lab."""

import sys
from pathlib import Path

import pytest

from tests.lab import processes
from tests.lab.parts import PARTS, LabError

_STUBBORN = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('ready', flush=True)\n"
    "time.sleep(60)\n"
)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "RUN", tmp_path)
    monkeypatch.setattr(processes, "PIDS", tmp_path / "pids")
    monkeypatch.setattr(processes, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.3)


def test_a_program_that_ignores_sigterm_is_ended_all_the_same() -> None:
    process = processes.start("stubborn", [sys.executable, "-c", _STUBBORN])
    processes.wait_until(
        "first words", lambda: "ready" in process.log.read_text(), seconds=10, process=process
    )
    processes.stop(process)
    assert not process.alive
    assert processes.started() == ()


def test_a_pid_that_now_belongs_to_somebody_else_is_left_alone() -> None:
    bystander = processes.start("bystander", [sys.executable, "-c", _STUBBORN])
    stale = processes.PIDS / "99-stale.pid"
    stale.write_text(f"{bystander.pid} 1\n")
    found = next(process for process in processes.started() if process.name == "stale")
    processes.stop(found)
    assert bystander.alive
    assert not stale.exists()
    processes.stop(bystander)


def test_a_program_that_dies_is_reported_with_its_last_words() -> None:
    process = processes.start("doomed", [sys.executable, "-c", "print('no such port')"])
    with pytest.raises(LabError, match=r"doomed ended while waiting for answer(.|\n)*no such port"):
        processes.wait_until("answer", lambda: False, seconds=10, process=process)


def test_programs_are_listed_in_the_order_in_which_they_started() -> None:
    names = ("first", "second", "third")
    made = [processes.start(name, [sys.executable, "-c", _STUBBORN]) for name in names]
    assert tuple(process.name for process in processes.started()) == names
    for process in made:
        processes.stop(process)


def test_every_part_says_its_version() -> None:
    assert all(part.version.startswith("v") for part in PARTS)
