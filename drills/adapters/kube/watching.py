"""Watching: list, then follow, and go on where a lesser watch would end.

In: a Selection. Out: Changes, with None while nothing happens.

A reader thread does the talking, so that the caller is never held up for longer than it asked.
The server ends every watch after `server_seconds`; a connection that is silent for longer than
that is half-open and dropped. Either way the watch goes on from the last resourceVersion; when
the server has forgotten that one (410), the reader lists again and reports what vanished.
"""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import urllib3

from drills import objects
from drills.adapters.kube.asking import Asker
from drills.adapters.kube.listing import Selection, read_all, stamped
from drills.adapters.kube.refusals import Expired
from drills.adapters.kube.watch_events import failure, interrupt, limit_silence, lines, stub
from drills.adapters.kube.wire import Request
from drills.cluster import Change, ChangeType
from drills.errors import DrillError, Unreachable
from drills.objects import KubeObject

QUEUED = 1000
SHORTEST_ORDINARY = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long a watch connection may last, and stay silent after that, in seconds."""

    server_seconds: int = 30
    slack_seconds: float = 5.0
    opening_seconds: float = 10.0

    @property
    def longest_silence(self) -> float:
        """Return the seconds after which a silent connection must be dead."""
        return self.server_seconds + self.slack_seconds


class _Closed(DrillError):
    """The caller has gone; ends the reader thread."""


class Reader(threading.Thread):
    """Follows one selection and queues what it sees, until `close`."""

    def __init__(self, asker: Asker, selection: Selection, timing: Timing) -> None:
        super().__init__(name=f"watch {selection.path}", daemon=True)
        self._closing = threading.Event()
        self._asker = asker.waiting_with(self._wait)
        self._selection = selection
        self._timing = timing
        self._queue: queue.Queue[Change | DrillError] = queue.Queue(QUEUED)
        self._known: dict[str, KubeObject] = {}
        self._synced = False
        self._response: urllib3.BaseHTTPResponse | None = None
        self._attempts = self._asker.attempts()

    def run(self) -> None:
        """Follow until closed, or until an error that retrying cannot mend."""
        try:
            self._follow()
        except _Closed:
            pass
        except DrillError as error:
            with suppress(_Closed):
                self._put(error)

    def next(self, idle: float) -> Change | None:
        """Return the next change, None after `idle` seconds; raises what ended the watch."""
        try:
            item = self._queue.get(timeout=idle)
        except queue.Empty:
            if not self.is_alive() and self._queue.empty():
                raise Unreachable(f"{self.name}: the watch ended by an error of our own") from None
            return None
        if isinstance(item, DrillError):
            raise item
        return item

    def close(self) -> None:
        """End the thread and its connection."""
        self._closing.set()
        response = self._response
        if response is not None:
            interrupt(response)
        self.join(timeout=0.5)

    def _follow(self) -> None:
        version = ""
        while not self._closing.is_set():
            try:
                version = self._stream(version or self._relist())
            except Expired as expired:
                version = ""
                self._attempts.pause(Unreachable(str(expired), hint=expired.hint))

    def _relist(self) -> str:
        found, version = read_all(self._asker, self._selection)
        present = {objects.uid(obj) for obj in found}
        for uid in [uid for uid in self._known if uid not in present]:
            self._put(Change(ChangeType.DELETED, self._known.pop(uid)))
        for obj in found:
            seen = objects.uid(obj) in self._known
            self._report(ChangeType.MODIFIED if seen else ChangeType.ADDED, obj)
        if not self._synced:
            self._put(Change(ChangeType.SYNCED, {}))
            self._synced = True
        return version

    def _stream(self, version: str) -> str:
        """Follow one connection to its end and return the resourceVersion to go on from."""
        response = self._asker.open(self._request(version))
        self._response = response
        opened = self._asker.clock.monotonic()
        try:
            self._wait(0)  # a close that came before the response was known
            limit_silence(response, self._timing.longest_silence)
            for line in lines(response):
                version = self._event(line) or version
                self._attempts.reset()
            lost = "closed by the server at once"
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError) as error:
            lost = str(error)
        finally:
            self._response = None
            response.close()
        self._pace(lost, self._asker.clock.monotonic() - opened)
        return version

    def _pace(self, lost: str, lasted: float) -> None:
        """Pause after a connection that ended too soon to be the server's ordinary end."""
        if self._closing.is_set():
            raise _Closed("watch closed")
        if lasted >= SHORTEST_ORDINARY:
            self._attempts.reset()
        else:
            self._attempts.pause(Unreachable(f"{self.name}: connection lost: {lost}"))

    def _event(self, line: bytes) -> str:
        event: object = json.loads(line)
        obj = objects.mapping(event, "object")
        kind = objects.text(event, "type")
        if kind == "ERROR":
            self._refused(failure(self._selection, obj))
            return ""
        if kind != "BOOKMARK":
            self._report(ChangeType(kind), stamped(obj, self._selection.served))
        return objects.text(obj, "metadata", "resourceVersion")

    def _refused(self, error: DrillError) -> None:
        """Wait after the server's own trouble; raise what waiting cannot mend."""
        if not isinstance(error, Unreachable):
            raise error
        self._attempts.pause(error)

    def _report(self, change: ChangeType, obj: KubeObject) -> None:
        if change is ChangeType.DELETED:
            self._known.pop(objects.uid(obj), None)
        else:
            self._known[objects.uid(obj)] = stub(obj)
        self._put(Change(change, obj))

    def _put(self, item: Change | DrillError) -> None:
        while not self._closing.is_set():
            with suppress(queue.Full):
                self._queue.put(item, timeout=0.2)
                return
        raise _Closed("watch closed")

    def _wait(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            raise _Closed("watch closed")

    def _request(self, version: str) -> Request:
        return Request(
            what=self._selection.describe("watch"),
            method="GET",
            path=self._selection.path,
            query=(
                *self._selection.query,
                ("watch", "true"),
                ("resourceVersion", version),
                ("timeoutSeconds", str(self._timing.server_seconds)),
                ("allowWatchBookmarks", "true"),
            ),
            read_seconds=self._timing.opening_seconds,
        )


def follow(reader: Reader, stop: Callable[[], bool], idle: float) -> Iterator[Change | None]:
    """Yield what `reader` sees until `stop()`; its thread ends with the iteration."""
    reader.start()
    try:
        while not stop():
            yield reader.next(idle)
    finally:
        reader.close()
