"""Where a backup's or a restore's files are read from: the store itself, or through Velero.

In: what is wanted. Out: an open file. The layout is that of Velero v1.18
`pkg/persistence/object_store_layout.go`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO, Protocol

from drills import objects
from drills.engines.velero.requests import Target, signed_urls
from drills.engines.velero.site import Site
from drills.errors import DeadlinePassed, Missing, Unreachable
from drills.objects import KubeObject
from drills.ports import ObjectStore

ANSWER_SECONDS = 45.0
"""How long Velero gets to hand out URLs; normally well under a second, but it may just be starting
again, or the API server was away for half a minute."""
SILENT_SECONDS = 10.0
"""The same for a server that has left a status request unanswered."""
DOWNLOAD_SECONDS = 60.0
"""How long one read of a download may take."""

NAMES: Mapping[Target, str] = {
    Target.BACKUP_CONTENTS: "backups/{0}/{0}.tar.gz",
    Target.BACKUP_RESOURCE_LIST: "backups/{0}/{0}-resource-list.json.gz",
    Target.BACKUP_RESULTS: "backups/{0}/{0}-results.gz",
    Target.BACKUP_VOLUME_INFO: "backups/{0}/{0}-volumeinfo.json.gz",
    Target.BACKUP_VOLUME_SNAPSHOTS: "backups/{0}/{0}-volumesnapshots.json.gz",
    Target.BACKUP_ITEM_OPERATIONS: "backups/{0}/{0}-itemoperations.json.gz",
    Target.RESTORE_RESOURCE_LIST: "restores/{0}/restore-{0}-resource-list.json.gz",
    Target.RESTORE_RESULTS: "restores/{0}/restore-{0}-results.gz",
    Target.RESTORE_VOLUME_INFO: "restores/{0}/{0}-volumeinfo.json.gz",
}


class Files(Protocol):
    """The files of one backup or one restore."""

    def open(self, target: Target) -> AbstractContextManager[BinaryIO]:
        """Open a file; raises Missing where it does not exist, else what keeps it from us."""
        ...


class StoreFiles:
    """Files read straight from the object store."""

    def __init__(self, store: ObjectStore, prefix: str, name: str) -> None:
        self._store, self._prefix, self._name = store, prefix, name

    def open(self, target: Target) -> AbstractContextManager[BinaryIO]:
        """Open a file of the store."""
        return self._store.open(self._prefix + NAMES[target].format(self._name))


class RequestedFiles:
    """Files read through the URLs that Velero hands out."""

    def __init__(
        self,
        site: Site,
        name: str,
        urls: Mapping[Target, str],
        seconds: float,
        *,
        whole: bool = True,
    ) -> None:
        self._site, self._name, self._urls, self._seconds = site, name, urls, seconds
        self.whole = whole
        """Whether Velero handed out every download that was asked for."""

    @contextmanager
    def open(self, target: Target) -> Iterator[BinaryIO]:
        """Open a download; raises DeadlinePassed where Velero gave no URL for it."""
        if target not in self._urls:
            raise DeadlinePassed(
                f"Velero handed out no download for {target} of {self._name} "
                f"within {self._seconds:.0f} s",
                hint="Look at the Velero server's log for this DownloadRequest.",
            )
        with self._site.ports.downloads.open(self._urls[target], timeout=DOWNLOAD_SECONDS) as body:
            yield body


def requested_files(
    site: Site,
    name: str,
    targets: Iterable[Target],
    labels: Mapping[str, str],
    *,
    cut: Callable[[], bool] = lambda: False,
) -> RequestedFiles:
    """Return the files through fresh DownloadRequests, which are gone when this returns.

    Once `cut` says so, nobody waits for what is not handed out yet. Raises Unreachable at once
    where the server is known to be away.
    """
    if site.health.away:
        raise Unreachable(
            f"{site.health.away}, so nobody hands out downloads", hint="Start the Velero server."
        )
    seconds = SILENT_SECONDS if site.health.silent else ANSWER_SECONDS
    wanted = tuple(targets)
    urls = signed_urls(site, name, wanted, labels, seconds, cut=cut)
    return RequestedFiles(site, name, urls, seconds, whole=len(urls) == len(wanted))


def store_prefix(store: ObjectStore, name: str, location: KubeObject) -> str:
    """Return the key prefix under which the store holds backup `name`; raises Missing.

    A user may name the prefix Velero writes to, or the bucket above it.
    """
    within = objects.text(location, "spec", "objectStorage", "prefix").strip("/")
    for prefix in dict.fromkeys(("", f"{within}/" if within else "")):
        if any(True for _ in store.list(f"{prefix}backups/{name}/")):
            return prefix
    raise Missing(
        f"the store named in the scenario has no folder backups/{name}/",
        hint="Name the bucket and prefix that the BackupStorageLocation uses.",
    )
