"""A clock that moves only when somebody waits, so that tests take no time."""

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from drills.errors import Interrupted

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class FakeClock:
    """Keeps `drills.ports.Clock`; `sleep` moves time and runs what was planned with `at`."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._seconds = 0.0
        self._planned: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._lock = threading.RLock()
        self.interrupted = False
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Return the pretended instant."""
        return self._start + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        """Return the pretended seconds since the fake was made."""
        return self._seconds

    def sleep(self, seconds: float) -> None:
        """Move time by `seconds`; raises Interrupted where `interrupted` is set."""
        if self.interrupted:
            raise Interrupted("stopped by the test")
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move time by `seconds`, running planned callbacks at their moments."""
        with self._lock:
            end = self._seconds + seconds
            while self._planned and self._planned[0][0] <= end:
                moment, _, callback = heapq.heappop(self._planned)
                self._seconds = max(self._seconds, moment)
                callback()
            self._seconds = max(self._seconds, end)

    def at(self, seconds: float, callback: Callable[[], None]) -> None:
        """Run `callback` when `seconds` from now have passed."""
        with self._lock:
            moment = self._seconds + seconds
            heapq.heappush(self._planned, (moment, next(self._order), callback))
