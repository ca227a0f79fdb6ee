"""Which Velero wrote a backup, as far as the backup tells, and which files that one writes. Pure.

In: the files that are there, the Backup's status. Out: for each absent file whether it was written.
No file names its writer's version. What tells: the set of files (v1.8 to v1.18
`pkg/persistence/object_store.go`, PutBackup) and `status.hookStatus`, which every backup since 1.13
has (`pkg/backup/backup.go`) and none before. Fields of the spec tell nothing: a Schedule may carry
those of a newer client.

| file                            | written by   |
|---------------------------------|--------------|
| itemsnapshots                   | 1.8 to 1.10  |
| csi-volumesnapshotclasses       | 1.9 to 1.17  |
| csi-volumesnapshots, -contents  | 1.4 to 1.16  |
| results                         | 1.10 on      |
| itemoperations                  | 1.11 on      |
| volumeinfo                      | 1.13 on      |
| everything else                 | all          |
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from drills import objects
from drills.engines.velero.reader.layout import Part
from drills.objects import KubeObject

OLDEST, NEWEST = 0, 99
WITH_HOOK_STATUS = 13


class Wrote(Enum):
    """Whether whoever wrote the backup wrote a file of this sort."""

    YES = "yes"
    NO = "no"
    PERHAPS = "perhaps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Writers:
    """The versions 1.`first` to 1.`last`, any of which may have written the backup."""

    first: int = OLDEST
    last: int = NEWEST

    def wrote(self, part: Part) -> Wrote:
        """Return whether these versions write `part`."""
        known = WRITTEN.get(part, Writers())
        if known.first <= self.first and self.last <= known.last:
            return Wrote.YES
        if self.last < known.first or known.last < self.first:
            return Wrote.NO
        return Wrote.PERHAPS

    def __str__(self) -> str:
        """Return the versions in words."""
        if self.first == self.last:
            return f"1.{self.first}"
        since = f"1.{self.first} or later" if self.first > OLDEST else "any version"
        if self.last == NEWEST:
            return since
        return f"1.{self.first} to 1.{self.last}" if self.first > OLDEST else f"up to 1.{self.last}"


WRITTEN: Mapping[Part, Writers] = {
    Part.ITEM_SNAPSHOTS: Writers(first=8, last=10),
    Part.CSI_SNAPSHOTS: Writers(first=4, last=16),
    Part.CSI_CONTENTS: Writers(first=4, last=16),
    Part.CSI_CLASSES: Writers(first=9, last=17),
    Part.RESULTS: Writers(first=10),
    Part.ITEM_OPERATIONS: Writers(first=11),
    Part.VOLUME_INFO: Writers(first=13),
}


def writers_of(present: Collection[Part], backup: KubeObject | None) -> Writers:
    """Return who may have written a backup with these files; `backup` is None where unread.

    What is there outweighs what is not: a status that lost its `hookStatus` decides nothing
    against a file that only newer versions write.
    """
    known = [WRITTEN[part] for part in present if part in WRITTEN]
    first = max((one.first for one in known), default=OLDEST)
    last = min((one.last for one in known), default=NEWEST)
    if objects.dig(backup, "status", "hookStatus") is not None:
        first = max(first, WITH_HOOK_STATUS)
    elif backup is not None and first < WITH_HOOK_STATUS:
        last = min(last, WITH_HOOK_STATUS - 1)
    return Writers(first=first, last=last) if first <= last else Writers()
