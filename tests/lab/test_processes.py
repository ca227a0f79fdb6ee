"""Starting and stopping the lab's programs; needs no lab."""

import sys
from pathlib import Path

import pytest

from tests.lab import processes
from tests.lab.parts import NODE_PARTS, PARTS, LabError
from tests.lab.processes import Run

_STUBBORN = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('ready', flush=True)\n"
    "time.sleep(60)\n"
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.3)
    return Run(folder=tmp_path)


def test_a_program_that_ignores_sigterm_is_ended_all_the_same(run: Run) -> None:
    process = run.start("stubborn", [sys.executable, "-c", _STUBBORN])
    processes.wait_until(
        "first words", lambda: "ready" in process.log.read_text(), seconds=10, process=process
    )
    processes.stop(process)
    assert not process.alive
    assert run.started() == ()


def test_a_pid_that_now_belongs_to_somebody_else_is_left_alone(run: Run) -> None:
    bystander = run.start("bystander", [sys.executable, "-c", _STUBBORN])
    stale = run.pids / "99-stale.pid"
    stale.write_text(f"{bystander.pid} 1\n")
    found = next(process for process in run.started() if process.name == "stale")
    processes.stop(found)
    assert bystander.alive
    assert not stale.exists()
    processes.stop(bystander)


def test_a_program_that_dies_is_reported_with_its_last_words(run: Run) -> None:
    process = run.start("doomed", [sys.executable, "-c", "print('no such port')"])
    with pytest.raises(LabError, match=r"doomed ended while waiting for answer(.|\n)*no such port"):
        processes.wait_until("answer", lambda: False, seconds=10, process=process)
    processes.stop(process)


def test_programs_are_listed_in_the_order_in_which_they_started(run: Run) -> None:
    names = ("first", "second", "third")
    made = [run.start(name, [sys.executable, "-c", _STUBBORN]) for name in names]
    assert tuple(process.name for process in run.started()) == names
    for process in made:
        processes.stop(process)


def test_every_part_says_its_version() -> None:
    assert all(part.version.startswith("v") for part in (*PARTS, *NODE_PARTS))
