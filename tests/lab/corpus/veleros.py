"""One Velero of any version on the lab's real node: its image, its installation, its command line.

In comes a version, such as `1.10.3`; out comes a Velero whose storage is Available. The one that
was there before goes first, with its kinds.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from tests.lab import parts
from tests.lab.backups import NAMESPACE
from tests.lab.cluster import Cluster, status_of
from tests.lab.images import IMAGES
from tests.lab.node.images import AWS_PLUGIN, Image
from tests.lab.node.velero import established
from tests.lab.parts import LabError, Part
from tests.lab.processes import Run, wait_until

API = "velero.io/v1"
OWN = parts.VELERO.version.removeprefix("v")
VERSIONS = (*parts.OLD_VELEROS, OWN)
_SECONDS = 300.0
_DEFINITION = "apiextensions.k8s.io/v1", "CustomResourceDefinition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Velero:
    """One version."""

    version: str

    @property
    def programs(self) -> tuple[Part, ...]:
        """What is built for it."""
        names = ("velero", "velero-restore-helper")
        own = (parts.VELERO, parts.RESTORE_HELPER)
        old = (parts.old_velero(self.version, name) for name in names)
        return (*(own if self.version == OWN else old), parts.RESTIC)

    @property
    def writes_restic(self) -> bool:
        """Backups by restic are refused from 1.17 on (velero v1.17.2, pkg/uploader/types.go)."""
        return tuple(map(int, self.version.split("."))) < (1, 17)

    @property
    def image(self) -> Image:
        """Its own programs, with restic where it would run it."""
        places = ("velero", "velero-restore-helper", "usr/bin/restic")
        return Image(
            name=f"lab.local/velero:v{self.version}",
            entrypoint=("/velero",),
            files={place: part.path for place, part in zip(places, self.programs, strict=True)},
            busybox=True,
            folder=IMAGES if self.version == OWN else IMAGES.with_name("corpus-images"),
        )

    def run(self, run: Run, *arguments: str) -> str:
        """Runs this version's own command line.

        Raises:
            LabError: It failed; its words are in the message.
        """
        environment = {"PATH": os.environ["PATH"], "HOME": str(run.folder)}
        done = subprocess.run(
            [str(self.programs[0].path), *arguments, f"--kubeconfig={run.kubeconfig}"],
            env={**environment, "VELERO_NAMESPACE": NAMESPACE},
            capture_output=True, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise LabError(f"velero {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where backups go: a BackupStorageLocation of the bucket of the same name."""

    name: str
    url: str
    credentials: Path


def remove(cluster: Cluster) -> None:
    """Takes the Velero that is there away, with its kinds and all their objects."""
    for kind, name in (("Deployment", "velero"), ("DaemonSet", "node-agent")):
        if cluster.find("apps/v1", kind, name, NAMESPACE) is not None:
            cluster.delete("apps/v1", kind, name, NAMESPACE)
    for found in _definitions(cluster):
        cluster.delete(*_DEFINITION, found["metadata"]["name"])
    if cluster.find("v1", "Namespace", NAMESPACE) is not None:
        cluster.delete("v1", "Namespace", NAMESPACE)
    wait_until("end of Velero's kinds", lambda: _released(cluster), seconds=_SECONDS)
    wait_until(
        "end of the Velero before", lambda: cluster.find("v1", "Namespace", NAMESPACE) is None,
        seconds=_SECONDS,
    )  # fmt: skip
    cluster.refresh()


def _definitions(cluster: Cluster) -> list[dict[str, Any]]:
    found = cast("tuple[dict[str, Any], ...]", cluster.list(*_DEFINITION))
    return [item for item in found if item["spec"]["group"] == "velero.io"]


def _released(cluster: Cluster) -> bool:
    """Whether all kinds are gone; nobody is left to take finalizers off, so that is done here."""
    from kubernetes.dynamic.exceptions import (  # noqa: PLC0415 - as in cluster.py
        DynamicApiError,
        ResourceNotFoundError,
    )

    left = _definitions(cluster)
    for definition in left:
        spec = definition["spec"]
        api = f"velero.io/{spec['versions'][0]['name']}", spec["names"]["kind"]
        try:
            _unhold(cluster, *api)
        except (DynamicApiError, ResourceNotFoundError):
            continue  # it went meanwhile
    return not left


def _unhold(cluster: Cluster, api_version: str, kind: str) -> None:
    for found in cast("tuple[dict[str, Any], ...]", cluster.list(api_version, kind, NAMESPACE)):
        if found["metadata"].get("finalizers"):
            none = {"metadata": {"finalizers": None}}
            cluster.patch(api_version, kind, found["metadata"]["name"], none, NAMESPACE)


def install(run: Run, cluster: Cluster, velero: Velero, location: Location, *server: str) -> None:
    """Installs it and waits until it works.

    Args:
        run: The lab's folder.
        cluster: Where to.
        velero: Which.
        location: Where its backups go by default.
        server: Arguments for its server besides.

    Raises:
        LabError: It did not, in time.
    """
    documents = [_local(item, server) for item in _documents(run, velero, location)]
    definitions = [item for item in documents if item["kind"] == _DEFINITION[1]]
    for document in definitions:
        cluster.apply(document)
    wait_until("Velero's kinds", lambda: established(cluster, definitions), seconds=_SECONDS)
    cluster.refresh()
    for document in documents:
        if document not in definitions:
            cluster.apply(document)
    wait_until("running Velero", lambda: _runs(cluster), seconds=_SECONDS)
    wait_until(
        "Available storage location", lambda: available(cluster, "default"), seconds=_SECONDS
    )


def available(cluster: Cluster, location: str) -> bool:
    """Whether Velero can use a storage location."""
    found = cluster.find(API, "BackupStorageLocation", location, NAMESPACE)
    return status_of(found).get("phase") == "Available"


def add_location(cluster: Cluster, location: Location) -> None:
    """Makes a further storage location and waits until it can be used."""
    cluster.apply({
        "apiVersion": API,
        "kind": "BackupStorageLocation",
        "metadata": {"name": location.name, "namespace": NAMESPACE},
        "spec": {
            "provider": "aws",
            "objectStorage": {"bucket": location.name},
            "config": _config(location),
        },
    })  # fmt: skip
    wait_until(
        "Available storage location", lambda: available(cluster, location.name), seconds=_SECONDS
    )


def restart(cluster: Cluster, *server: str) -> None:
    """Starts the server anew with further arguments, and waits until it works."""
    found = cluster.find("apps/v1", "Deployment", "velero", NAMESPACE)
    spec = cast("dict[str, Any]", cast("dict[str, Any]", found)["spec"])
    containers = spec["template"]["spec"]["containers"]
    containers[0]["args"] += server
    change = {"spec": {"template": {"spec": {"containers": containers}}}}
    cluster.patch("apps/v1", "Deployment", "velero", change, NAMESPACE)
    wait_until("restarted Velero", lambda: _runs(cluster), seconds=_SECONDS)


def _config(location: Location) -> dict[str, str]:
    return {"region": "us-east-1", "s3ForcePathStyle": "true", "s3Url": location.url}


def _documents(run: Run, velero: Velero, location: Location) -> list[dict[str, Any]]:
    config = ",".join(f"{key}={value}" for key, value in _config(location).items())
    text = velero.run(
        run, "install", "--dry-run", "--output=yaml",
        "--provider=aws", f"--plugins={AWS_PLUGIN}", f"--image={velero.image.name}",
        f"--bucket={location.name}", f"--backup-location-config={config}",
        f"--secret-file={location.credentials}", "--use-node-agent", "--uploader-type=kopia",
        "--use-volume-snapshots=false",
        *(f"--{pod}-pod-{word}" for pod in ("velero", "node-agent") for word in
          ("cpu-request=50m", "mem-request=64Mi", "cpu-limit=0", "mem-limit=0")),
    )  # fmt: skip
    return cast("list[dict[str, Any]]", yaml.safe_load(text)["items"])


def _local(document: dict[str, Any], server: Sequence[str]) -> dict[str, Any]:
    """The same with images that are there, and a server that looks around more often."""
    document.pop("status", None)
    document["metadata"].pop("creationTimestamp", None)
    if document["kind"] in {"Deployment", "DaemonSet"}:
        pod = document["spec"]["template"]["spec"]
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            container["imagePullPolicy"] = "IfNotPresent"
        if document["kind"] == "Deployment":
            looks = ("--backup-sync-period=5s", "--store-validation-frequency=5s")
            pod["containers"][0]["args"] += [*looks, *server]
    return document


def _runs(cluster: Cluster) -> bool:
    server = cluster.find("apps/v1", "Deployment", "velero", NAMESPACE)
    agent = status_of(cluster.find("apps/v1", "DaemonSet", "node-agent", NAMESPACE))
    status = status_of(server)
    generation = cast("Mapping[str, Any]", server)["metadata"]["generation"]
    fresh = status.get("observedGeneration") == generation and not status.get("unavailableReplicas")
    one = status.get("replicas") == status.get("updatedReplicas") == 1
    return fresh and one and agent.get("numberAvailable") == 1
