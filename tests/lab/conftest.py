"""The fixtures that give tests marked `lab` a real control plane, and a real node if marked `node`.

In comes `LAB_KUBECONFIG` or `LAB_NODE_KUBECONFIG`, or the labs of this folder; out comes a `Lab`.
Tests are skipped, in words, where neither is to be had.
"""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab import csi_drills, lifecycle, parts
from tests.lab.application import shopkeeping
from tests.lab.backups import NAMESPACE
from tests.lab.cluster import Cluster
from tests.lab.control_plane import KUBECONFIG
from tests.lab.drilling import Desk
from tests.lab.footprint import difference, footprint
from tests.lab.lifecycle import State
from tests.lab.node import csi
from tests.lab.node import lifecycle as node
from tests.lab.node.network import NodeTaken
from tests.lab.processes import REAL_NODE


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A cluster to test against: its kubeconfig, a client, the namespace of its Velero."""

    kubeconfig: Path
    cluster: Cluster
    velero_namespace: str


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The cluster of `LAB_KUBECONFIG`, or this folder's lab, brought up if it is down.

    It is taken down again only by the session that brought it up.
    """
    given = os.environ.get("LAB_KUBECONFIG")
    ours = not given and _bring_up()
    kubeconfig = Path(given) if given else KUBECONFIG
    cluster = Cluster(kubeconfig)
    yield Lab(kubeconfig=kubeconfig, cluster=cluster, velero_namespace=NAMESPACE)
    cluster.close()
    if ours:
        lifecycle.down()


@pytest.fixture(scope="session")
def node_lab(brought_up: bool) -> Iterator[Lab]:
    """The cluster of `LAB_NODE_KUBECONFIG`, or this folder's real node, brought up if it is down.

    It is taken down again only by the session that brought it up.
    """
    given = os.environ.get("LAB_NODE_KUBECONFIG")
    kubeconfig = Path(given) if given else REAL_NODE.kubeconfig
    cluster = Cluster(kubeconfig)
    yield Lab(kubeconfig=kubeconfig, cluster=cluster, velero_namespace=NAMESPACE)
    cluster.close()
    if brought_up:
        node.down()


@pytest.fixture(scope="session")
def brought_up() -> bool:
    """Brings the node up and says whether it was down before; skips where it cannot be."""
    if os.environ.get("LAB_NODE_KUBECONFIG"):
        return False
    _skip_in_parallel()
    if reason := node.why_not():
        pytest.skip(
            f"the lab's real node cannot run here: {reason};"
            " or name a cluster with a node and Velero in LAB_NODE_KUBECONFIG"
        )
    try:
        return node.up(lambda _: None) is not State.RUNNING
    except NodeTaken as error:
        pytest.skip(str(error))


def _skip_in_parallel() -> None:
    """Parallel workers would each want a lab, and take it down under each other."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip(
            "labs are for one process: `make lab-test`, or pytest without -n;"
            " or name a cluster in LAB_KUBECONFIG and LAB_NODE_KUBECONFIG"
        )


@pytest.fixture
def node_desk(node_lab: Lab, tmp_path: Path) -> Desk:
    """Where a test's own drills write, against the real node."""
    return Desk(folder=tmp_path, kubeconfig=node_lab.kubeconfig)


@pytest.fixture
def shop(node_lab: Lab) -> Lab:
    """The real node with a running shop: see `application/`."""
    shopkeeping.apply_shop(node_lab.cluster)
    return node_lab


@pytest.fixture
def unharmed(shop: Lab) -> Iterator[None]:
    """Fails a test after which a copy has written to production, whatever else is equal."""
    yield
    assert shopkeeping.writers(shop.cluster) == ["api"]


@pytest.fixture
def backup_name() -> str:
    """A backup of the test's own."""
    return f"judged-{secrets.token_hex(4)}"


@pytest.fixture(scope="session")
def own_node(node_lab: Lab) -> None:
    """Skips where the node is not this folder's own, whose policies can be switched."""
    if node_lab.kubeconfig != REAL_NODE.kubeconfig:
        pytest.skip("needs the real node of this folder: its policies and volumes are ours")


@pytest.fixture(scope="session")
def csi_lab(node_lab: Lab, own_node: None) -> Lab:
    """The real node of this folder, if it came up with CSI."""
    if reason := csi.why_not():
        pytest.skip(f"the real node has no CSI: {reason}")
    if node_lab.cluster.find("storage.k8s.io/v1", "CSIDriver", csi.DRIVER) is None:
        pytest.skip("the real node came up before CSI was built; take it down once")
    return node_lab


@pytest.fixture(scope="module")
def csi_files(csi_lab: Lab) -> Iterator[csi_drills.Files]:
    """An application on two CSI volumes, which stay when their claims go (policy Retain)."""
    name = f"csi-{secrets.token_hex(3)}"
    made = csi_drills.lay(csi_lab.cluster, csi_lab.kubeconfig, name, keep=True)
    yield made
    csi_drills.remove(made)


@pytest.fixture(scope="module")
def csi_backup(csi_lab: Lab, csi_files: csi_drills.Files) -> Iterator[str]:
    """A backup of it by snapshots: its data is in the storage alone."""
    yield from _csi_backup(csi_lab, csi_files, moved=False)


@pytest.fixture(scope="module")
def csi_moved(csi_lab: Lab, csi_files: csi_drills.Files) -> Iterator[str]:
    """A backup of it with its data moved to the bucket."""
    yield from _csi_backup(csi_lab, csi_files, moved=True)


def _csi_backup(lab: Lab, files: csi_drills.Files, *, moved: bool) -> Iterator[str]:
    name = f"{'moved' if moved else 'snapshot'}-{secrets.token_hex(3)}"
    yield csi_drills.back_up(lab.cluster, name, files.namespace, moved=moved)
    csi_drills.forget(lab.cluster, name)


@pytest.fixture(scope="session")
def unproven() -> None:
    """Skips tests that no node has run to their end yet, unless they are asked for."""
    if not os.environ.get("LAB_UNPROVEN"):
        pytest.skip("nobody has seen it run to its end yet; LAB_UNPROVEN=1 runs it")


@pytest.fixture(scope="session")
def passing_node(brought_up: bool) -> None:
    """Skips where the node was up before these tests, for somebody else may need it after them."""
    if not brought_up:
        pytest.skip("the node was up already; it is taken down only by tests that brought it up")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes a node down comes after everything that needs one, however tests are shuffled."""
    items.sort(key=lambda item: item.get_closest_marker("ends_the_node") is not None)


def _bring_up() -> bool:
    """Brings the lab up and says whether it was down before; skips where it is not built."""
    _skip_in_parallel()
    if lifecycle.state() is State.NOT_BUILT:
        names = ", ".join(parts.missing_parts())
        pytest.skip(
            f"the lab is not built ({names} missing); build it once with"
            " `python tests/lab/lab.py build` (Go needed, about 15 minutes),"
            " or name a cluster with Velero in LAB_KUBECONFIG"
        )
    return lifecycle.up() is not State.RUNNING


@pytest.fixture
def desk(lab: Lab, tmp_path: Path) -> Desk:
    """Where a test's own drills write, against the lab's cluster."""
    return Desk(folder=tmp_path, kubeconfig=lab.kubeconfig)


@pytest.fixture
def sandbox() -> str:
    """A sandbox of the test's own."""
    return f"lab-drill-{secrets.token_hex(4)}"


@pytest.fixture
def nothing_left(lab: Lab) -> Iterator[None]:
    """Fails a test after which cluster or bucket are not what they were before it."""
    before = footprint(lab.cluster, lab.velero_namespace)
    yield
    assert difference(before, footprint(lab.cluster, lab.velero_namespace)) == {}


@pytest.fixture(scope="session")
def own_lab(lab: Lab) -> None:
    """Skips where the cluster is not this folder's own, whose programs can be stopped."""
    if lab.kubeconfig != KUBECONFIG:
        pytest.skip("needs the lab of this folder: its programs are stopped, its bucket is filled")
