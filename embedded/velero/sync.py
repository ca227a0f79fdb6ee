"""Locations and the backups in them.

In: the bucket. Out: whether the location can be used, a Backup and its PodVolumeBackups for each
finished backup found there, and no Backup whose files are gone (velero v1.18,
pkg/controller/backup_sync_controller.go, backup_storage_location_controller.go).
"""

import json
import logging
from datetime import UTC, datetime

from embedded.api_errors import ApiError
from embedded.json_objects import JsonObject, copied_object, name_of, section
from embedded.velero import NAMESPACE
from embedded.velero.archive import Damaged, objects_in, unzipped
from embedded.velero.labels import label_value
from embedded.velero.layout import KNOWN_FOLDERS, METADATA, backup_file, metadata_file
from embedded.velero.node_agent import repository_problem
from embedded.velero.surroundings import Surroundings

LOCATION = "default"
_LOCATIONS = "backupstoragelocations.velero.io"
_BACKUPS = "backups.velero.io"
_LOCATION_LABEL = "velero.io/storage-location"
_FINISHED = frozenset({"Completed", "PartiallyFailed", "Failed"})
_ORPHANS = frozenset({"Completed", "PartiallyFailed"})
_UNFINISHED = frozenset(
    {
        "WaitingForPluginOperations",
        "WaitingForPluginOperationsPartiallyFailed",
        "Finalizing",
        "FinalizingPartiallyFailed",
    }
)
_SHOWN = 3
_SERVER_GIVEN = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
_LOG = logging.getLogger(__name__)


class Sync:
    """Looks after the one location of the embedded cluster."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def validate(self) -> None:
        """Write whether the location can be used."""
        location = self._around.objects.get(_LOCATIONS, NAMESPACE, LOCATION)
        if location is None:
            return
        problem = self._problem()
        status: JsonObject = {
            "phase": "Unavailable" if problem else "Available",
            "lastValidationTime": self._around.timestamp(),
            "message": problem or None,
        }
        self._around.write(location, {"status": status})

    def _problem(self) -> str:
        if self._around.knobs.unavailable:
            return self._around.knobs.unavailable
        try:
            folders = self._around.bucket.folders()
        except OSError as away:
            return f"rpc error: code = Unknown desc = {away}"
        strangers = [one for one in folders if one not in KNOWN_FOLDERS]
        if len(strangers) > _SHOWN:
            shown = " ".join(strangers[:_SHOWN])
            return (
                f"Backup store contains {len(strangers)} invalid top-level directories: "
                f"[{shown} ...]"
            )
        if strangers:
            return f"Backup store contains invalid top-level directories: {strangers}"
        return ""

    def sync(self) -> None:
        """Bring Backups in line with the bucket; nothing happens while it is unavailable."""
        location = self._around.objects.get(_LOCATIONS, NAMESPACE, LOCATION)
        if location is None or section(location, "status").get("phase") != "Available":
            return
        keys = self._around.bucket.keys("backups/")
        stored = {key.split("/")[1] for key in keys if key.endswith(f"/{METADATA}")}
        for name in sorted(stored):
            if self._around.objects.peek(_BACKUPS, NAMESPACE, name) is None:
                self._take_in(name)
        self._drop_orphans({key.split("/")[1] for key in keys})
        self._around.write(location, {"status": {"lastSyncedTime": self._around.timestamp()}})

    def _drop_orphans(self, stored: set[str]) -> None:
        label = f"{_LOCATION_LABEL}={LOCATION}"
        for backup in self._around.objects.all(_BACKUPS, NAMESPACE, labels=label):
            finished = section(backup, "status").get("phase") in _ORPHANS
            if finished and name_of(backup) not in stored:
                self._around.objects.delete(_BACKUPS, NAMESPACE, name_of(backup))

    def _take_in(self, name: str) -> None:
        body = self._metadata(name)
        if body is None or not self._is_finished(body):
            return
        body["metadata"] = _fresh(body, name)
        body.setdefault("spec", {}).update({"storageLocation": LOCATION, "hooks": {}})
        body["metadata"].setdefault("labels", {})[_LOCATION_LABEL] = LOCATION
        created = self._create(_BACKUPS, body)
        if created is not None:
            self._take_in_volumes(name, created)

    def _metadata(self, name: str) -> JsonObject | None:
        try:
            body = json.loads(self._around.bucket.read(metadata_file(name)) or b"null")
        except (ValueError, OSError) as problem:
            _LOG.debug("%s: %s", metadata_file(name), problem)
            return None
        is_backup = isinstance(body, dict) and body.get("kind") == "Backup"
        return body if is_backup else None

    def _is_finished(self, body: JsonObject) -> bool:
        """Return whether a stored backup is taken in; an expired unfinished one becomes failed."""
        status = body.setdefault("status", {})
        if status.get("phase") in _FINISHED:
            return True
        if status.get("phase") not in _UNFINISHED or not status.get("expiration"):
            return False
        if datetime.fromisoformat(status["expiration"]) > self._around.now().astimezone(UTC):
            return False
        status["phase"] = "PartiallyFailed"
        return True

    def _take_in_volumes(self, name: str, backup: JsonObject) -> None:
        try:
            content = unzipped(self._around.bucket.read(backup_file("PodVolumeBackups", name)))
        except (Damaged, OSError) as problem:
            _LOG.debug("pod volume backups of %s: %s", name, problem)
            return
        for one in objects_in(content):
            body: JsonObject = copied_object(dict(one))
            body |= {"apiVersion": "velero.io/v1", "kind": "PodVolumeBackup"}
            body["metadata"] = _fresh(body, str(section(body, "metadata").get("name")))
            labels = body["metadata"].setdefault("labels", {})
            labels["velero.io/backup-name"] = label_value(name)
            labels["velero.io/backup-uid"] = backup["metadata"]["uid"]
            body["metadata"]["ownerReferences"] = [_owner(backup)]
            section(body, "spec")["backupStorageLocation"] = LOCATION
            self._create("podvolumebackups.velero.io", body)
            source = str(section(body, "spec", "pod").get("namespace"))
            self._ensure_repository(source, str(section(body, "spec").get("uploaderType")))

    def _ensure_repository(self, source: str, uploader: str) -> None:
        name = f"{source}-{LOCATION}-{uploader}"
        if self._around.objects.peek("backuprepositories.velero.io", NAMESPACE, name) is not None:
            return
        problem = repository_problem(self._around.bucket, source, uploader)
        status: JsonObject = {"phase": "NotReady" if problem else "Ready"}
        status |= {"message": problem} if problem else {}
        labels = {
            "velero.io/volume-namespace": source,
            _LOCATION_LABEL: LOCATION,
            "velero.io/repository-type": uploader,
        }
        self._create(
            "backuprepositories.velero.io",
            {
                "apiVersion": "velero.io/v1",
                "kind": "BackupRepository",
                "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
                "spec": {
                    "volumeNamespace": source,
                    "backupStorageLocation": LOCATION,
                    "repositoryType": uploader,
                    "maintenanceFrequency": "1h0m0s",
                    "resticIdentifier": "",
                },
                "status": status,
            },
        )

    def _create(self, group_resource: str, body: JsonObject) -> JsonObject | None:
        try:
            return self._around.objects.create(group_resource, body)
        except ApiError as refusal:
            _LOG.debug("cannot take in %s: %s", name_of(body), refusal.message)
            return None


def _fresh(body: JsonObject, name: str) -> JsonObject:
    """Return the metadata for a copy of an object in this cluster; owners are not here."""
    metadata = section(body, "metadata")
    gone = (*_SERVER_GIVEN, "ownerReferences", "generateName")
    kept = {key: value for key, value in metadata.items() if key not in gone}
    return {**kept, "name": name, "namespace": NAMESPACE}


def _owner(backup: JsonObject) -> JsonObject:
    metadata = backup["metadata"]
    return {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
    }
