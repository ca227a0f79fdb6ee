"""A volume restore that Velero's node agent lost sight of: named while it is there, then gone.

Seen on a real node: an agent that was replaced while it prepared one left it to itself, the drill's
Restore went, and the pod with the restored data stayed for five minutes more.
"""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.velero.server import VeleroOptions
from runner.cli import main
from tests.e2e.living import LATEST, SHORT, SHORT_CLUSTER, On, served, things
from tests.e2e.test_interrupted import Runner, journals

KIND = "podvolumerestores.velero.io"


@pytest.fixture(name="cluster")
def _cluster() -> Iterator[EmbeddedCluster]:
    options = VeleroOptions(volume_limit=0.5)
    with EmbeddedCluster(stand_ins=["shop"], velero_options=options) as cluster:
        cluster.velero.strand_agent()
        yield cluster


def test_it_is_named_and_clean_proves_it_gone(
    cluster: EmbeddedCluster, write: Callable[..., Path], tmp_path: Path
) -> None:
    before = things(cluster)
    scenario = write(cluster=SHORT_CLUSTER, backup=LATEST, restore=SHORT)
    reports = tmp_path / "drill-reports"
    runner = Runner(scenario, cluster.kubeconfig(tmp_path / "kubeconfig"), reports)
    assert runner.end() == 3
    runner.dismiss()
    (written,) = reports.glob("*/report.json")
    (said,) = json.loads(written.read_text())["cleanup"]["leftovers"]
    assert said.startswith("PodVolumeRestore velero/drill-")
    assert "(Accepted) waits for Velero's node agent to cancel it" in said
    assert {key[0] for key in set(things(cluster)) - set(before)} == {KIND}
    cluster.velero.start_agent()
    assert main(["clean", "--report-dir", str(reports)]) == 0
    assert things(cluster) == before
    assert journals(tmp_path) == []


def test_one_that_goes_while_the_drill_cleans_up_is_no_leftover(
    cluster: EmbeddedCluster, on: On
) -> None:
    """The drill waits for it, with nothing else left to wait for."""

    def come_back() -> None:
        for event in cluster.objects.storage.watch(served(cluster, KIND)):
            if event.object["metadata"].get("deletionTimestamp"):
                cluster.velero.start_agent()
                return

    before = things(cluster)
    thread = threading.Thread(target=come_back, daemon=True)
    thread.start()
    done = on(restore=SHORT)
    thread.join(5)
    assert (done.code, done.verdict) == (3, "inconclusive")
    assert done.document["cleanup"] == {"outcome": "clean", "leftovers": [], "removed": 2}
    assert things(cluster) == before
