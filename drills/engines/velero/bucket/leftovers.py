"""Folders below `backups/` that Velero does not see.

In: a listed folder. Out: one finding. Without `velero-backup.json` a folder is no backup to Velero:
the sync passes it by (v1.18 `pkg/persistence/object_store.go`, BackupExists). A deletion that was
broken off leaves one, and so does an upload that failed: Velero takes the metadata away again, and
what it had uploaded stays (PutBackup). Somebody who asks for a backup by its name means a backup:
then what its folder lacks is damage.
"""

from drills.engines.velero.reader.layout import Part, parts_of
from drills.engines.velero.reader.tally import plain
from drills.engines.velero.remarks import warned
from drills.findings import Finding
from drills.integrity.contract import Listed


def is_leftover(listed: Listed) -> bool:
    """Return whether Velero does not take the folder for a backup."""
    return not listed.named and Part.METADATA not in parts_of(listed.name, listed.files).known


def leftover(listed: Listed) -> Finding:
    """Return what to say of such a folder."""
    parts = parts_of(listed.name, listed.files)
    holds = f"{len(listed.files)} file(s)"
    if Part.ARCHIVE in parts.known:
        holds += ", an archive of objects among them,"
        remedy = (
            f"If {Part.METADATA} was lost, bring it back from the bucket's versions; else delete "
            "the folder."
        )
    else:
        remedy = "Delete the folder, once nobody misses what is in it."
    return warned(
        "folder-not-a-backup",
        f"folder {plain(listed.name)}",
        f"The folder holds {holds} but no {Part.METADATA}, so Velero does not see it: it is left "
        "over from a deleted backup or a failed upload, or somebody else put it there.",
        remedy,
    )
