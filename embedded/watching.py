"""Watches over HTTP: one JSON line per event for as long as the client listens.

In: a watch request. Out: a stream that begins with what exists (without a resourceVersion, or with
0), goes on with every change, and says 410 as an ERROR event when history is gone.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from embedded.api_errors import ApiError, bad_request
from embedded.event_log import ADDED, Event, Subscription
from embedded.faults import Faults, WatchHandle
from embedded.http_wire import Connection, Request, Takeover
from embedded.json_objects import JsonObject, encoded
from embedded.listing import not_a_version
from embedded.routes import Target
from embedded.storage import Storage
from embedded.table import WHOLE, Shape, shape_of, shaped

_TICK = 0.5
_BOOKMARK_EVERY = 50.0
_LONGEST, _SHORTEST = 3600, 1800
_SPREAD = random.Random()  # noqa: S311  # spreads reconnects, no secret


@dataclass(slots=True, kw_only=True)
class _Watch:
    """One open watch."""

    storage: Storage
    target: Target
    subscription: Subscription
    first: tuple[JsonObject, ...]
    reached: int
    seconds: float
    bookmarks: bool
    tell_initial_end: bool
    shape: Shape


def watch(storage: Storage, faults: Faults, target: Target, request: Request) -> Takeover:
    """Return what takes the connection over to stream events.

    Raises:
        ApiError: 400 for a resourceVersion or time-out that is no number.
    """
    error: ApiError | None = None
    opened: _Watch | None = None
    try:
        opened = _open(storage, target, request)
    except ApiError as refusal:
        if refusal.code != 410:  # noqa: PLR2004  # HTTP's own number
            raise
        error = refusal

    def run(connection: Connection) -> None:
        connection.start_stream()
        if opened is None:
            if error is not None:
                connection.chunk(_line("ERROR", error.status()))
            connection.end_stream()
            return
        handle = faults.opened(target.type.plural, opened.subscription.close)
        try:
            _stream(connection, opened, handle)
        finally:
            faults.closed(handle)
            opened.subscription.close()

    return Takeover(run=run)


def _open(storage: Storage, target: Target, request: Request) -> _Watch:
    asked = request.param("resourceVersion")
    if asked and not asked.isdigit():
        raise ApiError(500, "", not_a_version(asked))
    version = int(asked or 0)
    labels, fields = request.param("labelSelector"), request.param("fieldSelector")
    wants_initial = request.flag("sendInitialEvents") or not version
    place = target.namespace or None
    with storage.ledger.lock:
        subscription = storage.watch(
            target.type,
            namespace=place,
            since=None if wants_initial else version,
            labels=labels,
            fields=fields,
        )
        entries, reached = storage.entries(target.type, place, labels=labels, fields=fields)
    return _Watch(
        storage=storage,
        target=target,
        subscription=subscription,
        first=tuple(one.body for one in entries) if wants_initial else (),
        reached=reached if wants_initial else version,
        seconds=_number(request, "timeoutSeconds") or _SPREAD.uniform(_SHORTEST, _LONGEST),
        bookmarks=request.flag("allowWatchBookmarks"),
        tell_initial_end=request.flag("sendInitialEvents"),
        shape=shape_of(request.headers.get("accept", "")),
    )


def _number(request: Request, name: str) -> int:
    text = request.param(name)
    if text and not text.isdigit():
        raise bad_request(f"invalid {name}: {text!r} is no number")
    return int(text or 0)


def _line(kind: str, obj: JsonObject) -> bytes:
    return encoded({"type": kind, "object": obj}) + b"\n"


def _stream(connection: Connection, opened: _Watch, handle: WatchHandle) -> None:
    for line in _lines(opened, handle, connection.client_gone):
        if not handle.silent.is_set():
            connection.chunk(line)
    if not handle.silent.is_set():
        connection.end_stream()


def _lines(opened: _Watch, handle: WatchHandle, gone: Callable[[], bool]) -> Iterator[bytes]:
    yield from _opening(opened)
    end = time.monotonic() + opened.seconds
    next_bookmark = time.monotonic() + _BOOKMARK_EVERY
    while (left := end - time.monotonic()) > 0 or handle.silent.is_set():
        try:
            event = opened.subscription.shared(min(_TICK, max(left, 0.001)))
        except ApiError as error:
            yield _line("ERROR", error.status())
            return
        if event is not None:
            yield _event_line(opened, event)
        elif opened.subscription.closed or gone():
            return
        elif opened.bookmarks and time.monotonic() >= next_bookmark:
            next_bookmark += _BOOKMARK_EVERY
            yield _bookmark(opened)
    if opened.bookmarks:
        yield _bookmark(opened)


def _opening(opened: _Watch) -> Iterator[bytes]:
    for body in opened.first:
        yield _event_line(opened, Event(ADDED, body, opened.reached))
    if opened.tell_initial_end:
        yield _bookmark(opened, initial_end=True)


def _bookmark(opened: _Watch, *, initial_end: bool = False) -> bytes:
    """Return a bookmark at a version up to which this watch has said all there is to say."""
    with opened.storage.ledger.lock:
        if not opened.subscription.waiting:
            opened.reached = max(opened.reached, opened.storage.version)
    version = opened.reached
    metadata: JsonObject = {"resourceVersion": str(version)}
    if initial_end:
        metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
    t = opened.target.type
    return _line("BOOKMARK", {"kind": t.kind, "apiVersion": t.api_version, "metadata": metadata})


def _event_line(opened: _Watch, event: Event) -> bytes:
    opened.reached = event.resource_version
    body, t = event.object, opened.target.type
    if body["apiVersion"] != t.api_version:
        body = {**body, "apiVersion": t.api_version}
    shown = body if opened.shape == WHOLE else shaped(opened.shape, body)
    return _line(event.type, shown)
