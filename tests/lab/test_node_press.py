"""A second application on the real node: an operator, several claims, a webhook, a Job waited for.

What a restore by Velero alone cannot bring back is not passed over: a Job that has completed is
not restored, and pods whose init container waits for it never run, in a real disaster either.
"""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from tests.lab import csi_drills
from tests.lab.application import press_room, shopkeeping
from tests.lab.conftest import Lab
from tests.lab.drilling import Desk, Ended, stage
from tests.lab.footprint import difference, footprint
from tests.lab.parts import LAB

pytestmark = [pytest.mark.node, pytest.mark.timeout(1200)]
SECONDS = 600.0
SOURCES = (press_room.NAMESPACE, press_room.OPERATOR)


@pytest.fixture(scope="module")
def press(node_lab: Lab, own_node: None) -> Iterator[Lab]:
    """The real node with a running press."""
    press_room.apply_press(node_lab.cluster)
    yield node_lab
    press_room.remove_press(node_lab.cluster)


@pytest.fixture(scope="module")
def backup(press: Lab) -> Iterator[str]:
    """A backup of it, volumes by file-system backup."""
    name = f"press-{secrets.token_hex(3)}"
    spec = {"includedNamespaces": [press_room.NAMESPACE], "defaultVolumesToFsBackup": True}
    yield csi_drills.backed_up(press.cluster, name, spec)
    csi_drills.forget(press.cluster, name)


def drilled(press: Lab, desk: Desk, backup: str, *exclude: str) -> tuple[Ended, Mapping[str, str]]:
    """The ended drill, and what the webhook wrote on the copy's pods where they came up."""
    text = (LAB / "application" / "press-drill.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text.replace("${BACKUP}", backup))
    document["spec"]["restore"]["exclude"] = list(exclude)
    file = desk.folder / "press.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    with desk.run(file) as command:
        stamps: Mapping[str, str] = {}
        if exclude:
            command.wait_for(stage("probe"), SECONDS)
            stamps = press_room.stamps(press.cluster, "drill-press")
        return command.end(SECONDS), stamps


def test_what_the_operator_keeps_comes_back_with_every_claim(
    press: Lab, node_desk: Desk, backup: str
) -> None:
    """Without the readers, whose init container waits for what a restore does not bring."""
    before = footprint(press.cluster, press.velero_namespace, SOURCES)
    left_out = ("deployments.apps", "replicasets.apps")
    ended, stamps = drilled(press, node_desk, backup, *left_out)
    assert (ended.code, ended.report["verdict"]) == (0, "passed"), ended.text
    assert ended.report["proofLevel"] == "data", ended.text
    volumes = {volume["claim"]: volume["outcome"] for volume in ended.rows("volumes")}
    assert volumes == {f"log-{member}": "restored" for member in press_room.MEMBERS}
    assert stamps == dict.fromkeys(press_room.MEMBERS, "press-operator")
    after = footprint(press.cluster, press.velero_namespace, SOURCES)
    assert difference(before, after) == {}


def test_pods_that_wait_for_a_job_that_is_not_restored_are_told_of(
    press: Lab, node_desk: Desk, backup: str
) -> None:
    """Velero restores no Job that has completed (velero#3519): the readers wait for ever."""
    ended, _ = drilled(press, node_desk, backup)
    assert ended.code != 0, ended.text
    assert ended.report["verdict"] in {"failed", "inconclusive"}, ended.text
    assert "reader" in str(ended.report["reasons"]), ended.text
    assert ended.part("cleanup")["outcome"] == "clean", ended.text


def test_a_webhook_that_nobody_answers_is_the_environments(
    press: Lab, node_desk: Desk, backup: str
) -> None:
    """The same would keep production's own pods from being made anew; no backup is to blame."""
    shopkeeping.scale(press.cluster, "press-operator", press_room.OPERATOR, 0)
    try:
        ended, _ = drilled(press, node_desk, backup)
    finally:
        shopkeeping.scale(press.cluster, "press-operator", press_room.OPERATOR, 1)
    assert (ended.code, ended.report["verdict"]) == (3, "inconclusive"), ended.text
    assert "webhook" in str(ended.report["reasons"]), ended.text
    assert ended.part("cleanup")["outcome"] == "clean", ended.text
