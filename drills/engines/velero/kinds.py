"""Velero's kinds, names and limits, as far as a drill uses them.

Source of each: Velero v1.18 `pkg/apis/velero/v1` and `v2alpha1`; none has a status subresource.
"""

import hashlib

from drills.cluster import Kind

V1 = "velero.io/v1"

BACKUP = Kind(V1, "Backup")
LOCATION = Kind(V1, "BackupStorageLocation")
REPOSITORY = Kind(V1, "BackupRepository")
DOWNLOAD_REQUEST = Kind(V1, "DownloadRequest")
POD_VOLUME_BACKUP = Kind(V1, "PodVolumeBackup")
POD_VOLUME_RESTORE = Kind(V1, "PodVolumeRestore")
RESTORE = Kind(V1, "Restore")
SCHEDULE = Kind(V1, "Schedule")
STATUS_REQUEST = Kind(V1, "ServerStatusRequest")
DATA_DOWNLOAD = Kind("velero.io/v2alpha1", "DataDownload")
CONFIG_MAP = Kind("v1", "ConfigMap")
POD = Kind("v1", "Pod")
DEPLOYMENT = Kind("apps/v1", "Deployment")

BACKUP_NAME_LABEL = "velero.io/backup-name"
RESTORE_NAME_LABEL = "velero.io/restore-name"
SCHEDULE_LABEL = "velero.io/schedule-name"

RESTORE_FINALIZER = "restores.velero.io/external-resources-finalizer"

LABEL_LIMIT = 63
_KEPT = 57
_DIGITS = 6


def label_value(name: str) -> str:
    """Return how Velero writes a name into a label value.

    Names over 63 characters are cut to 57 and get six hex digits of their SHA-256
    (`pkg/label/label.go`, GetValidName).
    """
    if len(name) <= LABEL_LIMIT:
        return name
    return name[:_KEPT] + hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]


def made_for(restore: str) -> str:
    """Return the selector of everything that Velero labels with the Restore it made it for."""
    return f"{RESTORE_NAME_LABEL}={label_value(restore)}"
