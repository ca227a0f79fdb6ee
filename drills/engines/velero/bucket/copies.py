"""Each object is archived twice: once as itself, once below its preferred version.

In: originals and copies as they go by, which is normally one behind the other. Out: complaints
about a copy that is missing, alone or different. A finalized backup's changed objects may come
later (Velero v1.18 `pkg/backup/backup.go`, FinalizeBackup), so the unpaired wait for each other.
"""

from drills.engines.velero.bucket.tally import Tally

MOST_WAITING = 100_000
PREFERRED = "-preferredversion"
"""What the folder of a copy's version ends with."""


class Copies:
    """Pairs originals and copies."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._path, self._body = "", b""
        self._head, self._tail = "", ""
        self._originals: dict[str, int] = {}
        self._copies: dict[str, int] = {}
        self._full = False

    def original(self, path: str, body: bytes) -> None:
        """Take an object in."""
        if self._path:
            self._wait(self._originals, self._copies, self._path, self._body)
        self._path, self._body = path, body
        # resources/KIND/ and then the rest: between them stands the copy's version.
        cut = path.find("/", 10) + 1
        self._head, self._tail = path[:cut], PREFERRED + path[cut - 1 :]

    def follows(self, path: str, body: bytes) -> bool:
        """Return whether this is the sound copy of the last object: the common case, quickly."""
        if not (self._path and path.endswith(self._tail) and path.startswith(self._head)):
            return False
        if "/" in path[len(self._head) : -len(self._tail)] or body != self._body:
            return False
        self._path = ""
        return True

    def copy(self, path: str, body: bytes) -> None:
        """Take in the copy of the object at `path`."""
        if path == self._path:
            if body != self._body:
                self._tally.add("version-copy-differs", path)
            self._path = ""
        else:
            self._wait(self._copies, self._originals, path, body)

    def close(self) -> None:
        """Complain about what is still unpaired."""
        self.original("", b"")
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
