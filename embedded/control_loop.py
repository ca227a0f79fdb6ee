"""The work queue that every simulated controller runs on.

In: keys of changed objects, noted the moment a change is committed. Out: one call of the worker
per noted key, on one thread, in order; a key noted again while it waits is worked on once. Nothing
polls: a loop without work waits on a condition.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from embedded.api_errors import ApiError

_LOG = logging.getLogger(__name__)
_CONFLICT = 409
_JOIN_SECONDS = 5.0

K = TypeVar("K", bound=Hashable)


class ControlLoop(Generic[K]):
    """One worker thread over a queue without duplicates.

    Args:
        name: name of the thread.
        work: what to do with a key; an `ApiError` 409 brings the key back, others drop it.
    """

    def __init__(self, name: str, work: Callable[[K], None]) -> None:
        self._work = work
        self._waiting: dict[K, None] = {}
        self._changed = threading.Condition()
        self._busy = False
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start working on what is noted."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the key under work, then end the thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_SECONDS)

    def note(self, key: K) -> None:
        """Ask for work on a key; cheap enough to be called under the storage's lock."""
        with self._changed:
            self._waiting[key] = None
            self._changed.notify_all()

    def settle(self, seconds: float = 10.0) -> bool:
        """Wait until there is nothing to do; return whether that came to be in time."""
        end = time.monotonic() + seconds
        with self._changed:
            return self._changed.wait_for(
                lambda: self._stopped or not (self._busy or self._waiting), end - time.monotonic()
            )

    def _next(self) -> K | None:
        with self._changed:
            self._busy = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._stopped or self._waiting)
            if self._stopped:
                return None
            key = next(iter(self._waiting))
            del self._waiting[key]
            self._busy = True
            return key

    def _run(self) -> None:
        while (key := self._next()) is not None:
            try:
                self._work(key)
            except ApiError as refusal:
                if refusal.code == _CONFLICT and refusal.reason == "Conflict":
                    self.note(key)
                else:
                    _LOG.debug("%s: %s", key, refusal.message)
            except (KeyError, TypeError, AttributeError, ValueError):
                # One object of a shape nobody foresaw must not stop the controllers of all others.
                _LOG.warning("cannot work on %s", key, exc_info=True)
