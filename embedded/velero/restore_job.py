"""One restore under way: all that its parts share.

In: a validated Restore, its backup, the unpacked archive. Out: a value passed along; results and
log fill up while items are restored.
"""

from dataclasses import dataclass, field

from embedded.json_objects import JsonObject, section
from embedded.objects import Objects
from embedded.velero.archive import Archive
from embedded.velero.filters import Filters
from embedded.velero.knobs import Knobs
from embedded.velero.logs import RestoreLog
from embedded.velero.modifiers import Modifiers
from embedded.velero.results import Results
from embedded.velero.volume_backups import VolumeBackups


@dataclass(slots=True, kw_only=True)
class RestoreJob:
    """What is known of a restore while it runs.

    Attributes:
        restore: the Restore as it was when it started.
        backup: the Backup it restores.
        archive: the unpacked tarball.
        volume_infos: the backup's volumeinfo file by name of the PersistentVolume.
        volume_backups: the backup's PodVolumeBackups.
        snapshots: the backup's native snapshots by name of the PersistentVolume.
        modifiers: the resource modifiers, if any.
        lines: the restore's log.
        life: the server's life that the restore belongs to.
        terminating_seconds: how long a namespace may take to go away.
        any_snapshot_location: whether a new, empty volume stands in for a native snapshot, so that
            the rest of a backup from elsewhere can be restored.
        to_provision: volumes that come back as new ones.
        renamed_volumes: volumes restored under another name.
        filled_pods: pods created with volumes to fill: namespace, name.
    """

    objects: Objects
    knobs: Knobs
    restore: JsonObject
    backup: JsonObject
    archive: Archive
    filters: Filters
    volume_infos: dict[str, JsonObject]
    volume_backups: VolumeBackups
    snapshots: dict[str, JsonObject]
    modifiers: Modifiers | None
    lines: RestoreLog
    life: int
    terminating_seconds: float
    any_snapshot_location: bool = False
    results: Results = field(default_factory=Results)
    to_provision: set[str] = field(default_factory=set)
    renamed_volumes: dict[str, str] = field(default_factory=dict)
    filled_pods: list[tuple[str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the Restore's name."""
        return str(self.restore["metadata"]["name"])

    @property
    def spec(self) -> JsonObject:
        """Return the Restore's spec."""
        return section(self.restore, "spec")

    def mapped(self, namespace: str) -> str:
        """Return where what was in a namespace of the backup goes."""
        return str(section(self.restore, "spec", "namespaceMapping").get(namespace, namespace))
