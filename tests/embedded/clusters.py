"""Embedded clusters under test, and what tests ask of them."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from embedded.cluster import EmbeddedCluster
from embedded.velero.layout import restore_file

TERMINAL = frozenset({"Completed", "PartiallyFailed", "Failed", "FailedValidation"})
SECONDS = 20.0


def newest_backup(cluster: EmbeddedCluster, schedule: str = "production-daily") -> str:
    """Return the name of the schedule's newest backup."""
    label = f"velero.io/schedule-name={schedule}"
    found = cluster.objects.all("backups.velero.io", "velero", labels=label)
    return max(str(one["metadata"]["name"]) for one in found)


def ask_restore(
    cluster: EmbeddedCluster,
    name: str = "drill",
    *,
    backup: str = "",
    mapping: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **spec: Any,  # noqa: ANN401  # whatever a Restore may ask
) -> str:
    """Create a Restore and return its name; by default of the sample into `backup-test`."""
    whole = {
        "backupName": backup or newest_backup(cluster),
        "namespaceMapping": dict(mapping or {}),
        "includedNamespaces": list(mapping or {}) or ["*"],
        **spec,
    }
    body = {
        "apiVersion": "velero.io/v1",
        "kind": "Restore",
        "metadata": {
            "name": name,
            "namespace": "velero",
            "annotations": dict(annotations or {}),
        },
        "spec": {key: value for key, value in whole.items() if value not in ({}, None)},
    }
    cluster.objects.create("restores.velero.io", body)
    return name


def restore_of(cluster: EmbeddedCluster, name: str = "drill") -> dict[str, Any]:
    """Return the Restore."""
    found = cluster.objects.get("restores.velero.io", "velero", name)
    assert found is not None
    return found


def phase_of(cluster: EmbeddedCluster, name: str = "drill") -> str:
    """Return the Restore's phase, empty where there is none."""
    found = cluster.objects.peek("restores.velero.io", "velero", name) or {}
    return str(found.get("status", {}).get("phase", ""))


def wait_until(
    cluster: EmbeddedCluster, kind: str, holds: Callable[[], object], seconds: float = SECONDS
) -> None:
    """Wait, event by event, until something about objects of a kind holds."""
    changed = threading.Event()
    log = cluster.storage.ledger.log
    log.tap(cluster.objects.type(kind), lambda _: changed.set())
    end = time.monotonic() + seconds
    while not holds():
        left = end - time.monotonic()
        assert left > 0, f"waited {seconds} s for {kind}"
        changed.wait(min(left, 0.2))
        changed.clear()


def finished_restore(cluster: EmbeddedCluster, name: str = "drill") -> dict[str, Any]:
    """Wait for a Restore's end and return it."""
    wait_until(cluster, "restores.velero.io", lambda: phase_of(cluster, name) in TERMINAL)
    return restore_of(cluster, name)


def restored(cluster: EmbeddedCluster, name: str = "drill", **asked: Any) -> dict[str, Any]:  # noqa: ANN401  # whatever a Restore may ask
    """Create a Restore, wait for its end and return it."""
    return finished_restore(cluster, ask_restore(cluster, name, **asked))


def file_of(cluster: EmbeddedCluster, kind: str, name: str = "drill") -> Any:  # noqa: ANN401  # whatever the file holds
    """Return the JSON of a file that a restore wrote."""
    content = cluster.bucket.read(restore_file(kind, name))
    assert content is not None, f"no {kind} of {name}"
    return json.loads(gzip.decompress(content))


def errors_of(cluster: EmbeddedCluster, name: str = "drill") -> list[str]:
    """Return all error texts of a restore."""
    return _texts(file_of(cluster, "RestoreResults", name)["errors"])


def warnings_of(cluster: EmbeddedCluster, name: str = "drill") -> list[str]:
    """Return all warning texts of a restore."""
    return _texts(file_of(cluster, "RestoreResults", name)["warnings"])


def _texts(remarks: Mapping[str, Any]) -> list[str]:
    in_namespaces = [text for texts in remarks.get("namespaces", {}).values() for text in texts]
    return [*remarks.get("velero", []), *remarks.get("cluster", []), *in_namespaces]
