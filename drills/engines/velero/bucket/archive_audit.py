"""Looks at every entry of an archive while it streams by.

In: unpacked bytes and the backup's own list as an index. Out: counts, the claims and volumes, and
complaints. Objects are counted from the unversioned tree only: below a version folder Velero
writes each one again (v1.18 `pkg/backup/item_backupper.go`).
"""

from collections.abc import Iterator

from drills.backups import BackedUpObject, ObjectKey
from drills.engines.velero.bucket.copies import PREFERRED, Copies
from drills.engines.velero.bucket.listed_index import ListedIndex, Tick
from drills.engines.velero.bucket.sketch import Sketch, sketch
from drills.engines.velero.bucket.tally import Tally
from drills.engines.velero.contents import VERSION_FILE
from drills.engines.velero.documents import parsed
from drills.engines.velero.judgement import backed_up
from drills.errors import BackupUnreadable
from drills.integrity import tar
from drills.integrity.entropy import Entropy
from drills.objects import KubeObject

LOOKED_AT = frozenset({"persistentvolumeclaims", "persistentvolumes"})
MOST_OBJECT = 8 << 20
"""An API server takes requests of 3 MiB; what is larger could never be restored."""
MOST_REMEMBERED = 1_000_000
"""Objects whose doubles are still noticed when the backup's own list does not name them."""
MOST_GROUPS = 10_000
"""API versions whose group is kept at hand."""

_CLUSTER, _NAMESPACED = 4, 5


class ArchiveAudit:
    """What one archive holds."""

    def __init__(self, backup: str, index: ListedIndex | None) -> None:
        self.tally = Tally(f"archive of backup {backup}")
        self.kinds: dict[str, int] = {}
        self.namespaces: dict[str, int] = {}
        self.volume_objects: list[BackedUpObject] = []
        self.format: str | None = None
        self.objects = 0
        self.entropy = Entropy()
        self._index = index
        self._unlisted: set[int] = set()
        self._groups: dict[str, str] = {}
        self._copies = Copies(self.tally)

    def read(self, pieces: Iterator[bytes]) -> "ArchiveAudit":
        """Read the archive to its end; raises BackupUnreadable where it is damaged."""
        for path, kind, body in tar.members(self.entropy.through(pieces)):
            if kind in tar.REGULAR and self._copies.follows(path, body):
                continue
            if kind not in tar.REGULAR:
                self.tally.add("entry-not-a-file", path)
            elif tar.leads_out(path):
                self.tally.add("path-escapes", path)
            else:
                self._file(path, body)
        self._copies.close()
        return self

    def _file(self, path: str, body: bytes) -> None:
        parts = path.split("/")
        depth = len(parts)
        if parts[0] != "resources" or not path.endswith(".json"):
            self._other(path, body)
        elif depth == _NAMESPACED and parts[2] == "namespaces":
            self._object(path, parts[1], parts[3], parts[4][:-5], body)
        elif depth == _CLUSTER and parts[2] == "cluster":
            self._object(path, parts[1], "", parts[3][:-5], body)
        elif (depth == _NAMESPACED + 1 and parts[3] == "namespaces") or (
            depth == _CLUSTER + 1 and parts[3] == "cluster"
        ):
            self._version(path, parts, body)
        else:
            self.tally.add("entry-unknown", path)

    def _other(self, path: str, body: bytes) -> None:
        if path != VERSION_FILE:
            self.tally.add("entry-unknown", path)
        elif self.format is not None:
            self.tally.add("object-twice", path)
        else:
            self.format = body[:40].decode(errors="replace").strip()

    def _version(self, path: str, parts: list[str], body: bytes) -> None:
        if parts[2].endswith(PREFERRED):
            self._copies.copy(f"resources/{parts[1]}/{path.split('/', 3)[3]}", body)
        else:
            self._sketch(path, body)

    def _object(self, path: str, resource: str, namespace: str, name: str, body: bytes) -> None:
        self.objects += 1
        self.kinds[resource] = self.kinds.get(resource, 0) + 1
        if namespace:
            self.namespaces[namespace] = self.namespaces.get(namespace, 0) + 1
        self._copies.original(path, body)
        found = self._sketch(path, body)
        if found is None:
            return
        api_version, kind, own_namespace, own_name = found
        group = self._group(api_version)
        # `deployments.apps` holds kinds of the group `apps`; core resources have no suffix.
        if own_name != name or own_namespace != namespace or resource.partition(".")[2] != group:
            self.tally.add("object-misplaced", f"{path} holds {kind} {own_namespace}/{own_name}")
        self._tick(path, (group, kind, namespace, name))
        if resource in LOOKED_AT:
            self._keep(ObjectKey(resource=resource, namespace=namespace, name=name), path, body)

    def _sketch(self, path: str, body: bytes) -> Sketch | None:
        if len(body) > MOST_OBJECT:
            self.tally.add("object-unreadable", f"{path}: {len(body)} bytes are no object")
            return None
        try:
            return sketch(body)
        except ValueError as error:
            self.tally.add("object-unreadable", f"{path}: {error}")
            return None

    def _group(self, api_version: str) -> str:
        group = self._groups.get(api_version)
        if group is None:
            group = api_version.rpartition("/")[0]
            if len(self._groups) < MOST_GROUPS:
                self._groups[api_version] = group
        return group

    def _tick(self, path: str, named: tuple[str, str, str, str]) -> None:
        ticked = Tick.UNLISTED if self._index is None else self._index.tick(named)
        if ticked is Tick.UNLISTED:
            number = hash(path)
            if number in self._unlisted:
                ticked = Tick.AGAIN
            elif len(self._unlisted) < MOST_REMEMBERED:
                self._unlisted.add(number)
        if ticked is Tick.AGAIN:
            self.tally.add("object-twice", path)
        elif ticked is Tick.UNLISTED and self._index is not None:
            self.tally.add("object-unlisted", path)

    def _keep(self, key: ObjectKey, path: str, body: bytes) -> None:
        try:
            obj = parsed(body)
        except BackupUnreadable as error:
            self.tally.add("object-unreadable", f"{path}: {error}")
            return
        if isinstance(obj, dict):
            shown: KubeObject = obj
            self.volume_objects.append(backed_up(key, shown))
