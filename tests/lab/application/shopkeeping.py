"""The shop in a cluster: put there, looked into, backed up.

In comes a cluster with a node and a Velero, out come a running shop, answers of its database, and
the names of Completed backups.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from tests.lab.cluster import Cluster, read_manifest, status_of
from tests.lab.parts import LabError
from tests.lab.processes import wait_until

SCHEDULE = "shop-daily"
CANARY = "canary-2026-11-20"
_HERE = Path(__file__).resolve().parent
_VELERO = "velero.io/v1"
_APPS = "apps/v1"
_DEFINITION = "CustomResourceDefinition"
_SECONDS = 180.0
_ENDED = frozenset({"Completed", "PartiallyFailed", "Failed", "FailedValidation"})
_ROLLED_OUT = (
    ("StatefulSet", "postgres", "db"),
    ("Deployment", "queue", "api"),
    ("Deployment", "writer", "api"),
    ("Deployment", "web", "api"),
    ("Deployment", "shop-operator", "shop-operator"),
)


def apply_shop(cluster: Cluster) -> None:
    """Applies operator, database, shop and Schedule, and waits until all of it runs.

    Raises:
        LabError: Something was not there in time; the message says what.
    """
    for file in ("operator", "database", "shop", "schedule"):
        documents = read_manifest(_HERE / f"{file}.yaml", {})
        for document in documents:
            if document["kind"] == "Job" and _migrated(cluster):
                continue  # a Job cannot be changed, and this one has done its work
            known = document["kind"] != _DEFINITION or _defined(cluster, document)
            cluster.apply(document)
            if not known:
                _await_definition(cluster, document)
                restart_velero(cluster)
    wait_until("tables of the shop", lambda: _migrated(cluster), seconds=_SECONDS)
    for kind, name, namespace in _ROLLED_OUT:
        await_rollout(cluster, kind, name, namespace)
    await_finalizer(cluster, "api")


def await_rollout(cluster: Cluster, kind: str, name: str, namespace: str) -> None:
    """Waits until all replicas that a workload wants are ready and of its newest generation."""

    def rolled_out() -> bool:
        found = cluster.find(_APPS, kind, name, namespace) or {}
        status, spec = status_of(found), cast("Mapping[str, int]", found.get("spec", {}))
        meta = cast("Mapping[str, int]", found.get("metadata", {}))
        wanted = spec.get("replicas", 1)
        return (
            status.get("observedGeneration") == meta.get("generation")
            and status.get("readyReplicas", 0) == wanted
            and status.get("updatedReplicas", 0) == wanted
        )

    wait_until(f"rollout of {kind} {namespace}/{name}", rolled_out, seconds=_SECONDS)


def scale(cluster: Cluster, name: str, namespace: str, replicas: int) -> None:
    """Gives a Deployment so many replicas, and waits until it has them."""
    cluster.patch(_APPS, "Deployment", name, {"spec": {"replicas": replicas}}, namespace)
    await_rollout(cluster, "Deployment", name, namespace)


def await_finalizer(cluster: Cluster, namespace: str) -> None:
    """Waits until the operator has taken a namespace's Shop for its own."""

    def taken() -> bool:
        shop = cluster.find("lab.example.com/v1", "Shop", "main", namespace) or {}
        return bool(cast("Mapping[str, object]", shop.get("metadata", {})).get("finalizers"))

    wait_until(f"finalizer on the Shop of {namespace}", taken, seconds=_SECONDS)


def back_up(
    cluster: Cluster,
    name: str,
    *,
    velero_namespace: str = "velero",
    annotations: Mapping[str, str] | None = None,
) -> str:
    """Makes a backup as the Schedule would, and returns its name.

    Args:
        cluster: Where.
        name: What it is called.
        velero_namespace: Where the Velero lives.
        annotations: More for the Backup's metadata.

    Raises:
        LabError: It did not end Completed.
    """
    schedule = cluster.find(_VELERO, "Schedule", SCHEDULE, velero_namespace) or {}
    spec = cast("Mapping[str, Mapping[str, object]]", schedule["spec"])["template"]
    labels = {"velero.io/schedule-name": SCHEDULE}
    metadata = {"name": name, "namespace": velero_namespace, "labels": labels}
    if annotations:
        metadata["annotations"] = dict(annotations)
    cluster.create({"apiVersion": _VELERO, "kind": "Backup", "metadata": metadata, "spec": spec})

    def phase() -> object:
        return status_of(cluster.find(_VELERO, "Backup", name, velero_namespace)).get("phase")

    wait_until(f"end of backup {name}", lambda: phase() in _ENDED, seconds=_SECONDS)
    if phase() != "Completed":
        raise LabError(f"backup {name} ended {phase()}; ask Velero why")
    return name


def sql(cluster: Cluster, statement: str, *, namespace: str = "db") -> str:
    """Puts a statement to the database as its owner; returns what psql prints, bare."""
    command = ["psql", "-U", "shop", "-d", "shop", "-v", "ON_ERROR_STOP=1", "-Atc", statement]
    return execute(cluster, namespace, "postgres-0", command)


def writers(cluster: Cluster) -> Sequence[str]:
    """Namespaces of the pods that ever wrote to production's database."""
    return sql(cluster, "SELECT DISTINCT namespace FROM ledger ORDER BY namespace").split()


def execute(cluster: Cluster, namespace: str, pod: str, command: Sequence[str]) -> str:
    """Runs a command in a pod's first container and returns what it printed.

    Raises:
        LabError: Its exit code was not 0.
    """
    code, out = cluster.execute(namespace, pod, command)
    if code != 0:
        raise LabError(f"{' '.join(command)} in {namespace}/{pod} ended with {code}:\n{out}")
    return out.strip()


def _defined(cluster: Cluster, document: Mapping[str, object]) -> bool:
    name = cast("Mapping[str, str]", document["metadata"])["name"]
    found = cluster.find("apiextensions.k8s.io/v1", _DEFINITION, name)
    conditions = cast("Sequence[Mapping[str, str]]", status_of(found).get("conditions") or ())
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)


def _await_definition(cluster: Cluster, document: Mapping[str, object]) -> None:
    wait_until("definition", lambda: _defined(cluster, document), seconds=_SECONDS)
    cluster.refresh()


def restart_velero(cluster: Cluster) -> None:
    """Velero looks for new kinds every five minutes; until then no backup holds them."""
    scale(cluster, "velero", "velero", 0)
    scale(cluster, "velero", "velero", 1)


def _migrated(cluster: Cluster) -> bool:
    return status_of(cluster.find("batch/v1", "Job", "migrate", "db")).get("succeeded") == 1
