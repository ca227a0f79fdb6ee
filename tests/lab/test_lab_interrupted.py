"""Drills that are killed or asked to stop on the real control plane: nothing of them may stay."""

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.lab.drilling import Command, Desk, Line, action, restoring, slow_probe, stage

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("nothing_left")]

Moment = Callable[[Line], bool]


def _moments(sandbox: str) -> dict[str, Moment]:
    return {
        "sandbox": action("create", f"Namespace {sandbox}", "success"),
        "restore": restoring,
        "probe": stage("probe"),
        "cleanup": action("delete", f"Namespace {sandbox}", "accepted"),
    }


def _kill(drill: Command, moment: Moment) -> None:
    drill.wait_for(moment)
    drill.signal(signal.SIGKILL)
    ended = drill.end()
    assert ended.code == -signal.SIGKILL
    assert ended.report == {}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Ends every command that a test starts."""
    with ExitStack() as stack:
        yield stack


def _kill_at_every_moment(desks: dict[str, Desk], sandbox: str, stack: ExitStack) -> dict[str, str]:
    """Starts a drill at each desk, all at once, and kills each at the desk's moment."""
    sandboxes = {when: f"{sandbox}-{when}" for when in desks}
    drills = {
        when: stack.enter_context(desk.run(desk.scenario(sandboxes[when], probes=slow_probe(5))))
        for when, desk in desks.items()
    }
    for when, drill in drills.items():
        _kill(drill, _moments(sandboxes[when])[when])
    return sandboxes


def test_clean_finishes_a_killed_drill_by_its_journal(
    desk: Desk, sandbox: str, stack: ExitStack
) -> None:
    """Killed when the sandbox was made, while Velero restored, while probing, in cleanup."""
    desks = {when: desk.another(when) for when in _moments("")}
    sandboxes = _kill_at_every_moment(desks, sandbox, stack)
    assert all(len(each.journals) == 1 for each in desks.values())
    cleanings = {when: stack.enter_context(each.start("clean")) for when, each in desks.items()}
    for when, cleaning in cleanings.items():
        ended = cleaning.end()
        assert ended.code == 0, ended.text
        assert f"removed  what drill {sandboxes[when]}-" in ended.out
        assert desks[when].journals == ()


def test_the_next_run_finishes_every_killed_drill(
    desk: Desk, sandbox: str, stack: ExitStack
) -> None:
    """One in the same sandbox as the next drill, one elsewhere."""
    sandboxes = _kill_at_every_moment({"restore": desk, "cleanup": desk}, sandbox, stack)
    assert len(desk.journals) == len(sandboxes)
    with desk.run(desk.scenario(sandboxes["restore"])) as next_drill:
        ended = next_drill.end()
    assert ended.code == 0, ended.text
    assert desk.journals == ()


def test_clean_on_another_machine_goes_by_the_marks_and_spares_the_living(
    desk: Desk, sandbox: str, stack: ExitStack
) -> None:
    """No journal is there; a dead drill's Lease stands still, a living one's moves."""
    living = stack.enter_context(
        desk.run(desk.scenario(f"{sandbox}-living", probes=slow_probe(40)))
    )
    dead = stack.enter_context(desk.run(desk.scenario(sandbox, probes=slow_probe(5))))
    _kill(dead, restoring)
    elsewhere = desk.another("elsewhere")
    options = ("--context", "lab", "--kubeconfig", str(desk.kubeconfig))
    cleaned = elsewhere.clean(*options)
    assert cleaned.code == 0, cleaned.text
    assert f"removed  what drill {sandbox}-" in cleaned.out
    assert f"alive  drill {sandbox}-living-" in cleaned.log
    ended = living.end()
    assert ended.code == 0, ended.text
    shutil.rmtree(desk.folder / "state")
    assert "nothing was left behind" in elsewhere.clean(*options).out


@pytest.mark.parametrize("when", ["sandbox", "restore", "probe"])
def test_sigterm_cleans_up_and_says_that_it_was_interrupted(
    desk: Desk, sandbox: str, when: str
) -> None:
    """Velero is let finish first: it would make a sandbox anew that vanishes under it."""
    with desk.run(desk.scenario(sandbox, probes=slow_probe(5))) as drill:
        drill.wait_for(_moments(sandbox)[when])
        drill.signal(signal.SIGTERM)
        ended = drill.end()
    assert ended.code == 3, ended.text
    assert ended.report["verdict"] == "inconclusive"
    assert "interrupted" in {reason["code"] for reason in ended.rows("reasons")}
    assert ended.part("cleanup")["outcome"] == "clean"
    assert desk.journals == ()


def test_a_second_sigterm_abandons_the_cleanup_and_clean_finishes_it(
    desk: Desk, sandbox: str
) -> None:
    with desk.run(desk.scenario(sandbox, probes=slow_probe(5))) as drill:
        drill.wait_for(stage("probe"))
        drill.signal(signal.SIGTERM)
        drill.wait_for(action("delete", f"Namespace {sandbox}", "accepted"))
        drill.signal(signal.SIGTERM)
        ended = drill.end()
    assert ended.code == 3, ended.text
    assert ended.part("cleanup")["outcome"] == "leftovers"
    cleaned = desk.clean()
    assert cleaned.code == 0, cleaned.text
    assert desk.journals == ()
