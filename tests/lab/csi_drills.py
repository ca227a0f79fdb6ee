"""An application on CSI volumes, its backups by snapshot and by data movement, drills of them.

In comes a real node with CSI, out come backups whose data is in the storage or in the bucket, and
scenarios that ask for every file byte for byte.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from tests.lab.backups import run_velero
from tests.lab.cluster import Cluster, read_manifest, status_of
from tests.lab.control_plane import MANIFESTS
from tests.lab.drilling import Desk, Ended
from tests.lab.node import bench, csi
from tests.lab.node.images import BUSYBOX
from tests.lab.parts import LabError
from tests.lab.processes import REAL_NODE, wait_until

API = "velero.io/v1"
SECONDS = 300.0
WORKLOADS = ("data", "archive")
"""Each with a claim and a folder of that name."""
_ENDED = frozenset({"Completed", "PartiallyFailed", "Failed", "FailedValidation"})
_WRITE = (
    "dd if=/dev/urandom of={0}/blob bs=32k count=2 2>/dev/null;"
    " mkdir -p {0}/deep && echo written >{0}/deep/note; sync"
)
_TREE = "cd {0} && find . -type f -exec sha256sum {{}} + | LC_ALL=C sort -k 2 | sha256sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The application: where it is, and what its volumes hold."""

    cluster: Cluster
    namespace: str
    trees: Mapping[str, str]
    """Workload to a digest of all files in its volume."""

    @property
    def copy(self) -> str:
        """The sandbox of its drills."""
        return f"{self.namespace}-copy"


def lay(cluster: Cluster, kubeconfig: Path, namespace: str, *, keep: bool = False) -> Files:
    """Applies the application, fills its volumes, and writes down what is in them.

    Args:
        cluster: Where.
        kubeconfig: The way there, for kubectl.
        namespace: The application's.
        keep: Whether its volumes stay when their claims go (policy Retain).
    """
    words = {
        "NAMESPACE": namespace, "IMAGE": BUSYBOX, "FAST": csi.FAST, "SLOW": csi.SLOW,
        "KEPT_SNAPSHOTS": csi.KEPT_SNAPSHOTS,
    }  # fmt: skip
    for document in read_manifest(MANIFESTS / "csi.yaml", words):
        cluster.apply(document)
    wait_until("files' pod", lambda: _rolled_out(cluster, namespace), seconds=SECONDS)
    made = bench.Bench(cluster=cluster, kubeconfig=kubeconfig, namespace=namespace)
    trees = {}
    for name in WORKLOADS:
        made.shell(f"deployment/{name}", _WRITE.format(f"/{name}"))
        trees[name] = made.shell(f"deployment/{name}", _TREE.format(f"/{name}")).out.split()[0]
    if keep:
        set_policy(cluster, namespace, "Retain")
    return Files(cluster=cluster, namespace=namespace, trees=trees)


def set_policy(cluster: Cluster, namespace: str, policy: str) -> None:
    """Says what becomes of the volumes of a namespace when their claims go."""
    for claim in cluster.list("v1", "PersistentVolumeClaim", namespace):
        name = str(cast("Mapping[str, str]", claim["spec"])["volumeName"])
        patch = {"spec": {"persistentVolumeReclaimPolicy": policy}}
        cluster.patch("v1", "PersistentVolume", name, patch)


def _rolled_out(cluster: Cluster, namespace: str) -> bool:
    found = (cluster.find("apps/v1", "Deployment", name, namespace) for name in WORKLOADS)
    return all(status_of(each).get("readyReplicas") == 1 for each in found)


def remove(files: Files) -> None:
    """Takes the application down, volumes and all."""
    set_policy(files.cluster, files.namespace, "Delete")
    bench.remove(files.cluster, files.namespace)


def back_up(cluster: Cluster, name: str, *namespaces: str, moved: bool) -> str:
    """Makes a backup by CSI snapshots, with `moved` of what is in them, and returns its name.

    Raises:
        LabError: It did not end Completed.
    """
    spec = {
        "includedNamespaces": list(namespaces),
        "defaultVolumesToFsBackup": False,
        "snapshotMoveData": moved,
        "csiSnapshotTimeout": "5m",
    }
    return backed_up(cluster, name, spec)


def backed_up(cluster: Cluster, name: str, spec: Mapping[str, object]) -> str:
    """Makes any backup and returns its name.

    Raises:
        LabError: It did not end Completed.
    """
    metadata = {"name": name, "namespace": "velero"}
    whole = {**spec, "ttl": "720h0m0s"}
    cluster.create({"apiVersion": API, "kind": "Backup", "metadata": metadata, "spec": whole})

    def phase() -> object:
        return status_of(cluster.find(API, "Backup", name, "velero")).get("phase")

    wait_until(f"end of backup {name}", lambda: phase() in _ENDED, seconds=SECONDS)
    if phase() != "Completed":
        raise LabError(f"backup {name} ended {phase()}; ask Velero why")
    return name


def forget(cluster: Cluster, backup: str) -> None:
    """Deletes a backup with everything of it in the bucket and in the storage."""
    if cluster.find(API, "Backup", backup, "velero") is None:
        return
    run_velero(REAL_NODE, "backup", "delete", backup, "--confirm")
    wait_until(
        f"end of backup {backup}",
        lambda: cluster.find(API, "Backup", backup, "velero") is None,
        seconds=SECONDS,
    )


def scenario(desk: Desk, files: Files, backup: str) -> Path:
    """Writes the scenario of a drill that asks for every file."""
    document = {
        "apiVersion": "drills/v1",
        "kind": "RestoreDrill",
        "metadata": {"name": f"files-{backup}", "owner": "developers"},
        "spec": _spec(files, backup),
    }
    file = desk.folder / f"{backup}.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def _spec(files: Files, backup: str) -> dict[str, Any]:
    return {
        "cluster": {"context": "lab", "kubeconfig": "${LAB_KUBECONFIG}"},
        "backup": {"engine": "velero", "namespace": "velero", "name": backup},
        "restore": {"namespaces": {files.namespace: files.copy}, "deadline": "5m"},
        "isolation": {"requireProof": True, "prober": {"image": BUSYBOX}},
        "objectives": {"rto": "5m", "rpo": "26h"},
        "prove": "data",
        "probes": [
            {
                "name": f"files of {name}",
                "checksum": {
                    "namespace": files.namespace,
                    "workload": f"deployment/{name}",
                    "path": f"/{name}",
                },
                "expect": {"tree": tree, "count": 2},
                "proves": "data",
            }
            for name, tree in files.trees.items()
        ],
    }  # fmt: skip


def drill(desk: Desk, files: Files, backup: str) -> Ended:
    """Drills a backup of the application to the drill's end."""
    with desk.run(scenario(desk, files, backup)) as command:
        return command.end(SECONDS * 2)
