"""Taking the real node down: nothing of it is left on this machine, and what is left is named."""

from pathlib import Path

import pytest

from tests.lab.conftest import Lab
from tests.lab.lifecycle import State
from tests.lab.node import cgroups, leftovers, lifecycle, machine, network
from tests.lab.node.before import Before
from tests.lab.node.bench import lay
from tests.lab.processes import REAL_NODE

pytestmark = [
    pytest.mark.node,
    pytest.mark.ends_the_node,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("passing_node"),
]


@pytest.fixture(scope="module")
def before(node_lab: Lab) -> Before:
    """What the machine was like; afterwards the node is down, with an application in it."""
    found = Before.read(leftovers.before_file(REAL_NODE))
    lay(node_lab.cluster, node_lab.kubeconfig, "lab-left")
    lifecycle.down()
    return found


def test_down_leaves_nothing(before: Before) -> None:
    assert leftovers.left(REAL_NODE, before) == ()
    assert lifecycle.state() is State.DOWN


def test_what_is_left_is_named(before: Before) -> None:
    group = next(Path("/sys/fs/cgroup").glob("pids"), Path("/sys/fs/cgroup")) / cgroups.NAME
    machine.call("ip", "link", "add", network.LINK, "type", "bridge")
    group.mkdir()
    try:
        found = leftovers.left(REAL_NODE, before)
    finally:
        group.rmdir()
        machine.call("ip", "link", "delete", network.LINK)
    assert found == (f"network interface {network.LINK}", f"control group {group}")
    assert leftovers.left(REAL_NODE, before) == ()
