"""Questions that clients put to the server as objects: DownloadRequests, ServerStatusRequests.

In: names of requests. Out: their statuses, and their removal once they have expired (velero v1.18,
pkg/controller/download_request_controller.go, server_status_request_controller.go).
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from embedded.json_objects import JsonObject, name_of, section
from embedded.velero import NAMESPACE, SERVER_VERSION
from embedded.velero.layout import is_restore_kind, target_file
from embedded.velero.surroundings import Surroundings

DOWNLOADS = "downloadrequests.velero.io"
STATUSES = "serverstatusrequests.velero.io"
_URL_SECONDS = 600
_STATUS_SECONDS = 60
_PLUGINS = (
    ("velero.io/crd-remap-version", "BackupItemAction"),
    ("velero.io/pod", "BackupItemAction"),
    ("velero.io/pv", "BackupItemAction"),
    ("velero.io/service-account", "BackupItemAction"),
    ("velero.io/add-pvc-from-pod", "RestoreItemAction"),
    ("velero.io/change-pvc-node-selector", "RestoreItemAction"),
    ("velero.io/change-storage-class", "RestoreItemAction"),
    ("velero.io/job", "RestoreItemAction"),
    ("velero.io/pod", "RestoreItemAction"),
    ("velero.io/pod-volume-restore", "RestoreItemAction"),
    ("velero.io/role-bindings", "RestoreItemAction"),
    ("velero.io/secret", "RestoreItemAction"),
    ("velero.io/service", "RestoreItemAction"),
    ("velero.io/service-account", "RestoreItemAction"),
    ("velero.io/aws", "ObjectStore"),
    ("velero.io/aws", "VolumeSnapshotter"),
)


class RequestKey(NamedTuple):
    """A request, by its type and name."""

    kind: str
    name: str


class Requests:
    """Answers requests."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def work(self, key: RequestKey) -> None:
        """Answer a request unless it has an answer, or the server gives none."""
        knobs = self._around.knobs
        request = self._around.objects.get(key.kind, NAMESPACE, key.name)
        if request is None or knobs.down or not knobs.answers_requests:
            return
        if section(request, "status").get("phase") == "Processed":
            return
        if key.kind == STATUSES:
            self._around.write(request, {"status": self._server_status()})
        else:
            self._answer_download(request)

    def expire(self) -> None:
        """Remove requests whose time is over."""
        now = self._around.now().astimezone(UTC)
        for request in self._around.objects.all(DOWNLOADS, NAMESPACE):
            if (end := _instant(section(request, "status").get("expiration"))) and end < now:
                self._around.objects.delete(DOWNLOADS, NAMESPACE, name_of(request))
        for request in self._around.objects.all(STATUSES, NAMESPACE):
            done = _instant(section(request, "status").get("processedTimestamp"))
            if done and done + timedelta(seconds=_STATUS_SECONDS) < now:
                self._around.objects.delete(STATUSES, NAMESPACE, name_of(request))

    def _server_status(self) -> JsonObject:
        return {
            "phase": "Processed",
            "processedTimestamp": self._around.timestamp(),
            "serverVersion": SERVER_VERSION,
            "plugins": [{"name": name, "kind": kind} for name, kind in _PLUGINS],
        }

    def _answer_download(self, request: JsonObject) -> None:
        status: JsonObject = {"expiration": self._around.timestamp(_URL_SECONDS)}
        url = self._url(section(request, "spec", "target"))
        if url:
            status |= {"phase": "Processed", "downloadURL": url}
        elif section(request, "status").get("expiration"):
            return  # refused before; the real server does not write again either
        self._around.write(request, {"status": status})

    def _url(self, target: JsonObject) -> str:
        """Return where the target can be fetched; empty where backup or restore are unknown."""
        kind, name = str(target.get("kind")), str(target.get("name"))
        key = target_file(kind, name)
        backup_name = self._backup_of(name) if is_restore_kind(kind) else name
        backup = self._around.objects.peek("backups.velero.io", NAMESPACE, backup_name)
        if key is None or backup is None:
            return ""
        return self._around.bucket.presigned(key, _URL_SECONDS)

    def _backup_of(self, restore_name: str) -> str:
        restore = self._around.objects.peek("restores.velero.io", NAMESPACE, restore_name)
        return str(section(restore or {}, "spec").get("backupName") or "")


def _instant(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None
