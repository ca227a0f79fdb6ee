"""A backup that a real Velero makes, compared with the source that it was made of."""

from datetime import UTC, datetime, timedelta

import pytest

from drills.coverage.judging import CLOCKS_APART
from tests.lab.backups import back_up
from tests.lab.conftest import Lab
from tests.lab.drilling import Desk
from tests.lab.processes import FAKE_NODE, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("own_lab")]


def test_a_genuine_backup_lacks_nothing_of_what_a_real_server_serves(
    lab: Lab, desk: Desk, sandbox: str
) -> None:
    """Whatever kinds there are: those that Velero never backs up are no false alarm."""
    namespace = lab.cluster.find("v1", "Namespace", "production")
    made = datetime.fromisoformat(namespace["metadata"]["creationTimestamp"])  # type: ignore[index]
    old = made + CLOCKS_APART + timedelta(seconds=5)
    wait_until("an application that is old enough", lambda: datetime.now(UTC) > old, seconds=90)
    backup = {
        "engine": "velero",
        "namespace": lab.velero_namespace,
        "name": back_up(FAKE_NODE, lab.cluster),
        "compareWithSource": True,
    }
    with desk.run(desk.scenario(sandbox, backup=backup)) as drill:
        ended = drill.end()
    assert ended.code == 0, ended.text
    verify = next(one for one in ended.rows("stages") if one["name"] == "verify")
    held, _, asked = str(verify["message"]).partition("; ")[2].split()[:3]
    assert int(held) == int(asked) > 15
    codes = {finding["code"] for finding in ended.rows("findings")}
    assert not codes & {"not-in-backup", "source-not-read"}
