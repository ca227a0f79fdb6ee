"""Drills beside somebody else's restore, on a real Velero that stands still for a moment."""

from collections.abc import Callable, Iterator

import pytest

from tests.lab.cluster import status_of
from tests.lab.conftest import Lab
from tests.lab.drilling import Desk, Line, action
from tests.lab.outages import standing_still
from tests.lab.restores import NaiveRestore

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("nothing_left", "own_lab")]


@pytest.fixture
def emergency(lab: Lab, sandbox: str) -> Iterator[NaiveRestore]:
    """Somebody's restore, not asked for yet; it and its copy are removed afterwards."""
    restore = NaiveRestore(lab.cluster, lab.velero_namespace, f"{sandbox}-emergency")
    yield restore
    restore.remove()


def of_a_restore(verb: str) -> Callable[[Line], bool]:
    """The log line in which a Restore is created or deleted."""
    return lambda line: (
        line.get("action") == verb and line.get("resource", "").startswith("Restore ")
    )


def test_a_real_restore_goes_first(desk: Desk, sandbox: str, emergency: NaiveRestore) -> None:
    """The drill's own, in the queue already, is withdrawn and asked for anew."""
    with desk.run(desk.scenario(sandbox)) as drill:
        drill.wait_for(action("create", f"Namespace {sandbox}", "success"))
        with standing_still("velero"):
            drill.wait_for(of_a_restore("create"))
            emergency.ask()
            drill.wait_for(of_a_restore("delete"))
        ended = drill.end()
    assert ended.code == 0, ended.text
    (stage,) = [row for row in ended.rows("stages") if row["name"] == "restore"]
    assert stage["waitSeconds"]
    codes = {finding["code"] for finding in ended.rows("findings")}
    assert "gave-way" in codes
    assert "restore-held-up" not in codes
    first = str(status_of(emergency.ended())["startTimestamp"])
    assert first <= str(ended.part("restore")["startedAt"])
