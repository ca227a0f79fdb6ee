"""Ctrl-C and SIGTERM: the first asks every drill to stop and clean up.

The second abandons cleanup; the journal then stays for `clean`.

Each drill has its own view of the requests, because one drill's cleanup must not hide the request
from another that has not noticed it yet.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

HEARING_SECONDS = 0.2
"""How often the main thread wakes: a signal that the kernel gave to another thread is handled only
when the main thread runs again, and without waking that would be after all that it waits for."""


class StopSignal:
    """Counts requests to stop and wakes every drill that waits."""

    def __init__(self) -> None:
        self._requests = 0
        self._lock = threading.Lock()
        self._views: list[DrillStop] = []

    def request(self) -> int:
        """Ask all drills to stop; return how many times that was asked."""
        with self._lock:
            self._requests += 1
            for view in self._views:
                view.event.set()
            return self._requests

    @property
    def requests(self) -> int:
        """Return how often a stop was asked for."""
        return self._requests

    @contextmanager
    def view(self) -> Iterator["DrillStop"]:
        """Yield one drill's own view."""
        view = DrillStop(self)
        with self._lock:
            self._views.append(view)
            if self._requests:
                view.event.set()
        try:
            yield view
        finally:
            with self._lock:
                self._views.remove(view)


class DrillStop:
    """What one drill knows of the requests to stop."""

    def __init__(self, signal_: StopSignal) -> None:
        self.event = threading.Event()
        self._signal = signal_
        self._shielded = 0

    def stop(self) -> bool:
        """Return whether a request stands that this drill has not answered yet."""
        return self._signal.requests > self._shielded

    def shield(self) -> None:
        """Answer the requests so far: cleanup runs, only a further request counts."""
        self._shielded = self._signal.requests
        self.event.clear()


@contextmanager
def signals(stop: StopSignal, say: Callable[[str, int], None]) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into requests to stop while the block runs.

    `say` hears the signal's name and how many requests there were.
    """

    def handler(number: int, _frame: FrameType | None) -> None:
        count = stop.request()
        say(signal.Signals(number).name, count)

    before = {s: signal.signal(s, handler) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
