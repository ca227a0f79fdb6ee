"""Makes the kept backups with CSI anew: `python tests/lab/csi_corpus.py`.

In comes a real node that is built, with CSI; out come two buckets below `tests/corpus`, one with a
backup by snapshots, one with moved data, each as the Velero of the lab wrote it.
"""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import csi_drills, parts, stored
from tests.lab.cluster import Cluster
from tests.lab.control_plane import read_places
from tests.lab.lifecycle import State
from tests.lab.node import csi
from tests.lab.node import lifecycle as node
from tests.lab.processes import REAL_NODE

CORPUS = parts.LAB.parent / "corpus" / "csi" / f"velero-{parts.VELERO.version.removeprefix('v')}"
NAMESPACE = "files"


def make(folder: Path = CORPUS) -> None:
    """Brings the node up unless it runs, makes both, and leaves it as it was.

    Raises:
        LabError: It is not built, or something failed.
    """
    if reason := node.why_not() or csi.why_not():
        raise parts.LabError(reason)
    before = node.up(print)
    cluster = Cluster(REAL_NODE.kubeconfig)
    try:
        files = csi_drills.lay(cluster, REAL_NODE.kubeconfig, NAMESPACE)
        places = read_places(REAL_NODE)
        client = stored.store(f"http://{places.address}:{places.s3}")
        for name, moved in (("csi-snapshot", False), ("csi-data-mover", True)):
            csi_drills.back_up(cluster, name, files.namespace, moved=moved)
            shutil.rmtree(folder / name, ignore_errors=True)
            stored.keep(client, folder / name, f"backups/{name}/", f"kopia/{NAMESPACE}/")
            csi_drills.forget(cluster, name)
    finally:
        cluster.close()
        if before is not State.RUNNING:
            node.down()


if __name__ == "__main__":
    make()
