"""One exchange of bytes with a pod: what was sent, what came back, and why listening stopped.

In: an open Stream. Out: Heard, of which the caller judges no more than the ending allows.

| ending | what is known |
|---|---|
| ENOUGH, CLOSED, QUIET | all that was said until then |
| TIME, LENGTH, BROKEN | a beginning: more was said, or would have been |
"""

from collections.abc import Callable

from drills.adapters.kube.forwarding import MOST_HEARD, Stream
from drills.cluster import Ending, Heard
from drills.ports import Deadline

LEAST_QUIET = 1.0
"""Seconds of quiet before the time is over, without which a reply may well go on."""


class Conversation:
    """Keeps `drills.cluster.Connection` over a stream."""

    def __init__(self, stream: Stream, deadline: Deadline, *, simulated: bool) -> None:
        self._stream = stream
        self._deadline = deadline
        self.simulated = simulated

    def exchange(
        self,
        data: bytes,
        *,
        timeout: float,
        pause: float | None = None,
        enough: Callable[[bytes], bool] | None = None,
    ) -> Heard:
        """Send `data`, and listen within `timeout` and the time that opening has left."""
        clock = self._deadline.clock
        until = Deadline(clock=clock, at=min(self._deadline.at, clock.monotonic() + timeout))
        heard = bytearray()
        if data:
            self._stream.send(data, until.left)
        ending = None
        while ending is None:
            ending = self._listen(heard, until, pause, enough)
        return Heard(data=bytes(heard), ending=ending)

    def _listen(
        self,
        heard: bytearray,
        until: Deadline,
        pause: float | None,
        enough: Callable[[bytes], bool] | None,
    ) -> Ending | None:
        """Take in what comes next; return the ending, None while more may come."""
        left = until.left
        if left <= 0:
            return Ending.TIME
        patience = left if pause is None or not heard else min(pause, left)
        try:
            more = self._stream.receive(patience)
        except TimeoutError:
            spoke = bool(heard) and patience < (LEAST_QUIET if pause is None else pause)
            return Ending.TIME if spoke else Ending.QUIET
        if not more:
            return Ending.CLOSED if self._stream.farewell else Ending.BROKEN
        heard += more
        if enough is not None and enough(bytes(heard)):
            return Ending.ENOUGH
        return Ending.LENGTH if len(heard) > MOST_HEARD else None
