"""What happened to objects, for watchers.

In: every committed change. Out: `Subscription`s, each a bounded queue of `Event`s. The history of
each type is bounded too: whoever asks for more than is kept, or falls too far behind, gets 410
and never a silent gap.
"""

import queue
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from embedded.api_errors import ApiError, expired
from embedded.json_objects import JsonObject, copied_object, namespace_of
from embedded.resource_types import ResourceType
from embedded.selectors import Predicate

ADDED, MODIFIED, DELETED = "ADDED", "MODIFIED", "DELETED"


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one object.

    Attributes:
        type: `ADDED`, `MODIFIED` or `DELETED`.
        object: the object after the change (before it, for `DELETED`).
        resource_version: the change's place in the history.
    """

    type: str
    object: JsonObject
    resource_version: int


@dataclass(frozen=True, slots=True)
class Change:
    """An event with what the object was before; shared by all watchers, so never mutated."""

    event: Event
    before: JsonObject | None


class Subscription:
    """The events of one watcher, in order; iterate, or `get` with a time-out."""

    def __init__(
        self, selects: Predicate | None, limit: int, leave: Callable[["Subscription"], None]
    ) -> None:
        self._selects = selects
        self._limit = limit
        self._leave = leave
        self._queue: queue.SimpleQueue[Change | ApiError | None] = queue.SimpleQueue()
        self._ended: ApiError | None = None
        self.closed = False

    def offer(self, change: Change) -> None:
        """Hand in a change; a watcher that is too far behind is cut off instead."""
        if self._queue.qsize() >= self._limit:
            self.fail(expired(change.event.resource_version - self._limit, self._limit))
            return
        self._queue.put(change)

    @property
    def waiting(self) -> bool:
        """Return whether changes are queued that were not read yet."""
        return not self._queue.empty()

    def fail(self, error: ApiError) -> None:
        """Cut the watcher off: it gets the error in place of the next event."""
        self._leave(self)
        self._ended = error
        self._queue.put(error)

    def shared(self, timeout: float | None = None) -> Event | None:
        """Return the next selected event without copying, or None on time-out or close.

        Raises:
            ApiError: 410 once the watcher has fallen too far behind.
        """
        while not self.closed:
            if self._ended is not None:
                raise self._ended
            try:
                change = self._queue.get(timeout=timeout)
            except queue.Empty:
                return None
            if change is None:
                break
            if isinstance(change, ApiError):
                raise change
            if seen := self._seen(change):
                return seen
        return None

    def get(self, timeout: float | None = None) -> Event | None:
        """Return the next selected event, or None after `timeout` seconds or when closed.

        Raises:
            ApiError: 410 once the watcher has fallen too far behind.
        """
        event = self.shared(timeout)
        if event is None:
            return None
        return Event(event.type, copied_object(event.object), event.resource_version)

    def close(self) -> None:
        """End the subscription; whoever waits on it gets None."""
        self._leave(self)
        self.closed = True
        self._queue.put(None)

    def __iter__(self) -> Iterator[Event]:
        while (event := self.get()) is not None:
            yield event

    def _seen(self, change: Change) -> Event | None:
        """Return the change as a selector sees it: crossing its border adds or deletes."""
        event = change.event
        if self._selects is None:
            return event
        now = event.type != DELETED and self._selects(event.object)
        before = change.before is not None and self._selects(change.before)
        if not now and not before:
            return None
        if now and before:
            return event
        return Event(ADDED if now else DELETED, event.object, event.resource_version)


class EventLog:
    """The bounded history of every type, and who listens. Callers hold the storage's lock."""

    def __init__(self, *, history: int, backlog: int) -> None:
        self._backlog = backlog
        self._changes: dict[str, deque[Change]] = defaultdict(lambda: deque(maxlen=history))
        self._forgotten: dict[str, int] = defaultdict(int)
        self.floor = 0
        self._listeners: dict[tuple[str, str], dict[Subscription, None]] = defaultdict(dict)
        self._taps: dict[str, list[Callable[[Change], None]]] = defaultdict(list)

    def record(self, t: ResourceType, change: Change) -> None:
        """Remember the change and tell those who watch its type and namespace."""
        log = self._changes[t.group_resource]
        if len(log) == log.maxlen:
            self._forgotten[t.group_resource] = log[0].event.resource_version
        log.append(change)
        for place in {"", namespace_of(change.event.object)}:
            for listener in tuple(self._listeners[t.group_resource, place]):
                listener.offer(change)
        for tap in self._taps[t.group_resource]:
            tap(change)

    def tap(self, t: ResourceType, hear: Callable[[Event], None]) -> None:
        """Call `hear` with every change of the type from now on, under the storage's lock.

        For controllers in this process: they only note a name and go on, so no thread waits per
        type. What `hear` is given must not be mutated.
        """
        self.tap_changes(t, lambda change: hear(change.event))

    def tap_changes(self, t: ResourceType, hear: Callable[[Change], None]) -> None:
        """Do as `tap` does, and tell what each object was before as well."""
        self._taps[t.group_resource].append(hear)

    def subscribe(
        self, t: ResourceType, namespace: str, since: int | None, selects: Predicate | None
    ) -> Subscription:
        """Return a subscription that starts after `since` (None: from now on).

        Raises:
            ApiError: 410 when the history no longer reaches back that far.
        """
        place = (t.group_resource, namespace)

        def leave(one: Subscription) -> None:
            self._listeners[place].pop(one, None)

        joined = Subscription(selects, self._backlog, leave)
        if since is not None:
            oldest = max(self.floor, self._forgotten[t.group_resource])
            if since < oldest:
                raise expired(since, oldest)
            for change in self._changes[t.group_resource]:
                inside = not namespace or namespace_of(change.event.object) == namespace
                if change.event.resource_version > since and inside:
                    joined.offer(change)
        self._listeners[place][joined] = None
        return joined

    def forget(self, up_to: int) -> None:
        """Forget all history up to a resourceVersion, as a compaction of etcd does."""
        self.floor = max(self.floor, up_to)
        for log in self._changes.values():
            while log and log[0].event.resource_version <= up_to:
                log.popleft()

    def listeners(self) -> int:
        """Return how many subscriptions are open."""
        return sum(len(group) for group in self._listeners.values())
