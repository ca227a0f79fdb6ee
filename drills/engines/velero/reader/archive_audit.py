"""Looks at every entry of an archive while it streams by.

In: unpacked bytes and the backup's own list as an index. Out: counts, the claims and volumes, and
complaints; where asked for, what the objects hold (`contents`). Objects are counted from the
unversioned tree only: below a version folder Velero writes each one again (v1.18
`pkg/backup/item_backupper.go`).
"""

from collections.abc import Callable, Iterator

from drills.backups import BackedUpObject, ObjectKey
from drills.companions.lacks import Companions
from drills.companions.makers import MAKERS, maker_of
from drills.companions.named import naming
from drills.engines.velero.documents import parsed
from drills.engines.velero.holdings import PODS
from drills.engines.velero.judgement import (
    DATA_UPLOADS,
    SNAPSHOT_CONTENTS,
    SNAPSHOTS,
    backed_up,
)
from drills.engines.velero.pod_volumes import PodVolumes, pod_volumes
from drills.engines.velero.reader.contents import VERSION_FILE, Contents
from drills.engines.velero.reader.copies import Copies
from drills.engines.velero.reader.folders import Folder, Folders, Holds
from drills.engines.velero.reader.listed_index import ListedIndex, Tick
from drills.engines.velero.reader.sketch import Sketch, sketch
from drills.engines.velero.reader.tally import Tally
from drills.errors import BackupUnreadable
from drills.integrity import tar
from drills.integrity.entropy import Entropy
from drills.objects import KubeObject
from drills.pod_specs import POD_SPECS

LOOKED_AT = frozenset(
    {"persistentvolumeclaims", "persistentvolumes", DATA_UPLOADS, SNAPSHOTS, SNAPSHOT_CONTENTS}
)
"""Kinds that say where volume data is: they are kept."""
READ = LOOKED_AT | POD_SPECS.keys() | MAKERS.keys()
"""Kinds that are read; of pods and what makes them only what they name is kept."""
MOST_OBJECT = 8 << 20
"""An API server takes requests of 3 MiB; what is larger could never be restored."""
Later = Callable[[str, str, str], bool]
"""Whether Velero adds `plural.group`, namespace, name when the list is already written."""
MOST_REMEMBERED = 1_000_000
"""Objects whose doubles are still noticed when the backup's own list does not name them."""


class ArchiveAudit:
    """What one archive holds."""

    def __init__(
        self,
        backup: str,
        index: ListedIndex | None,
        later: Later,
        contents: Contents | None = None,
    ) -> None:
        """Begin; `contents` takes every object in, where an inventory is wanted."""
        self.contents = contents
        self.tally = Tally(f"archive of backup {backup}")
        self.volume_objects: list[BackedUpObject] = []
        self.pods: list[PodVolumes] = []
        self.companions = Companions()
        self.format: str | None = None
        self.objects = 0
        self.entropy = Entropy()
        self._index = index
        self._later = later
        self._unlisted: set[int] = set()
        self._folders = Folders()
        self._copies = Copies(self.tally)

    @property
    def kinds(self) -> dict[str, int]:
        """Return the objects by `plural.group`."""
        return self._folders.kinds()

    @property
    def namespaces(self) -> dict[str, int]:
        """Return the objects by namespace."""
        return self._folders.namespaces()

    @property
    def versions(self) -> dict[str, frozenset[str]]:
        """Return the apiVersions in which each `plural.group` is held."""
        return {kind: frozenset(held) for kind, held in self._folders.versions.items()}

    def read(self, pieces: Iterator[bytes]) -> "ArchiveAudit":
        """Read the archive to its end; raises BackupUnreadable where it is damaged."""
        known, follows = self._folders.known, self._copies.follows
        for path, kind, body in tar.members(self.entropy.through(pieces)):
            place, _, name = path.rpartition("/")
            folder = known.get(place) or self._folders.add(place)
            if kind not in tar.REGULAR:
                self.tally.add("entry-not-a-file", path)
            elif not (folder.original and follows(folder.original, name, body)):
                self._file(folder, path, name, body)
        self._copies.close()
        return self

    def _file(self, folder: Folder, path: str, name: str, body: bytes) -> None:
        if tar.leads_out(path):
            self.tally.add("path-escapes", path)
        elif folder.holds is Holds.NOTHING_KNOWN or not name.endswith(".json"):
            self._other(path, body)
        elif folder.holds is Holds.OBJECTS:
            self._copies.original(path[: -len(name) - 1], name, body)
            self._object(folder, path, name[:-5], body)
        elif folder.holds is Holds.COPIES:
            self._copies.copy(folder.original, name, body)
        else:
            self._sketch(path, body)

    def _other(self, path: str, body: bytes) -> None:
        if path != VERSION_FILE:
            self.tally.add("entry-unknown", path)
        elif self.format is not None:
            self.tally.add("object-twice", path)
        else:
            self.format = body[:40].decode(errors="replace").strip()

    def _object(self, folder: Folder, path: str, name: str, body: bytes) -> None:
        self.objects += 1
        folder.objects += 1
        found = self._sketch(path, body)
        if found is None:
            return
        api_version, kind, own_namespace, own_name = found
        group = folder.group
        if api_version != folder.api_version:
            group = api_version.rpartition("/")[0]
            if group == folder.group:
                folder.api_version = api_version
        # `deployments.apps` holds kinds of the group `apps`; core resources have no suffix.
        if own_name != name or own_namespace != folder.namespace or group != folder.group:
            self.tally.add("object-misplaced", f"{path} holds {kind} {own_namespace}/{own_name}")
        self._tick(path, (group, kind, folder.namespace, name), folder.resource)
        self.companions.see(folder.resource, folder.namespace, name)
        if self.contents is not None or folder.resource in READ:
            key = ObjectKey(resource=folder.resource, namespace=folder.namespace, name=name)
            self._keep(key, path, body)

    def _sketch(self, path: str, body: bytes) -> Sketch | None:
        if len(body) > MOST_OBJECT:
            self.tally.add("object-unreadable", f"{path}: {len(body)} bytes are no object")
            return None
        try:
            return sketch(body)
        except ValueError as error:
            self.tally.add("object-unreadable", f"{path}: {error}")
            return None

    def _tick(self, path: str, named: tuple[str, str, str, str], resource: str) -> None:
        ticked = Tick.UNLISTED if self._index is None else self._index.tick(named)
        if ticked is Tick.UNLISTED:
            number = hash(path)
            if number in self._unlisted:
                ticked = Tick.AGAIN
            elif len(self._unlisted) < MOST_REMEMBERED:
                self._unlisted.add(number)
        if ticked is Tick.AGAIN:
            self.tally.add("object-twice", path)
        elif ticked is Tick.UNLISTED and self._index and not self._later(resource, *named[2:]):
            self.tally.add("object-unlisted", path)

    def _keep(self, key: ObjectKey, path: str, body: bytes) -> None:
        try:
            obj = parsed(body)
        except BackupUnreadable as error:
            self.tally.add("object-unreadable", f"{path}: {error}")
            return
        if not isinstance(obj, dict):
            return
        shown: KubeObject = obj
        taken = self.contents.take(key, shown) if self.contents is not None else None
        if key.resource in READ:
            self._take(taken or backed_up(key, shown), shown)

    def _take(self, held: BackedUpObject, obj: KubeObject) -> None:
        resource = held.key.resource
        if resource in LOOKED_AT:
            self.volume_objects.append(held)
        elif resource == PODS:
            self.pods.append(pod_volumes(held))
        if named := naming(held):
            self.companions.add(named)
        if maker := maker_of(held.key, obj):
            self.companions.make(maker)
