"""A restore made by hand, as a careless operator would make it, and what it leaves to read.

In comes a cluster with Velero and a backup, out come a Restore's phase and the files that
Velero wrote about it. The tests use it to show what the product has to guard against.
"""

import gzip
import json
import urllib.request
from collections.abc import Callable, Mapping
from typing import cast

from tests.lab.cluster import Cluster, status_of
from tests.lab.processes import wait_until

_API = "velero.io/v1"
_TERMINAL = frozenset({"Completed", "PartiallyFailed", "Failed", "FailedValidation"})
_SECONDS = 60.0


def newest_backup(cluster: Cluster, namespace: str) -> dict[str, object]:
    """The Completed backup that started last."""
    done = [
        backup
        for backup in cluster.list(_API, "Backup", namespace)
        if status_of(backup).get("phase") == "Completed"
    ]
    return max(done, key=lambda backup: str(status_of(backup)["startTimestamp"]))


def name_of(document: dict[str, object]) -> str:
    """The name in an object's metadata."""
    return str(cast("dict[str, object]", document["metadata"])["name"])


class NaiveRestore:
    """A Restore of namespace `production` under another name, with no precautions at all."""

    def __init__(self, cluster: Cluster, velero_namespace: str, target: str) -> None:
        self._cluster = cluster
        self._namespace = velero_namespace
        self.target = target

    def run(self) -> dict[str, object]:
        """Creates the Restore and returns it in its terminal phase."""
        self.ask()
        return self.ended()

    def ask(self) -> None:
        """Creates the Restore."""
        spec = {
            "backupName": name_of(newest_backup(self._cluster, self._namespace)),
            "includedNamespaces": ["production"],
            "namespaceMapping": {"production": self.target},
        }
        self._cluster.create(self._document("Restore", self.target, spec))

    def ended(self) -> dict[str, object]:
        """Waits for the terminal phase and returns the Restore in it."""
        self._wait("terminal phase", lambda: self._phase("Restore", self.target) in _TERMINAL)
        found = self._cluster.find(_API, "Restore", self.target, self._namespace)
        if found is None:
            raise AssertionError(f"restore {self.target} has vanished")
        return found

    def read(self, kind: str) -> dict[str, object]:
        """Reads one of the files about the Restore, by a DownloadRequest.

        Args:
            kind: Such as `RestoreResults` or `RestoreResourceList`.
        """
        name = f"{self.target}-{kind.lower()}"
        spec = {"target": {"kind": kind, "name": self.target}}
        self._cluster.create(self._document("DownloadRequest", name, spec))
        self._wait("signed address", lambda: self._phase("DownloadRequest", name) == "Processed")
        found = self._cluster.find(_API, "DownloadRequest", name, self._namespace)
        url = str(status_of(found)["downloadURL"])
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - Velero signed it
            content = gzip.decompress(answer.read())
        self._cluster.delete(_API, "DownloadRequest", name, self._namespace)
        return cast("dict[str, object]", json.loads(content))

    def remove(self) -> None:
        """Deletes the namespace and the Restore, and waits until both are gone."""
        if self._cluster.find("v1", "Namespace", self.target) is not None:
            self._cluster.delete("v1", "Namespace", self.target)
        if self._cluster.find(_API, "Restore", self.target, self._namespace) is not None:
            self._cluster.delete(_API, "Restore", self.target, self._namespace)
        self._wait(
            "end of the namespace",
            lambda: self._cluster.find("v1", "Namespace", self.target) is None,
        )
        self._wait(
            "end of the Restore",
            lambda: self._cluster.find(_API, "Restore", self.target, self._namespace) is None,
        )

    def _document(self, kind: str, name: str, spec: Mapping[str, object]) -> dict[str, object]:
        metadata = {"name": name, "namespace": self._namespace}
        return {"apiVersion": _API, "kind": kind, "metadata": metadata, "spec": spec}

    def _phase(self, kind: str, name: str) -> str:
        found = self._cluster.find(_API, kind, name, self._namespace)
        return str(status_of(found).get("phase", ""))

    def _wait(self, what: str, ready: Callable[[], bool]) -> None:
        wait_until(f"{what} of {self.target}", ready, seconds=_SECONDS)
