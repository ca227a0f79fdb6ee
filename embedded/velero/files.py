"""The files of a backup that a restore reads, and those that it writes.

In: a backup's name, or a restore's results. Out: unpacked files, or uploads to the bucket.
"""

from embedded.buckets import Bucket
from embedded.json_objects import JsonObject
from embedded.velero.archive import Archive, Damaged, NothingInside, gzipped, objects_in, unzipped
from embedded.velero.archive import unpack as unpack_archive
from embedded.velero.layout import backup_file, restore_file, restore_folder
from embedded.velero.pod_volumes import restored_volume_infos
from embedded.velero.restore_job import RestoreJob


class Unreadable(Exception):
    """A file without which a restore cannot start; the message is Velero's."""


class BackupFiles:
    """The files of one backup."""

    def __init__(self, bucket: Bucket, backup: str) -> None:
        self._bucket = bucket
        self._backup = backup

    def tarball(self) -> bytes:
        """Return the tarball.

        Raises:
            Unreadable: when it is not there or cannot be read.
        """
        key = backup_file("BackupContents", self._backup)
        try:
            content = self._bucket.read(key)
        except OSError as problem:
            raise Unreadable(f"error downloading backup: {problem}") from problem
        if content is None:
            raise Unreadable(
                "error downloading backup: rpc error: code = Unknown desc = error getting object "
                f"{key}: NoSuchKey: The specified key does not exist."
            )
        return content

    def listed(self, kind: str) -> list[JsonObject]:
        """Return the objects of one of the backup's list files, none where there is no file.

        Raises:
            Unreadable: when the file is damaged.
        """
        try:
            found = unzipped(self._bucket.read(backup_file(kind, self._backup)))
        except (Damaged, OSError) as problem:
            raise Unreadable(f"error fetching {kind} metadata: {problem}") from problem
        return [dict(one) for one in objects_in(found)]


def unpack(content: bytes, errors: list[str], warnings: list[str]) -> Archive | None:
    """Return the archive, or None with the remark that Velero makes instead."""
    try:
        return unpack_archive(content)
    except Damaged as damage:
        errors.append(str(damage))
    except NothingInside as nothing:
        warnings.append(f"zero items to be restored: {nothing}")
    return None


def upload_log(bucket: Bucket, job: RestoreJob) -> None:
    """Upload the restore's log; a refusal is an error of the restore (restore_controller.go)."""
    errors = job.results.errors
    try:
        bucket.put(restore_file("RestoreLog", job.name), job.lines.zipped())
    except OSError as problem:
        errors.velero.append(f"error uploading log file to backup storage: {problem}")


def upload_results(bucket: Bucket, job: RestoreJob) -> None:
    """Upload all other files; refusals only reach the server's own log, as with the real one."""
    files = {
        "RestoreResults": job.results.as_json(),
        "RestoreResourceList": job.results.resource_list(),
        "RestoreItemOperations": [],
        "RestoreVolumeInfo": restored_volume_infos(job),
    }
    for kind, content in files.items():
        _try_put(bucket, restore_file(kind, job.name), gzipped(content))


def _try_put(bucket: Bucket, key: str, content: bytes) -> None:
    try:
        bucket.put(key, content)
    except OSError:
        return


def forget_restore(bucket: Bucket, restore: str) -> None:
    """Delete all files of a restore."""
    for key in bucket.keys(restore_folder(restore)):
        bucket.delete(key)
