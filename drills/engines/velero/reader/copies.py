"""Each object is archived twice: once as itself, once below its preferred version.

In: originals and copies as they go by, which is normally one behind the other. Out: complaints
about a copy that is missing, alone or different. A finalized backup's changed objects may come
later (Velero v1.18 `pkg/backup/backup.go`, FinalizeBackup), so the unpaired wait for each other.
"""

from drills.engines.velero.reader.tally import Tally

MOST_WAITING = 100_000


class Copies:
    """Pairs originals and copies."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._folder, self._file, self._body = "", "", b""
        self._originals: dict[str, int] = {}
        self._copies: dict[str, int] = {}
        self._full = False

    def original(self, folder: str, file: str, body: bytes) -> None:
        """Take in the object of that name in `folder`."""
        if self._file:
            path = f"{self._folder}/{self._file}"
            self._wait(self._originals, self._copies, path, self._body)
        self._folder, self._file, self._body = folder, file, body

    def follows(self, folder: str, file: str, body: bytes) -> bool:
        """Return whether this is the sound copy of the last object: the common case, quickly.

        `folder` is where the object lies that this is a copy of.
        """
        if file != self._file or body != self._body or folder != self._folder:
            return False
        self._file = ""
        return True

    def copy(self, folder: str, file: str, body: bytes) -> None:
        """Take in the copy of the object of that name in `folder`."""
        path = f"{folder}/{file}"
        if file == self._file and folder == self._folder:
            if body != self._body:
                self._tally.add("version-copy-differs", path)
            self._file = ""
        else:
            self._wait(self._copies, self._originals, path, body)

    def close(self) -> None:
        """Complain about what is still unpaired."""
        self.original("", "", b"")
        if self._full:
            self._tally.add("version-copy-missing", f"more than {MOST_WAITING} objects")
            return
        for path in self._originals:
            self._tally.add("version-copy-missing", path)
        for path in self._copies:
            self._tally.add("version-copy-alone", path)

    def _wait(self, own: dict[str, int], others: dict[str, int], path: str, body: bytes) -> None:
        other = others.pop(path, None)
        if other is not None:
            if other != hash(body):
                self._tally.add("version-copy-differs", path)
        elif len(own) < MOST_WAITING:
            own[path] = hash(body)
        else:
            self._full = True
