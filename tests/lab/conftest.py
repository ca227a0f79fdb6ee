"""The fixture that gives tests marked `lab` a real control plane with a real Velero.

In comes `LAB_KUBECONFIG`, or the lab of this folder; out comes a `Lab`. Tests are skipped, in
words, where neither is to be had.
"""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab import lifecycle, parts
from tests.lab.backups import NAMESPACE
from tests.lab.cluster import Cluster
from tests.lab.control_plane import KUBECONFIG
from tests.lab.drilling import Desk
from tests.lab.footprint import difference, footprint
from tests.lab.lifecycle import State


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


def _bring_up() -> bool:
    """Brings the lab up and says whether it was down before; skips where it is not built."""
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
