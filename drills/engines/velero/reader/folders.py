"""What the folders of an archive mean: worked out once for each, not for each object.

In: the folder's path. Out: a Folder. Below `resources/KIND/` lie `cluster/` and
`namespaces/NAMESPACE/`, and the same again below a folder for each version (Velero v1.18
`pkg/archive/filesystem.go`, GetItemFilePath and GetVersionedItemFilePath).
"""

from collections import Counter
from dataclasses import dataclass
from enum import Enum

MOST_FOLDERS = 20_000
"""Folders whose meaning is kept at hand."""
PREFERRED = "-preferredversion"
"""What the folder of a copy's version ends with."""


class Holds(Enum):
    """What lies in a folder."""

    OBJECTS = "objects"
    COPIES = "copies"
    """Each object again, below its preferred version."""
    VERSIONS = "versions"
    """Each object again, below another version."""
    NOTHING_KNOWN = "nothing known"


@dataclass(slots=True)
class Folder:
    """One folder; `objects` is counted by whoever reads the archive."""

    holds: Holds
    resource: str = ""
    namespace: str = ""
    group: str = ""
    """The group that the kind's name ends with."""
    original: str = ""
    """For copies: the folder of what they are copies of."""
    api_version: str = ""
    """The last one seen there that belongs to the group."""
    objects: int = 0


class Folders:
    """The folders of one archive."""

    def __init__(self) -> None:
        self.known: dict[str, Folder] = {}
        """Those at hand; what is not there is to be asked for."""
        self.versions: dict[str, set[str]] = {}
        """apiVersions in which a resource is held."""
        self._kinds: Counter[str] = Counter()
        self._namespaces: Counter[str] = Counter()

    def add(self, path: str) -> Folder:
        """Return the folder at `path`, which does not end with a slash."""
        if len(self.known) >= MOST_FOLDERS:
            self._count()
            self.known.clear()
        folder = self.known[path] = folder_of(path)
        if folder.holds in {Holds.COPIES, Holds.VERSIONS}:
            version = path.split("/")[2].removesuffix(PREFERRED)
            named = f"{folder.group}/{version}" if folder.group else version
            self.versions.setdefault(folder.resource, set()).add(named)
        return folder

    def kinds(self) -> dict[str, int]:
        """Return the objects counted so far by `plural.group`."""
        self._count()
        return dict(self._kinds)

    def namespaces(self) -> dict[str, int]:
        """Return the objects counted so far by namespace, without those of the cluster."""
        self._count()
        return dict(self._namespaces)

    def _count(self) -> None:
        for folder in self.known.values():
            if folder.objects:
                self._kinds[folder.resource] += folder.objects
                if folder.namespace:
                    self._namespaces[folder.namespace] += folder.objects
                folder.objects = 0


def folder_of(path: str) -> Folder:
    """Return what lies in the folder at `path`."""
    parts = path.split("/")
    if parts[0] != "resources":
        return Folder(Holds.NOTHING_KNOWN)
    if _is_place(parts[2:]):
        return _folder(Holds.OBJECTS, parts[1], parts[3:])
    if not _is_place(parts[3:]):
        return Folder(Holds.NOTHING_KNOWN)
    if not parts[2].endswith(PREFERRED):
        return _folder(Holds.VERSIONS, parts[1], parts[4:])
    folder = _folder(Holds.COPIES, parts[1], parts[4:])
    folder.original = "/".join((*parts[:2], *parts[3:]))
    return folder


def _is_place(parts: list[str]) -> bool:
    return parts == ["cluster"] or (len(parts) == 2 and parts[0] == "namespaces")  # noqa: PLR2004 - the word and a name


def _folder(holds: Holds, resource: str, namespace: list[str]) -> Folder:
    return Folder(
        holds,
        resource=resource,
        namespace=namespace[0] if namespace else "",
        group=resource.partition(".")[2],
    )
