"""A drill's own overhead on the embedded cluster: wall time less the time Velero itself needs.

The bare restore is a Restore of the same backup with the same filters, created through the API and
watched to its end; the drill is the quickstart with all its checks. They alternate on one cluster,
so a drift of the machine's speed hits both.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from clone import ROOT

from drills.adapters.kube import KubeCluster, connect_cluster
from drills.ports import Kind
from embedded.cluster import EmbeddedCluster
from runner.cli import main

RESTORE = Kind("velero.io/v1", "Restore")
NAMESPACE = Kind("v1", "Namespace")
BACKUP = Kind("velero.io/v1", "Backup")
ENDED = {"Completed", "PartiallyFailed", "Failed", "FailedValidation"}


def bare_restore(cluster: KubeCluster, name: str) -> float:
    """Restore without any of our checks; return the seconds until Velero ended."""
    backup = max(
        (b for b in cluster.list(BACKUP, "velero") if "daily" in b["metadata"]["name"]),
        key=lambda b: b["status"]["startTimestamp"],
    )["metadata"]["name"]
    target = f"bare-{name}"
    manifest = {
        "apiVersion": RESTORE.api_version,
        "kind": RESTORE.kind,
        "metadata": {"name": target, "namespace": "velero"},
        "spec": {
            "backupName": backup,
            "includedNamespaces": ["production"],
            "namespaceMapping": {"production": target},
            "excludedResources": ["services", "ingresses.networking.k8s.io"],
        },
    }
    began = time.perf_counter()
    cluster.create(manifest)
    for change in cluster.watch(RESTORE, "velero", name=target, stop=lambda: False):
        if change and change.object.get("status", {}).get("phase") in ENDED:
            break
    seconds = time.perf_counter() - began
    made = cluster.get(NAMESPACE, "", target)
    if made is not None:
        cluster.delete(NAMESPACE, "", target, uid=made["metadata"]["uid"])
    return seconds


def drill(kubeconfig: Path, folder: Path) -> float:
    """Run the quickstart on the same cluster; return its wall seconds."""
    scenario = str(ROOT / "scenarios" / "quickstart.yaml")
    began = time.perf_counter()
    code = main(
        [
            "run",
            scenario,
            "--context",
            "embedded",
            "--kubeconfig",
            str(kubeconfig),
            "--report-dir",
            str(folder),
            "--log-format",
            "json",
        ]
    )
    if code:
        raise SystemExit(f"the drill ended with exit code {code}")
    return time.perf_counter() - began


def bench(runs: int) -> None:
    """Alternate both `runs` times after one warm-up and print medians."""
    bare: list[float] = []
    whole: list[float] = []
    with (
        tempfile.TemporaryDirectory() as temporary,
        EmbeddedCluster(stand_ins=["shop", "ledger"]) as embedded,
    ):
        kubeconfig = embedded.kubeconfig(Path(temporary) / "kubeconfig")
        cluster = connect_cluster(kubeconfig=str(kubeconfig), context="embedded")
        for number in range(runs + 1):
            spent = bare_restore(cluster, str(number)), drill(kubeconfig, Path(temporary))
            if number:
                bare.append(spent[0])
                whole.append(spent[1])
    over = [b - a for a, b in zip(bare, whole, strict=True)]
    print(f"bare restore: median {statistics.median(bare):.3f} s")
    print(f"whole drill:  median {statistics.median(whole):.3f} s")
    print(f"overhead:     median {statistics.median(over):.3f} s (max {max(over):.3f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    bench(parser.parse_args().runs)
