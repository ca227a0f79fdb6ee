"""Which files a backup consists of, by what Velero writes.

In: a backup's listed files. Out: its parts by meaning. Source: Velero 1.8 to 1.18,
`pkg/persistence/object_store_layout.go` and `object_store.go` (PutBackup).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from drills.ports import StoredObject


class Part(StrEnum):
    """A file's name behind the backup's own."""

    METADATA = "velero-backup.json"
    ARCHIVE = ".tar.gz"
    LOG = "-logs.gz"
    POD_VOLUME_BACKUPS = "-podvolumebackups.json.gz"
    VOLUME_SNAPSHOTS = "-volumesnapshots.json.gz"
    ITEM_OPERATIONS = "-itemoperations.json.gz"
    RESOURCE_LIST = "-resource-list.json.gz"
    RESULTS = "-results.gz"
    VOLUME_INFO = "-volumeinfo.json.gz"
    CSI_SNAPSHOTS = "-csi-volumesnapshots.json.gz"
    CSI_CONTENTS = "-csi-volumesnapshotcontents.json.gz"
    CSI_CLASSES = "-csi-volumesnapshotclasses.json.gz"
    ITEM_SNAPSHOTS = "-itemsnapshots.json.gz"


PASSING = frozenset({Part.CSI_SNAPSHOTS, Part.CSI_CONTENTS, Part.CSI_CLASSES, Part.ITEM_SNAPSHOTS})
"""What only older versions write (`versions`): read where it is, never missed."""

SUFFERS: Mapping[Part, str] = {
    Part.METADATA: "Velero does not see the backup at all, so no restore can name it",
    Part.ARCHIVE: "nothing can be restored",
    Part.POD_VOLUME_BACKUPS: "a cluster that syncs this bucket restores volumes without their data",
    Part.VOLUME_SNAPSHOTS: "volumes with native snapshots come back empty",
    Part.ITEM_OPERATIONS: "what plugins did to volumes cannot be followed",
    Part.RESOURCE_LIST: "nobody can tell whether the archive is complete",
    Part.RESULTS: "nobody can tell what went wrong while it was taken",
    Part.VOLUME_INFO: "Velero cannot tell which volumes have data: they come back empty",
}
"""Each part that Velero always writes, and what its loss means. The log is best effort."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A backup's files, sorted by meaning."""

    known: Mapping[Part, StoredObject]
    strange: tuple[str, ...]
    """Names that no Velero writes into a backup's folder."""


def file_name(backup: str, part: Part) -> str:
    """Return the file's name inside the backup's folder."""
    return part if part is Part.METADATA else f"{backup}{part}"


def parts_of(backup: str, files: Iterable[StoredObject]) -> Parts:
    """Return the files by meaning."""
    meanings = {file_name(backup, part): part for part in Part}
    known: dict[Part, StoredObject] = {}
    strange: list[str] = []
    for stored in files:
        name = stored.key.partition(f"backups/{backup}/")[2]
        if name in meanings:
            known[meanings[name]] = stored
        elif name:
            strange.append(name)
    return Parts(known=known, strange=tuple(strange))
