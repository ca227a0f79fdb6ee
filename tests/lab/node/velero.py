"""Velero as an operator installs it: server and node agent as pods, volumes backed up by kopia.

In comes a cluster with a node and an object store, out comes a Velero whose storage is Available.
"""

from pathlib import Path
from typing import Any, cast

import yaml

from tests.lab.backups import BUCKET, NAMESPACE, run_velero, storage_available
from tests.lab.cluster import Cluster, status_of
from tests.lab.node.images import AWS_PLUGIN, VELERO
from tests.lab.processes import Run, wait_until

_SECONDS = 120.0
_SERVER = ("--backup-sync-period=5s", "--store-validation-frequency=5s")


def install_velero(
    run: Run, cluster: Cluster, url: str, credentials: Path, *, with_csi: bool
) -> None:
    """Installs it and waits until server and node agent run and its storage is Available.

    With CSI it snapshots volumes of CSI drivers that file-system backup does not take.

    Raises:
        LabError: They were not, in time.
    """
    features = ("--features=EnableCSI",) if with_csi else ()
    documents = _documents(run, url, credentials, features)
    definitions = [item for item in documents if item["kind"] == "CustomResourceDefinition"]
    for document in definitions:
        cluster.apply(document)
    wait_until("Velero's kinds", lambda: established(cluster, definitions), seconds=_SECONDS)
    cluster.refresh()
    for document in documents:
        if document["kind"] != "CustomResourceDefinition":
            cluster.apply(_local(document))
    wait_until("running Velero", lambda: _runs(cluster), seconds=_SECONDS)
    wait_until("Available storage location", lambda: storage_available(cluster), seconds=_SECONDS)


def _documents(
    run: Run, url: str, credentials: Path, features: tuple[str, ...]
) -> list[dict[str, Any]]:
    config = f"region=us-east-1,s3ForcePathStyle=true,s3Url={url}"
    text = run_velero(
        run, "install", "--dry-run", "--output=yaml",
        "--provider=aws", f"--plugins={AWS_PLUGIN}", f"--image={VELERO}",
        f"--bucket={BUCKET}", f"--backup-location-config={config}", f"--secret-file={credentials}",
        "--use-node-agent", "--default-volumes-to-fs-backup", "--use-volume-snapshots=false",
        "--velero-pod-cpu-request=50m", "--velero-pod-mem-request=64Mi", "--velero-pod-cpu-limit=0",
        "--velero-pod-mem-limit=0", *features,
    )  # fmt: skip
    found = yaml.safe_load(text)
    return cast("list[dict[str, Any]]", found["items"])


def _local(document: dict[str, Any]) -> dict[str, Any]:
    """The same with images that are there, and a server that looks around more often."""
    document.pop("status", None)
    document["metadata"].pop("creationTimestamp", None)
    if document["kind"] in {"Deployment", "DaemonSet"}:
        pod = document["spec"]["template"]["spec"]
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            container["imagePullPolicy"] = "IfNotPresent"
        if document["kind"] == "Deployment":
            pod["containers"][0]["args"] += _SERVER
    return document


def established(cluster: Cluster, definitions: list[dict[str, Any]]) -> bool:
    """Whether the API server knows the kinds."""

    def ready(name: str) -> bool:
        found = cluster.find("apiextensions.k8s.io/v1", "CustomResourceDefinition", name)
        conditions = cast("list[dict[str, str]]", status_of(found).get("conditions") or [])
        return any((c["type"], c["status"]) == ("Established", "True") for c in conditions)

    return all(ready(item["metadata"]["name"]) for item in definitions)


def _runs(cluster: Cluster) -> bool:
    server = status_of(cluster.find("apps/v1", "Deployment", "velero", NAMESPACE))
    agent = status_of(cluster.find("apps/v1", "DaemonSet", "node-agent", NAMESPACE))
    return server.get("availableReplicas") == 1 and agent.get("numberAvailable") == 1
