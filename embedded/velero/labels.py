"""The labels that Velero puts on what it restores (velero v1.18, pkg/label/label.go).

In: names of a restore and its backup. Out: label values that fit.
"""

import hashlib

from embedded.json_objects import JsonObject

RESTORE_NAME = "velero.io/restore-name"
RESTORE_UID = "velero.io/restore-uid"
BACKUP_NAME = "velero.io/backup-name"
_LIMIT = 63
_HASH = 6


def label_value(name: str) -> str:
    """Return the name, or where it is too long its beginning and a piece of its hash."""
    if len(name) <= _LIMIT:
        return name
    return name[: _LIMIT - _HASH] + hashlib.sha256(name.encode()).hexdigest()[:_HASH]


def add_restore_labels(obj: JsonObject, restore: str, backup: str) -> None:
    """Mark an object as restored, in place."""
    labels = obj["metadata"].get("labels") or {}
    marks = {BACKUP_NAME: label_value(backup), RESTORE_NAME: label_value(restore)}
    obj["metadata"]["labels"] = {**labels, **marks}
