"""Bodies of an archive on disk, so that they can be had in another order than they lie there.

In: an open archive and which objects are wanted. Out: their bodies by key. Memory holds one body
and the places of all; the file has no name, so nothing is left behind.
"""

import json
import tempfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import IO, BinaryIO, Self

from drills import objects
from drills.backups import ObjectKey
from drills.engines.velero.reader.archive import Counted, entries
from drills.engines.velero.reader.contents import key_of
from drills.errors import BackupUnreadable

IN_MEMORY = 8 << 20
"""Bytes that stay in memory before the spool goes to disk."""


class Spool(AbstractContextManager["Spool"]):
    """The wanted bodies of one archive."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed in __exit__
        self._places: dict[ObjectKey, tuple[int, int]] = {}

    def __enter__(self) -> Self:
        """Return the spool."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Forget the bodies."""
        self._file.close()

    def fill(
        self, archive: BinaryIO, wanted: Callable[[ObjectKey], bool], pause: Callable[[], None]
    ) -> None:
        """Read the archive to its end; raises BackupUnreadable, and what `pause` raises."""
        for entry in entries(Counted(archive), lambda path: _is_wanted(path, wanted)):
            pause()
            key = key_of(entry.path)
            if key is not None:
                self._places[key] = (self._file.tell(), len(entry.body))
                self._file.write(entry.body)

    def keys(self) -> Iterable[ObjectKey]:
        """Return which objects are here."""
        return self._places.keys()

    def body(self, key: ObjectKey) -> dict[str, object]:
        """Return one object, fresh each time; raises BackupUnreadable where it is none."""
        start, size = self._places[key]
        self._file.seek(start)
        try:
            found: object = json.loads(self._file.read(size))
        except (ValueError, RecursionError) as error:
            raise BackupUnreadable(f"{key} in the archive cannot be read: {error}") from error
        if not isinstance(found, dict) or not objects.text(found, "kind"):
            raise BackupUnreadable(f"{key} in the archive is no Kubernetes object")
        return found


def _is_wanted(path: str, wanted: Callable[[ObjectKey], bool]) -> bool:
    key = key_of(path)
    return key is not None and wanted(key)
