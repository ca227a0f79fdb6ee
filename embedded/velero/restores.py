"""The restore controller: one Restore at a time, from New to Finalizing, and deletions.

In: names of Restores. Out: restored objects, files in the bucket, statuses. One worker, as in the
real server: a restore that hangs holds up all others, and deletions too (velero v1.18,
pkg/controller/restore_controller.go, no MaxConcurrentReconciles).
"""

import logging

from embedded.api_errors import ApiError
from embedded.buckets import Bucket
from embedded.json_objects import JsonObject, section
from embedded.velero import NAMESPACE
from embedded.velero.archive import Archive
from embedded.velero.files import (
    BackupFiles,
    Unreadable,
    forget_restore,
    unpack,
    upload_log,
    upload_results,
)
from embedded.velero.filters import filters_of
from embedded.velero.knobs import EVERYWHERE, GaveUp
from embedded.velero.labels import BACKUP_NAME, label_value
from embedded.velero.logs import RestoreLog
from embedded.velero.pod_volumes import volume_patience
from embedded.velero.restore_job import RestoreJob
from embedded.velero.run import RestoreRun
from embedded.velero.surroundings import Surroundings
from embedded.velero.validation import Validated, validate
from embedded.velero.versions import chosen_folders
from embedded.velero.volume_backups import VolumeBackups

KIND = "restores.velero.io"
FINALIZER = "restores.velero.io/external-resources-finalizer"
_LOG = logging.getLogger(__name__)


class RestoreController:
    """Works on one Restore after the other."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._objects = around.objects
        self._bucket: Bucket = around.bucket

    def work(self, name: str) -> None:
        """Look at a Restore: run it when new, clean up behind it when deleted."""
        knobs, life = self._around.knobs, self._around.knobs.life
        restore = self._objects.get(KIND, NAMESPACE, name)
        if restore is None or knobs.down:
            return
        if "deletionTimestamp" in restore["metadata"]:
            if not knobs.hangs(EVERYWHERE):
                self._clean_up(restore)
            return
        if section(restore, "status").get("phase", "") not in {"", "New"}:
            return
        try:
            knobs.wait_until(lambda: not knobs.hangs("New"), life)
            self._run(name, life)
        except GaveUp:
            _LOG.debug("the server stopped while it restored %s", name)

    def _run(self, name: str, life: int) -> None:
        restore = self._add_finalizer(name)
        if restore is None or "deletionTimestamp" in restore["metadata"]:
            return
        valid = validate(self._objects, restore)
        if valid.problems or valid.backup is None:
            status = {"phase": "FailedValidation", "validationErrors": valid.problems}
            self._around.write(restore, {"spec": valid.spec, "status": status})
            return
        started = {"phase": "InProgress", "startTimestamp": self._around.timestamp()}
        restore = self._around.write(restore, {"spec": valid.spec, "status": started})
        if restore is not None:
            self._restore(restore, valid, valid.backup, life)

    def _add_finalizer(self, name: str) -> JsonObject | None:
        restore = self._objects.get(KIND, NAMESPACE, name)
        held = restore["metadata"].get("finalizers", []) if restore else []
        if restore is None or FINALIZER in held:
            return restore
        return self._around.write(restore, {"metadata": {"finalizers": [*held, FINALIZER]}})

    def _restore(
        self, restore: JsonObject, valid: Validated, backup: JsonObject, life: int
    ) -> None:
        try:
            job, content = self._job(restore, valid, backup, life)
        except Unreadable as problem:
            status = {
                "phase": "Failed",
                "failureReason": f"restore execution failed: {problem}",
                "completionTimestamp": self._around.timestamp(),
            }
            self._around.write(restore, {"status": status})
            return
        job.lines.info("starting restore")
        remarks = job.results
        archive = unpack(content, remarks.errors.velero, remarks.warnings.velero)
        self._vanish_if_asked(restore)
        if archive is not None:
            archive.chosen = chosen_folders(archive.versions, self._objects.storage.types)
            job.archive = archive
            self._run_through(restore, job)
        self._finish(restore, job)

    def _run_through(self, restore: JsonObject, job: RestoreJob) -> None:
        """Restore all items; one of a shape nobody foresaw ends the run, and says so."""
        try:
            seconds = min(
                volume_patience(job, self._around.volume_seconds), self._around.volume_limit
            )
            RestoreRun(job, Teller(self._around, restore), seconds).execute()
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            _LOG.warning("restore %s", job.name, exc_info=True)
            job.results.errors.velero.append(f"an item cannot be handled: {problem!r}")

    def _job(
        self, restore: JsonObject, valid: Validated, backup: JsonObject, life: int
    ) -> tuple[RestoreJob, bytes]:
        name = str(valid.spec["backupName"])
        files = BackupFiles(self._bucket, name)
        content = files.tarball()
        snapshots = files.listed("BackupVolumeSnapshots")
        infos = files.listed("BackupVolumeInfos")
        label = f"{BACKUP_NAME}={label_value(name)}"
        job = RestoreJob(
            objects=self._objects,
            knobs=self._around.knobs,
            restore=restore,
            backup=backup,
            archive=Archive(),
            filters=filters_of(valid.spec, self._objects.storage.types),
            volume_infos={str(one.get("pvName")): one for one in infos if one.get("pvName")},
            volume_backups=VolumeBackups(
                self._objects.all("podvolumebackups.velero.io", NAMESPACE, labels=label)
            ),
            snapshots={
                str(section(one, "spec").get("persistentVolumeName")): one for one in snapshots
            },
            modifiers=valid.modifiers,
            lines=RestoreLog(f"{NAMESPACE}/{restore['metadata']['name']}", self._around.now),
            life=life,
            terminating_seconds=self._around.terminating_seconds,
            any_snapshot_location=self._around.any_snapshot_location,
        )
        return job, content

    def _vanish_if_asked(self, restore: JsonObject) -> None:
        """Remove the Restore under the server's feet, as a test may have asked."""
        knobs = self._around.knobs
        if not knobs.vanish:
            return
        knobs.vanish = False
        name = restore["metadata"]["name"]
        try:
            self._objects.delete(KIND, NAMESPACE, name)
            self._objects.drop_finalizer(KIND, NAMESPACE, name, FINALIZER)
        except ApiError as refusal:
            _LOG.debug("%s", refusal.message)

    def _finish(self, restore: JsonObject, job: RestoreJob) -> None:
        results = job.results
        for text in (*results.errors.velero, *results.errors.cluster):
            job.lines.error(f"Velero restore error: {text}")
        for place, texts in results.errors.namespaces.items():
            for text in texts:
                job.lines.error(f"Namespace {place}, resource restore error: {text}")
        for place, texts in results.warnings.namespaces.items():
            for text in texts:
                job.lines.warning(f"Namespace {place}, resource restore warning: {text}")
        job.lines.info("restore completed")
        upload_log(self._bucket, job)
        upload_results(self._bucket, job)
        total = len(results.items)
        status: JsonObject = {
            "phase": "FinalizingPartiallyFailed" if len(results.errors) else "Finalizing",
            "progress": {"totalItems": total, "itemsRestored": total},
            "hookStatus": {},
        }
        status |= {"warnings": len(results.warnings)} if len(results.warnings) else {}
        status |= {"errors": len(results.errors)} if len(results.errors) else {}
        self._around.write_at_any_cost(restore, {"status": status}, job.life)

    def _clean_up(self, restore: JsonObject) -> None:
        """Delete a deleted Restore's files and let it go, when its location can be reached."""
        name = str(restore["metadata"]["name"])
        backup_name = str(section(restore, "spec").get("backupName") or "")
        backup = self._objects.peek("backups.velero.io", NAMESPACE, backup_name)
        if backup is not None:
            if not self._around.location_is_available(backup):
                return
            try:
                forget_restore(self._bucket, name)
            except OSError as away:
                _LOG.debug("the files of %s stay for now: %s", name, away)
                return
        self._objects.drop_finalizer(KIND, NAMESPACE, name, FINALIZER)


class Teller:
    """Writes a restore's progress."""

    def __init__(self, around: Surroundings, restore: JsonObject) -> None:
        self._around = around
        self._restore = restore

    def __call__(self, restored: int, total: int) -> None:
        """Write how many items are done of an estimated total."""
        progress = {"itemsRestored": restored, "totalItems": total}
        self._around.write(self._restore, {"status": {"progress": progress}})
