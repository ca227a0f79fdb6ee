"""A cluster that lives in the test, and what it holds."""

from collections.abc import Callable
from typing import Any

from embedded.cluster import EmbeddedCluster
from embedded.resource_types import ResourceType
from tests.e2e.conftest import Drilled

LATEST = "{engine: velero, schedule: production-daily, maxAge: 26h}"
SHORT = "{namespaces: {production: backup-test}, deadline: 3s, cleanupDeadline: 5s}"
SHORT_CLUSTER = "{context: embedded}"
On = Callable[..., Drilled]
"""Runs a drill on that cluster; takes options, and parts of the scenario by name."""
State = dict[tuple[str, str, str], dict[str, Any]]


def things(cluster: EmbeddedCluster) -> State:
    """Return every object but events."""
    cluster.settle()
    return {
        key: {"uid": obj["metadata"]["uid"], "spec": obj.get("spec"), "data": obj.get("data")}
        for key, obj in cluster.snapshot().items()
        if key[0] != "events"
    }


def namespaces(cluster: EmbeddedCluster) -> ResourceType:
    """Return the type, for the storage's own ways."""
    return served(cluster, "namespaces")


def restores(cluster: EmbeddedCluster) -> ResourceType:
    """Return the type, for the storage's own ways."""
    return served(cluster, "restores.velero.io")


def served(cluster: EmbeddedCluster, resource: str) -> ResourceType:
    """Return a type that the cluster serves."""
    found = cluster.storage.types.by_group_resource(resource)
    assert found is not None
    return found
