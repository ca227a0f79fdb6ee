"""Where Velero keeps what in its bucket (velero v1.18, pkg/persistence/object_store_layout.go).

In: names of backups and restores. Out: keys below the location's prefix.
"""

from collections.abc import Mapping

METADATA = "velero-backup.json"
KNOWN_FOLDERS = frozenset({"backups", "restores", "restic", "metadata", "plugins", "kopia"})
"""The only folders a location may have at its top (object_store.go, IsValid)."""

_BACKUP_FILES: Mapping[str, str] = {
    "BackupLog": "{}-logs.gz",
    "BackupContents": "{}.tar.gz",
    "BackupVolumeSnapshots": "{}-volumesnapshots.json.gz",
    "BackupItemOperations": "{}-itemoperations.json.gz",
    "BackupResourceList": "{}-resource-list.json.gz",
    "BackupResults": "{}-results.gz",
    "BackupVolumeInfos": "{}-volumeinfo.json.gz",
    "CSIBackupVolumeSnapshots": "{}-csi-volumesnapshots.json.gz",
    "CSIBackupVolumeSnapshotContents": "{}-csi-volumesnapshotcontents.json.gz",
    "PodVolumeBackups": "{}-podvolumebackups.json.gz",
}
_RESTORE_FILES: Mapping[str, str] = {
    "RestoreLog": "restore-{}-logs.gz",
    "RestoreResults": "restore-{}-results.gz",
    "RestoreResourceList": "restore-{}-resource-list.json.gz",
    "RestoreItemOperations": "restore-{}-itemoperations.json.gz",
    "RestoreVolumeInfo": "{}-volumeinfo.json.gz",
}


def backup_file(kind: str, name: str) -> str:
    """Return the key of a backup's file of the kind that a DownloadRequest names."""
    return f"backups/{name}/{_BACKUP_FILES[kind].format(name)}"


def metadata_file(name: str) -> str:
    """Return the key of the file that makes a folder a backup."""
    return f"backups/{name}/{METADATA}"


def restore_file(kind: str, name: str) -> str:
    """Return the key of a restore's file of the kind that a DownloadRequest names."""
    return f"restores/{name}/{_RESTORE_FILES[kind].format(name)}"


def restore_folder(name: str) -> str:
    """Return the prefix of all that a restore wrote."""
    return f"restores/{name}/"


def is_restore_kind(kind: str) -> bool:
    """Return whether a DownloadRequest of this kind names a restore."""
    return kind in _RESTORE_FILES


def target_file(kind: str, name: str) -> str | None:
    """Return the key that a DownloadRequest's target means, None for an unknown kind."""
    if kind in _RESTORE_FILES:
        return restore_file(kind, name)
    known = kind in _BACKUP_FILES and kind != "PodVolumeBackups"
    return backup_file(kind, name) if known else None
