"""The StorageClass `local`: a folder on this machine for each claim, deleted with its volume.

Runs beside the cluster, as a program of its own: `python tests/lab/node/storage.py KUBECONFIG
FOLDER`. In come claims that wait for a volume on the node, out come `local` PersistentVolumes,
which Velero's node agent can read, unlike `hostPath` ones.
"""

import shutil
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.lab.cluster import Cluster
from tests.lab.watching import Watched

PROVISIONER = "lab.local/folders"
CLASS = "local"
_BY = "pv.kubernetes.io/provisioned-by"
_NODE = "volume.kubernetes.io/selected-node"
_REST_SECONDS = 0.5

STORAGE_CLASS: Mapping[str, object] = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {
        "name": CLASS,
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": PROVISIONER,
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "WaitForFirstConsumer",
}


def wanted_volume(claim: Mapping[str, Any], folder: Path) -> dict[str, Any] | None:
    """The volume that a claim waits for; None while it is not ours to make."""
    meta, spec = claim["metadata"], claim["spec"]
    node = meta.get("annotations", {}).get(_NODE)
    if spec.get("storageClassName") != CLASS or spec.get("volumeName") or node is None:
        return None
    name = f"pvc-{meta['uid']}"
    terms = [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {_BY: PROVISIONER}},
        "spec": {
            "storageClassName": CLASS,
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "persistentVolumeReclaimPolicy": "Delete",
            "volumeMode": "Filesystem",
            "local": {"path": str(folder / name)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": terms}]}},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": meta["namespace"],
                "name": meta["name"],
                "uid": meta["uid"],
            },
        },
    }


def is_over(volume: Mapping[str, Any], folder: Path) -> bool:
    """Whether a volume of ours was released by its claim and is to go with its content."""
    ours = volume["metadata"].get("annotations", {}).get(_BY) == PROVISIONER
    spec = volume["spec"]
    where = Path(spec.get("local", {}).get("path", "/"))
    return (
        ours
        and volume.get("status", {}).get("phase") in {"Released", "Failed"}
        and spec["persistentVolumeReclaimPolicy"] == "Delete"
        # A restored or hand-made volume may name any path.
        and where == folder / volume["metadata"]["name"]
    )


def provision(cluster: Cluster, claims: Watched, volumes: Watched, folder: Path) -> None:
    """Makes the volumes that are waited for and removes those that are over."""
    there = volumes.objects()
    for claim in claims.objects().values():
        volume = wanted_volume(claim, folder)
        if volume is not None and ("", volume["metadata"]["name"]) not in there:
            made = Path(volume["spec"]["local"]["path"])
            made.mkdir(parents=True, exist_ok=True)
            made.chmod(0o777)  # whoever the pod runs as
            # Applied, not created: what the watch has not told yet may be there.
            cluster.apply(volume)
    for found in there.values():
        if is_over(found, folder):
            name = str(found["metadata"]["name"])
            shutil.rmtree(folder / name, ignore_errors=True)
            if cluster.find("v1", "PersistentVolume", name) is not None:
                cluster.delete("v1", "PersistentVolume", name)


def main(kubeconfig: str, folder: str) -> None:
    """Provisions until it is ended; what goes wrong is said and tried again."""
    cluster = Cluster(Path(kubeconfig))
    changed = threading.Event()
    claims, volumes = (
        Watched(Path(kubeconfig), "v1", kind, changed.set)
        for kind in ("PersistentVolumeClaim", "PersistentVolume")
    )
    claims.start()
    volumes.start()
    while True:
        changed.clear()
        try:
            provision(cluster, claims, volumes, Path(folder))
        except Exception:  # noqa: BLE001 - the API server may be away in a test of just that
            traceback.print_exc()
            time.sleep(_REST_SECONDS)
            continue
        changed.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
