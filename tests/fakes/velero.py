"""A Velero server inside a FakeCluster: it answers requests and ends restores as a test says.

It restores nothing; what it claims of a restore are the files a test puts into `store`.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

from drills import objects
from drills.engine import EnginePorts
from drills.engines.velero.files import NAMES
from drills.engines.velero.kinds import (
    BACKUP,
    DOWNLOAD_REQUEST,
    LOCATION,
    POD_VOLUME_BACKUP,
    RESTORE,
    STATUS_REQUEST,
)
from drills.engines.velero.requests import Target
from drills.objects import KubeObject
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import FakeCluster
from tests.fakes.listeners import MemoryJournal, MemoryListener, NoShell
from tests.fakes.store import FakeDownloads, FakeStore

SAMPLE = Path(__file__).parents[2] / "embedded" / "sample" / "velero-1.18.3"
"""What a real Velero 1.18.3 wrote."""
PRODUCTION = "production-daily-20261121085009"
MARKS = {
    "app.kubernetes.io/managed-by": "restore-drill-runner",
    "restore-drill/drill-id": "d1",
}
FINALIZER = "restores.velero.io/external-resources-finalizer"


def location(**status: object) -> KubeObject:
    """Return a BackupStorageLocation, Available unless told otherwise."""
    return {
        "apiVersion": LOCATION.api_version,
        "kind": LOCATION.kind,
        "metadata": {"name": "default", "namespace": "velero"},
        "spec": {"default": True, "objectStorage": {"bucket": "backups"}},
        "status": {"phase": "Available", **status},
    }


def packed(document: object) -> bytes:
    """Return the document as Velero stores it."""
    return gzip.compress(json.dumps(document).encode())


class FakeVelero:
    """A cluster, a bucket and a server that plays by the facts."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.cluster = FakeCluster(self.clock, location())
        self.store = FakeStore.of(SAMPLE)
        self.journal, self.listener = MemoryJournal(), MemoryListener()
        self.downloads = FakeDownloads(self.store)
        self.stopped = False
        self.unanswered: set[str] = set()
        """Targets for which no URL is handed out."""
        self.silent = False
        self.on_restore: Callable[[KubeObject], None] = self.complete
        self.cluster.react("create", STATUS_REQUEST, self._answer_status)
        self.cluster.react("create", DOWNLOAD_REQUEST, self._answer_download)
        self.cluster.react("create", RESTORE, self._answer_restore)
        self.sync(PRODUCTION)

    def sync(self, name: str) -> None:
        """Make the bucket's backup known to the cluster, as Velero's sync does."""
        folder = f"backups/{name}/"
        self.cluster.put(json.loads(self.store.files[f"{folder}velero-backup.json"]))
        rows = gzip.decompress(self.store.files[f"{folder}{name}-podvolumebackups.json.gz"])
        for row in json.loads(rows) or ():
            kind = {"apiVersion": POD_VOLUME_BACKUP.api_version, "kind": POD_VOLUME_BACKUP.kind}
            self.cluster.put({**kind, **row})

    def ports(self, *, with_store: bool = True) -> EnginePorts:
        """Return the ports an engine gets."""
        return EnginePorts(
            cluster=self.cluster,
            clock=self.clock,
            downloads=self.downloads,
            shell=NoShell(),
            journal=self.journal,
            listener=self.listener,
            stop=lambda: self.stopped,
            store=self.store if with_store else None,
            labels=MARKS,
        )

    def move(self, restore: KubeObject, phase: str, **status: object) -> None:
        """Bring a Restore into a phase."""
        self.cluster.change(
            RESTORE, "velero", objects.name(restore), {"status": {"phase": phase, **status}}
        )

    def complete(self, restore: KubeObject) -> None:
        """Put the finalizer on and end the Restore well, with the results of the real run."""
        self.finish(restore, "Completed", {"errors": {}, "warnings": {}})

    def finish(self, restore: KubeObject, phase: str, results: object, **status: object) -> None:
        """Write the result files and end the Restore in `phase`."""
        name = objects.name(restore)
        self.cluster.change(RESTORE, "velero", name, {"metadata": {"finalizers": [FINALIZER]}})
        self.move(restore, "InProgress", startTimestamp=self._now())
        for target in (Target.RESTORE_RESOURCE_LIST, Target.RESTORE_VOLUME_INFO):
            real = self.store.files[NAMES[target].format("drill-shop")]
            self.store.files[NAMES[target].format(name)] = real
        self.store.files[NAMES[Target.RESTORE_RESULTS].format(name)] = packed(results)
        self.move(restore, phase, completionTimestamp=self._now(), **status)

    def release(self) -> None:
        """Take the finalizer off every Restore being deleted, as the running server does."""
        for restore in self.cluster.list(RESTORE):
            if objects.text(restore, "metadata", "deletionTimestamp"):
                self.cluster.drop(RESTORE, "velero", objects.name(restore))

    def backup(self, name: str = PRODUCTION) -> KubeObject:
        """Return the Backup object."""
        found = self.cluster.get(BACKUP, "velero", name)
        assert found is not None
        return found

    def _now(self) -> str:
        return self.clock.now().isoformat().replace("+00:00", "Z")

    def _answer_restore(self, restore: KubeObject) -> None:
        self.on_restore(restore)

    def _answer_status(self, request: KubeObject) -> None:
        if self.silent:
            return
        plugins = [{"name": "velero.io/aws", "kind": "ObjectStore"}]
        status = {"phase": "Processed", "serverVersion": "v1.18.3", "plugins": plugins}
        self.cluster.change(STATUS_REQUEST, "velero", objects.name(request), {"status": status})

    def _answer_download(self, request: KubeObject) -> None:
        target = objects.text(request, "spec", "target", "kind")
        if target in self.unanswered:
            return
        key = NAMES[Target(target)].format(objects.text(request, "spec", "target", "name"))
        status = {"phase": "Processed", "downloadURL": f"memory:{key}"}
        self.cluster.change(DOWNLOAD_REQUEST, "velero", objects.name(request), {"status": status})
