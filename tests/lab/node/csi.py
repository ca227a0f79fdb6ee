"""CSI on the real node: our own driver, the CSI project's sidecars, two classes of each kind.

In comes a running node, out come StorageClasses whose volumes Velero can snapshot. It is built
apart (`lab.py build csi`): a node without it comes up all the same, and tests of it are skipped.
Volumes and snapshots are folders in `run-node/csi`, so that a test can look into them, or damage
them behind everybody's back.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import yaml

from tests.lab import parts
from tests.lab.cluster import Cluster, status_of
from tests.lab.node.before import KUBELET
from tests.lab.node.kubelet import NODE
from tests.lab.processes import REAL_NODE, Process, Run, wait_until

DRIVER = "csi.lab.local"
FAST, SLOW = "csi-fast", "csi-slow"
"""Storage classes: bound when a pod comes, and at once."""
SNAPSHOTS, KEPT_SNAPSHOTS = "csi-snapshots", "csi-kept-snapshots"
"""Snapshot classes: Velero takes the first by its label, the second where a claim names it."""
BY_LABEL = "velero.io/csi-volumesnapshot-class"
PROGRAMS = 4
_SOCKET = KUBELET / "plugins" / DRIVER / "csi.sock"
_REGISTRATION = KUBELET / "plugins_registry" / f"{DRIVER}-reg.sock"
_SECONDS = 60.0


def why_not() -> str:
    """Why the real node comes up without CSI, and what to do about it; empty where it does not."""
    missing = parts.missing_parts(parts.CSI_PARTS)
    if not missing and parts.SNAPSHOT_CRDS.exists():
        return ""
    names = ", ".join(missing) or "the definitions of snapshot kinds"
    return f"not built: {names}; run python tests/lab/lab.py build csi"


def build(say: Callable[[str], object]) -> None:
    """Builds what is missing.

    Raises:
        LabError: A build failed.
    """
    for part in parts.CSI_PARTS:
        if parts.missing_parts((part,)):
            parts.build_part(part)
            say(f"built {part.name} {part.version}")
    parts.copy_snapshot_kinds()


def folder_of(run: Run = REAL_NODE) -> Path:
    """Where volumes and snapshots are."""
    return run.folder / "csi"


def snapshots(run: Run = REAL_NODE) -> frozenset[str]:
    """The ids of the snapshots that the storage has."""
    return frozenset(path.name for path in (folder_of(run) / "snapshots").glob("snap-*"))


def volumes(run: Run = REAL_NODE) -> frozenset[str]:
    """The ids of the volumes that the storage has."""
    return frozenset(path.name for path in (folder_of(run) / "volumes").glob("volu-*"))


def start_csi(run: Run, cluster: Cluster) -> None:
    """Starts driver and sidecars and waits until the kubelet knows the driver.

    Raises:
        LabError: Something ended or was not ready in time.
    """
    for file in sorted(parts.SNAPSHOT_CRDS.glob("*.yaml")):
        cluster.apply(cast("Mapping[str, object]", yaml.safe_load(file.read_text("utf-8"))))
    wait_until("snapshot kinds", lambda: _established(cluster), seconds=_SECONDS)
    cluster.refresh()
    for document in (*_classes(), _driver_object()):
        cluster.apply(document)
    process = _start_driver(run)
    _start_sidecars(run)
    wait_until("CSI driver", lambda: _registered(cluster), seconds=_SECONDS, process=process)


def _start_driver(run: Run) -> Process:
    command = [
        str(parts.CSI_DRIVER.path),
        f"-endpoint={_SOCKET}",
        f"-registration={_REGISTRATION}",
        f"-folder={folder_of(run)}",
        f"-node={NODE}",
    ]
    return run.start("csi-driver", command)


def _start_sidecars(run: Run) -> None:
    cluster, socket = f"--kubeconfig={run.kubeconfig}", f"--csi-address={_SOCKET}"
    for part, flags in (
        (parts.CSI_PROVISIONER, (socket, "--extra-create-metadata")),
        (parts.CSI_SNAPSHOTTER, (socket, "--extra-create-metadata")),
        (parts.SNAPSHOT_CONTROLLER, ()),
    ):
        run.start(part.name, [str(part.path), cluster, *flags])


def _established(cluster: Cluster) -> bool:
    def ready(kind: str) -> bool:
        name = f"{kind}.snapshot.storage.k8s.io"
        found = cluster.find("apiextensions.k8s.io/v1", "CustomResourceDefinition", name)
        conditions = cast("list[dict[str, str]]", status_of(found).get("conditions") or [])
        return any((c["type"], c["status"]) == ("Established", "True") for c in conditions)

    return all(map(ready, ("volumesnapshots", "volumesnapshotcontents", "volumesnapshotclasses")))


def _registered(cluster: Cluster) -> bool:
    node = cluster.find("storage.k8s.io/v1", "CSINode", NODE) or {}
    spec = cast("Mapping[str, list[dict[str, object]]]", node.get("spec", {}))
    return any(driver["name"] == DRIVER for driver in spec.get("drivers") or ())


def _driver_object() -> Mapping[str, object]:
    spec = {"attachRequired": False, "podInfoOnMount": False, "fsGroupPolicy": "File"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSIDriver",
        "metadata": {"name": DRIVER},
        "spec": spec,
    }


def _classes() -> tuple[Mapping[str, object], ...]:
    storage = (
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name},
            "provisioner": DRIVER,
            "reclaimPolicy": "Delete",
            "volumeBindingMode": mode,
        }
        for name, mode in ((FAST, "WaitForFirstConsumer"), (SLOW, "Immediate"))
    )
    taken = (
        {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshotClass",
            "metadata": {"name": name, "labels": labels},
            "driver": DRIVER,
            "deletionPolicy": policy,
        }
        for name, labels, policy in (
            (SNAPSHOTS, {BY_LABEL: "true"}, "Delete"),
            (KEPT_SNAPSHOTS, {}, "Retain"),
        )
    )
    return (*storage, *taken)
