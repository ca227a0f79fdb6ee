"""Files by key in memory, keeping the ports ObjectStore and Downloads."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from drills.errors import DrillError, Missing
from drills.ports import StoredObject


class FakeStore:
    """Keeps `drills.ports.ObjectStore` over a dict; `failures` maps a key to what it raises."""

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.files = dict(files or {})
        self.failures: dict[str, DrillError] = {}

    @classmethod
    def of(cls, folder: Path) -> "FakeStore":
        """Return a store that holds a copy of the files under `folder`."""
        paths = (path for path in folder.rglob("*") if path.is_file())
        return cls({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the files whose key starts with `prefix`."""
        for key in sorted(self.files):
            if key.startswith(prefix):
                yield StoredObject(key=key, bytes=len(self.files[key]))

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        """Open one file; raises Missing."""
        if key in self.failures:
            raise self.failures[key]
        if key not in self.files:
            raise Missing(f"no file {key}")
        yield io.BytesIO(self.files[key])


class FakeDownloads:
    """Keeps `drills.ports.Downloads`: the URL is `memory:` and a key of the store."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self.opened: list[str] = []

    @contextmanager
    def open(self, url: str, *, timeout: float) -> Iterator[BinaryIO]:
        """Open the file behind `url`; raises Missing."""
        with self._lock:
            self.opened.append(url)
        with self._store.open(url.removeprefix("memory:")) as body:
            yield body
