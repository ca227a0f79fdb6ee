"""What a test can do to the embedded Velero server, and how the server waits.

In: knobs turned by a test. Out: at each point of a restore, whether to go on, wait, fail or give
up. All waiting of the server happens here, on one condition, so that nothing polls and a stopping
cluster never hangs.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

EVERYWHERE = "*"
"""Where a server hangs that stands still altogether."""


class GaveUp(Exception):
    """The server was stopped or restarted while it worked."""


class WaitedTooLong(Exception):
    """What was waited for did not come in time."""


@dataclass(frozen=True, slots=True)
class ItemFault:
    """Items that fail, by `resource/namespace/name` with wildcards, and what Velero then hears."""

    pattern: str
    message: str


class Knobs:
    """The knobs and the condition behind all of the server's waiting."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._changes = 0
        self.life = 0
        """Counts the server's lives: a restore of an earlier life gives up."""
        self.down = False
        self.hang_at = ""
        self.seconds_per_item = 0.0
        self.item_faults: tuple[ItemFault, ...] = ()
        self.final_phase = ""
        self.vanish = False
        self.failing_uploads: tuple[str, ...] = ()
        self.answers_requests = True
        self.agent_down = False
        self.agent_stuck = False
        self.unavailable = ""
        self.finalizing = ""
        """The Restore that the finalizer has in hand."""

    def hangs(self, phase: str) -> bool:
        """Return whether restores hang in this phase."""
        return self.hang_at in {phase, EVERYWHERE}

    def poke(self) -> None:
        """Let whoever waits look again; cheap enough to be called under the storage's lock."""
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def wait_until(
        self, holds: Callable[[], bool], life: int, *, seconds: float | None = None
    ) -> None:
        """Wait until something holds, looking again at each poke.

        Args:
            holds: what is waited for; asked without any lock held.
            life: the server's life that the waiter belongs to.
            seconds: how long to wait at most.

        Raises:
            GaveUp: when that life ended.
            WaitedTooLong: when the time is over.
        """
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            seen = self._changes
            if self.life != life:
                raise GaveUp
            if holds():
                return
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise WaitedTooLong
            self._wait_for_change(seen, left)

    def _wait_for_change(self, seen: int, seconds: float | None) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._changes != seen, seconds)

    def pause(self, seconds: float, life: int) -> None:
        """Let time pass; raises GaveUp when the server's life ends meanwhile."""
        try:
            self.wait_until(lambda: False, life, seconds=seconds)
        except WaitedTooLong:
            return

    def item_fault(self, resource: str, namespace: str, name: str) -> str:
        """Return why an item is to fail, or an empty string."""
        path = f"{resource}/{namespace}/{name}"
        hit = (one.message for one in self.item_faults if fnmatchcase(path, one.pattern))
        return next(hit, "")

    def end_life(self) -> None:
        """End the server's present life: everything under way gives up."""
        self.life += 1
        self.poke()

    def check_upload(self, key: str) -> None:
        """Raise OSError for a file whose upload is to fail."""
        if any(fnmatchcase(key, pattern) for pattern in self.failing_uploads):
            raise OSError(f"rpc error: code = Unknown desc = error putting object {key}: denied")
