"""The log of one restore, in the form Velero writes (logrus text).

In: lines. Out: the gzipped file that the bucket gets.
"""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime


class RestoreLog:
    """Collects the lines of one restore."""

    def __init__(self, restore: str, now: Callable[[], datetime]) -> None:
        self._restore = restore
        self._now = now
        self._lines: list[str] = []

    def info(self, message: str) -> None:
        """Note what was done."""
        self._add("info", message)

    def warning(self, message: str) -> None:
        """Note a warning."""
        self._add("warning", message)

    def error(self, message: str) -> None:
        """Note an error."""
        self._add("error", message)

    def zipped(self) -> bytes:
        """Return the file's content."""
        return gzip.compress("".join(self._lines).encode(), 1, mtime=0)

    def _add(self, level: str, message: str) -> None:
        time = self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = message.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        self._lines.append(f'time="{time}" level={level} msg="{text}" restore={self._restore}\n')
