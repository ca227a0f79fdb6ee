"""A part goes away for thirty seconds while a volume's data comes back on a real node.

Passed later or left open; never blamed on the backup; nothing left once all are back.
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from tests.lab.backups import NAMESPACE, run_velero
from tests.lab.cluster import Cluster, status_of
from tests.lab.conftest import Lab
from tests.lab.drilling import Desk, Ended
from tests.lab.footprint import Footprint, difference, footprint
from tests.lab.node.bench import Bench, bench
from tests.lab.outages import standing_still_for
from tests.lab.parts import LabError
from tests.lab.processes import REAL_NODE, wait_until

pytestmark = [
    pytest.mark.node,
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("own_node"),
]

OUTAGE_SECONDS = 30.0
SECONDS = 300.0
_MEGABYTES = 60
_VELERO = "velero.io/v1"
_NOT_MOVING = {None, "", "New", "Accepted", "Prepared"}
"""Phases that a node agent which goes away loses sight of: the drill would wait for six minutes."""
_OPEN = {"passed", "warned", "inconclusive"}
Outage = Callable[[Cluster], AbstractContextManager[None]]


@pytest.fixture(name="saved", scope="module")
def _saved(node_lab: Lab) -> Iterator[Bench]:
    """An application with some data in its volume, and a backup of it under the same name."""
    name = f"lab-saved-{secrets.token_hex(4)}"
    with bench(node_lab.cluster, node_lab.kubeconfig, name) as made:
        made.shell("web", f"dd if=/dev/urandom of=/data/blob bs=1M count={_MEGABYTES}; sync")
        run_velero(REAL_NODE, "backup", "create", name, f"--include-namespaces={name}", "--wait")
        yield made
        run_velero(REAL_NODE, "backup", "delete", name, "--confirm")
        wait_until(
            "end of the backup",
            lambda: node_lab.cluster.find(_VELERO, "Backup", name, NAMESPACE) is None,
            seconds=SECONDS,
        )


def _scenario(desk: Desk, saved: Bench, sandbox: str) -> Path:
    digest = saved.shell("web", "sha256sum /data/blob").out.split()[0]
    return desk.scenario(
        sandbox,
        backup={"engine": "velero", "namespace": NAMESPACE, "name": saved.namespace},
        restore={
            "namespaces": {saved.namespace: sandbox},
            "deadline": "2m",
            # Velero cancels what it lost sight of after five minutes, and looks once a minute.
            "cleanupDeadline": "8m",
        },
        objectives={"rto": "2m", "rpo": "26h"},
        prove="data",
        probes=[
            {
                "name": "the data is back",
                "exec": {"workload": "pod/web", "command": ["sha256sum", "/data/blob"]},
                "expect": {"stdout": {"contains": digest}},
                "proves": "data",
            }
        ],
    )


def _stands_still(program: str) -> Outage:
    return lambda _: standing_still_for(program, OUTAGE_SECONDS, REAL_NODE)


@contextmanager
def _for_a_while(come_back: Callable[[], None]) -> Iterator[None]:
    timer = threading.Timer(OUTAGE_SECONDS, come_back)
    timer.start()
    try:
        yield
    finally:
        timer.join()


@contextmanager
def _without_agent(cluster: Cluster) -> Iterator[None]:
    """The node agent's pod is deleted, and none takes its place."""

    def select(value: str | None) -> None:
        nowhere = {"spec": {"template": {"spec": {"nodeSelector": {"lab/nowhere": value}}}}}
        cluster.patch("apps/v1", "DaemonSet", "node-agent", nowhere, NAMESPACE)

    select("true")
    with _for_a_while(lambda: select(None)):
        yield
    wait_until("node agent", lambda: _available(cluster, "DaemonSet"), seconds=SECONDS)


@contextmanager
def _without_velero(cluster: Cluster) -> Iterator[None]:
    """The server's pod is deleted, and none takes its place."""

    def scale(replicas: int) -> None:
        change = {"spec": {"replicas": replicas}}
        cluster.patch("apps/v1", "Deployment", "velero", change, NAMESPACE)

    scale(0)
    with _for_a_while(lambda: scale(1)):
        yield
    wait_until("Velero", lambda: _available(cluster, "Deployment"), seconds=SECONDS)


def _available(cluster: Cluster, kind: str) -> bool:
    name = "velero" if kind == "Deployment" else "node-agent"
    status = status_of(cluster.find("apps/v1", kind, name, NAMESPACE))
    return 1 in {status.get("availableReplicas"), status.get("numberAvailable")}


OUTAGES: Mapping[str, Outage] = {
    "node-agent": _without_agent,
    "velero": _without_velero,
    "s3": _stands_still("s3"),
    "kube-apiserver": _stands_still("kube-apiserver"),
    "kubelet": _stands_still("kubelet"),
    "containerd": _stands_still("containerd"),
}


@pytest.mark.parametrize("who", OUTAGES)
def test_in_the_middle_of_a_volume(node_lab: Lab, node_desk: Desk, saved: Bench, who: str) -> None:
    sandbox = f"lab-outage-{secrets.token_hex(4)}"
    before = footprint(node_lab.cluster, node_lab.velero_namespace, [saved.namespace])
    with node_desk.run(_scenario(node_desk, saved, sandbox)) as drill:
        wait_until(
            "volume on its way",
            lambda: _under_way(node_lab.cluster, sandbox),
            seconds=SECONDS,
        )
        with OUTAGES[who](node_lab.cluster):
            ended = drill.end(3 * SECONDS)
    _judge(ended)
    if node_desk.journals:
        assert node_desk.clean().code == 0
    changes = partial(_changes, node_lab, before, saved.namespace)
    with suppress(LabError):  # the assertion says what is not as it was
        wait_until("cluster as before", lambda: changes() == {}, seconds=SECONDS / 3)
    assert changes() == {}


def _judge(ended: Ended) -> None:
    print(ended.report["verdict"], ended.report["reasons"], ended.report["cleanup"])  # noqa: T201 - for -s
    assert ended.report["verdict"] in _OPEN, ended.text
    assert "backup" not in {reason["cause"] for reason in ended.rows("reasons")}, ended.text
    if ended.report["verdict"] == "passed":
        assert ended.report["proofLevel"] == "data", ended.text


def _under_way(cluster: Cluster, sandbox: str) -> bool:
    for item in cluster.list(_VELERO, "PodVolumeRestore", NAMESPACE):
        pod = cast("Mapping[str, Mapping[str, object]]", item["spec"])["pod"]
        if pod["namespace"] == sandbox and status_of(item).get("phase") not in _NOT_MOVING:
            return True
    return False


def _changes(lab: Lab, before: Footprint, source: str) -> Mapping[str, object]:
    """What is not as it was, Velero's own workloads apart, which are started anew."""
    found = difference(before, footprint(lab.cluster, lab.velero_namespace, [source]))
    theirs = ("Pod velero/", "ReplicaSet velero/", "ControllerRevision velero/", "Event ")
    theirs += ("Deployment velero/", "DaemonSet velero/", "Endpoint", "Lease ", "Node ")
    left = {
        word: [name for name in cast("list[str]", names) if not name.startswith(theirs)]
        for word, names in found.items()
    }
    return {word: names for word, names in left.items() if names}
