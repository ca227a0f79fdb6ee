"""A folder as an object store: a copied bucket.

In: a folder. Out: its files by key. A key never leads out of the folder, by `..` or by a link.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from drills.errors import Forbidden, Missing, Unreachable
from drills.ports import StoredObject


class FolderStore:
    """Reads files under `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the files whose key starts with `prefix`, folder by folder; links are left out."""
        start = self._inside(prefix.rpartition("/")[0])
        if start is None or not start.is_dir():
            return
        for folder, folders, names in os.walk(start, onerror=_refuse):
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                key = path.relative_to(self._root).as_posix()
                if key.startswith(prefix) and path.is_file() and not path.is_symlink():
                    yield _stored(key, path)

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        """Open one file; raises Missing, Forbidden, Unreachable."""
        path = self._inside(key)
        if path is None or not path.is_file():
            raise Missing(f"no file {key} in {self._root}")
        try:
            handle = path.open("rb")
        except OSError as error:
            raise _translated(error) from error
        with handle:
            yield handle

    def part(self, key: str, first: int, length: int) -> bytes:
        """Return at most `length` bytes from `first` on; raises Missing, Forbidden, Unreachable."""
        with self.open(key) as body:
            body.seek(first)
            return body.read(length)

    def _inside(self, key: str) -> Path | None:
        """Return the path of a key, None where it leads out of the folder."""
        try:
            path = (self._root / key).resolve()
        except (OSError, ValueError):
            return None
        return path if path.is_relative_to(self._root) else None


def _stored(key: str, path: Path) -> StoredObject:
    found = path.stat()
    modified = datetime.fromtimestamp(found.st_mtime, UTC)
    return StoredObject(key=key, bytes=found.st_size, modified=modified)


def _refuse(error: OSError) -> None:
    raise _translated(error) from error


def _translated(error: OSError) -> Forbidden | Unreachable:
    if isinstance(error, PermissionError):
        return Forbidden(f"{error.filename} may not be read", hint="grant read access to it")
    return Unreachable(f"{error.filename} cannot be read: {error.strerror}")
