"""Drills while the API server or Velero is away: programs of the lab stand still for a while."""

import time

import pytest

from tests.lab.conftest import Lab
from tests.lab.drilling import Desk, action, restoring, stage
from tests.lab.outages import standing_still, standing_still_for

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("nothing_left", "own_lab")]

_DEADLINE, _CLEANUP_DEADLINE = 8, 20
_REST = 10.0
"""Seconds for Python's start and the stages before, on a busy machine."""
_SHORT = {"deadline": f"{_DEADLINE}s", "cleanupDeadline": f"{_CLEANUP_DEADLINE}s"}
_QUICK = {"rto": f"{_DEADLINE}s", "rpo": "26h"}


@pytest.mark.parametrize("when", ["isolate", "restore"])
def test_a_drill_survives_ten_seconds_without_an_api_server(
    desk: Desk, sandbox: str, when: str
) -> None:
    with desk.run(desk.scenario(sandbox)) as drill:
        drill.wait_for(restoring if when == "restore" else stage(when))
        with standing_still_for("kube-apiserver", 10.0):
            ended = drill.end()
    assert ended.code == 0, ended.text
    assert ended.part("cleanup")["outcome"] == "clean"


def test_a_velero_that_never_begins_is_no_verdict_about_the_backup(
    desk: Desk, sandbox: str
) -> None:
    """Nobody has touched the Restore, so that it can be removed at once."""
    began = time.monotonic()
    with desk.run(desk.scenario(sandbox, restore=_SHORT, objectives=_QUICK)) as drill:
        drill.wait_for(action("create", f"Namespace {sandbox}", "success"))
        with standing_still("velero"):
            ended = drill.end()
    assert time.monotonic() - began < _DEADLINE + _CLEANUP_DEADLINE + _REST
    assert ended.code == 3, ended.text
    reasons = {(reason["code"], reason["cause"]) for reason in ended.rows("reasons")}
    assert ("deadline-passed", "environment") in reasons
    assert "backup" not in {cause for _, cause in reasons}
    assert "see whether the Velero server runs" in str(ended.report["findings"])
    assert ended.part("cleanup")["outcome"] == "clean"


def test_a_velero_that_stops_in_the_middle_leaves_a_closed_sandbox_to_clean(
    lab: Lab, desk: Desk, sandbox: str
) -> None:
    """It would make the sandbox anew if that vanished; when it is back, `clean` finishes."""
    with desk.run(desk.scenario(sandbox, restore=_SHORT, objectives=_QUICK)) as drill:
        drill.wait_for(restoring)
        with standing_still("velero"):
            ended = drill.end()
            kept = lab.cluster.list("networking.k8s.io/v1", "NetworkPolicy", sandbox)
    assert ended.code == 3, ended.text
    assert ended.part("cleanup")["outcome"] == "leftovers"
    assert f"namespace {sandbox} stays, closed as it is" in str(ended.part("cleanup")["leftovers"])
    assert len(kept) == 1
    cleaned = desk.clean()
    assert cleaned.code == 0, cleaned.text
    assert desk.journals == ()
