"""The machine's own clock, and waiting that a signal can cut short.

In: the event that a signal handler sets. Out: the Clock port.
"""

import threading
import time
from datetime import UTC, datetime

from drills.errors import Interrupted


class SystemClock:
    """Real time. `sleep` waits on `stop`, so Ctrl-C and SIGTERM end it at once.

    Clear the event (or take a fresh clock) before cleaning up: as long as it is set, nothing
    that waits or retries through this clock will wait at all.
    """

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; raises Interrupted at once when asked to stop before or meanwhile."""
        if self._stop.wait(max(0.0, seconds)):
            raise Interrupted("asked to stop while waiting", hint="the drill cleans up and ends")
