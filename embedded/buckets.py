"""Where the embedded Velero finds backups, and where it puts what restores say.

In: the embedded S3 store with the sample or a copied folder in it, or somebody's own bucket that
is only ever read. Out: one `Bucket` that Velero reads from and writes to. Whatever is written goes
to the embedded store, never to the folder and never to the foreign bucket.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from embedded.s3_server import S3Server

LARGEST_COPY = 256 * 1024 * 1024
"""Bytes; kopia data beyond this is listed from the folder and not copied into the store."""

BACKUPS = "backups"
METADATA = "velero-backup.json"


class StoreNotUsable(Exception):
    """The place given as a store of backups is none; the message says what to give instead."""


class Source(Protocol):
    """A place that backups are read from; keys are relative to the prefix above `backups/`."""

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with the prefix, in order."""
        ...

    def read(self, key: str) -> bytes | None:
        """Return an object's content, or None where there is none."""
        ...

    def folders(self) -> list[str]:
        """Return the first parts of all keys, in order."""
        ...

    def presigned(self, key: str, seconds: int) -> str:
        """Return a URL for the object, which need not exist."""
        ...


class Bucket:
    """What Velero sees as its bucket: `restores/` is ours, the rest comes from the source.

    Args:
        own: the embedded store.
        source: where backups come from; the embedded store itself when left out.
    """

    def __init__(self, own: S3Server, source: Source | None = None) -> None:
        self._own = own
        self._source: Source = source or own
        self.allow_put: Callable[[str], None] = lambda key: None  # noqa: ARG005  # all allowed

    def lose(self) -> None:
        """Let the embedded store refuse everybody until `find`."""
        self._own.go_away()

    def find(self) -> None:
        """Let the embedded store answer again."""
        self._own.come_back()

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with the prefix, in order."""
        return self._place(prefix).keys(prefix)

    def read(self, key: str) -> bytes | None:
        """Return an object's content, or None where there is none."""
        return self._place(key).read(key)

    def put(self, key: str, content: bytes) -> None:
        """Store an object in the embedded store; raises OSError while a test forbids it."""
        self.allow_put(key)
        self._own.put(key, content)

    def delete(self, key: str) -> None:
        """Remove an object from the embedded store."""
        self._own.delete(key)

    def presigned(self, key: str, seconds: int) -> str:
        """Return a URL for the object, which need not exist."""
        return self._place(key).presigned(key, seconds)

    def folders(self) -> list[str]:
        """Return the names at the top, as Velero's check of a location sees them."""
        return self._source.folders()

    def _place(self, key: str) -> Source:
        return self._own if key.startswith("restores/") else self._source


class FolderSource:
    """A copied bucket in a folder: backups live in the embedded store, big data stays outside."""

    def __init__(self, own: S3Server, root: Path, left_out: tuple[str, ...]) -> None:
        self._own = own
        self._root = root
        self._left_out = left_out

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with the prefix, in order."""
        outside = [key for key in self._left_out if key.startswith(prefix)]
        return sorted([*self._own.keys(prefix), *outside])

    def read(self, key: str) -> bytes | None:
        """Return an object's content, or None where there is none."""
        if key in self._left_out:
            return (self._root / key).read_bytes()
        return self._own.read(key)

    def folders(self) -> list[str]:
        """Return the first parts of all keys, in order."""
        return sorted({key.split("/", 1)[0] for key in self.keys("") if "/" in key})

    def presigned(self, key: str, seconds: int) -> str:
        """Return a URL for the object in the embedded store."""
        return self._own.presigned(key, seconds)


def copy_folder(own: S3Server, folder: Path) -> Source:
    """Copy a folder's backups into the embedded store and return where to read them.

    Earlier `restores/` are not copied: they are about another cluster.
    """
    root = backup_root(folder)
    left_out = []
    room = LARGEST_COPY
    for path in sorted(root.rglob("*")):
        key = path.relative_to(root).as_posix()
        if not path.is_file() or key.startswith("restores/"):
            continue
        size = path.stat().st_size
        if key.startswith(f"{BACKUPS}/") or size <= room:
            own.put(key, path.read_bytes())
            room -= 0 if key.startswith(f"{BACKUPS}/") else size
        else:
            left_out.append(key)
    return FolderSource(own, root, tuple(left_out))


def backup_root(folder: Path) -> Path:
    """Return the folder that holds `backups/`, the given one or one below it.

    Raises:
        StoreNotUsable: when there is none, or no backup in it.
    """
    if not folder.is_dir():
        raise StoreNotUsable(f"{folder} is not a folder; give a copy of a Velero bucket")
    found = sorted(folder.rglob(f"{BACKUPS}/*/{METADATA}"), key=lambda path: len(path.parts))
    if not found:
        raise StoreNotUsable(
            f"{folder} holds no Velero backup: expected {BACKUPS}/NAME/{METADATA} in it or below; "
            "copy the whole bucket or prefix that the backup storage location names"
        )
    return found[0].parents[2]
