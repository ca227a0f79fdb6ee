"""Faults that a test can switch on: slow, failing, silent, gone, denied.

In: rules from a test, or over HTTP from another process. Out: for each request, what goes wrong
with it. Everything is off until asked for, and `clear` turns all of it off again.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from embedded.api_errors import ApiError

_REASONS = {
    403: "Forbidden",
    409: "Conflict",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for, in the words of RBAC.

    Attributes:
        verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
        group: API group of the resource.
        resource: plural, with the subresource after a slash, such as `pods/exec`.
        namespace: namespace, or empty.
        name: object name, or empty.
    """

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


class Moment(StrEnum):
    """How far a request has come."""

    ARRIVED = "arrived"
    """Nothing of it was done yet."""
    DONE = "done"
    """All of it was done, and nobody was told yet."""


@dataclass(slots=True, kw_only=True)
class Rule:
    """Which requests a fault hits, and how often or how long.

    Attributes:
        verb: verb, or `*`.
        resource: plural with or without subresource, or `*`.
        namespace: namespace, or `*`.
        times: how many requests it still hits; None: no limit.
        until: monotonic instant at which it ends; None: never.
    """

    verb: str = "*"
    resource: str = "*"
    namespace: str = "*"
    times: int | None = None
    until: float | None = None

    def hits(self, asked: Asked) -> bool:
        """Return whether the request is one that the fault is about."""
        return (
            self.verb in {"*", asked.verb}
            and self.resource in {"*", asked.resource}
            and self.namespace in {"*", asked.namespace}
            and (self.times is None or self.times > 0)
            and (self.until is None or time.monotonic() < self.until)
        )

    def spend(self) -> None:
        """Count one hit."""
        if self.times is not None:
            self.times -= 1


@dataclass(slots=True, kw_only=True)
class Failure:
    """A rule with the answer that its requests get."""

    rule: Rule
    status: int
    retry_after: int | None
    message: str


@dataclass(slots=True, kw_only=True)
class Slowness:
    """A rule with the seconds that its requests wait."""

    rule: Rule
    seconds: float


@dataclass(slots=True, eq=False)
class WatchHandle:
    """An open watch, as faults see it.

    Attributes:
        resource: plural of what it watches.
        end: closes it at once, as if the connection had ended.
        silent: set once it must not say anything any more, not even that it ends.
    """

    resource: str
    end: Callable[[], None]
    silent: threading.Event = field(default_factory=threading.Event)


class Faults:
    """All faults of one embedded API server, and the count of what it was asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slow: list[Slowness] = []
        self._failing: list[Failure] = []
        self._denied: list[Rule] = []
        self._silent: list[Rule] = []
        self._watches: dict[WatchHandle, None] = {}
        self._requests: Counter[str] = Counter()
        self._cleared = threading.Event()
        self._leave: Callable[[], None] = lambda: None
        self._return: Callable[[], None] = lambda: None
        self._timer: threading.Timer | None = None
        self.watcher: Callable[[Moment, Asked], None] = lambda _moment, _asked: None
        """Called in the middle of every request; an OSError from it cuts the connection there."""
        self.others: dict[str, Callable[[Mapping[str, Any]], None]] = {}
        """Faults of other parts of the cluster, by the word that the control endpoint knows."""

    def attach(self, leave: Callable[[], None], come_back: Callable[[], None]) -> None:
        """Tell how the server refuses all connections, and how it listens again."""
        self._leave, self._return = leave, come_back

    def slow(self, seconds: float, rule: Rule | None = None) -> None:
        """Let matching requests wait before they are answered."""
        with self._lock:
            self._slow.append(Slowness(rule=rule or Rule(), seconds=seconds))

    def fail(
        self,
        status: int,
        rule: Rule | None = None,
        *,
        retry_after: int | None = None,
        message: str = "a fault that was switched on",
    ) -> None:
        """Answer matching requests with this HTTP status (429 asks to wait a second)."""
        if status == 429 and retry_after is None:  # noqa: PLR2004  # HTTP's own number
            retry_after = 1
        with self._lock:
            self._failing.append(
                Failure(
                    rule=rule or Rule(), status=status, retry_after=retry_after, message=message
                )
            )

    def deny(self, rule: Rule) -> None:
        """Forbid matching requests; access reviews then answer no."""
        with self._lock:
            self._denied.append(rule)

    def denies(self, asked: Asked) -> bool:
        """Return whether a deny rule forbids this."""
        with self._lock:
            return any(rule.hits(asked) for rule in self._denied)

    def drop_watches(self, resource: str = "*") -> int:
        """End open watches at once; return how many there were."""
        with self._lock:
            hit = [one for one in self._watches if resource in {"*", one.resource}]
        for one in hit:
            one.end()
        return len(hit)

    def silence_watches(self, resource: str = "*") -> int:
        """Leave open and future watches connected but mute; return how many were open.

        This is what a half-open TCP connection looks like to the client.
        """
        with self._lock:
            self._silent.append(Rule(resource=resource))
            hit = [one for one in self._watches if resource in {"*", one.resource}]
        for one in hit:
            one.silent.set()
        return len(hit)

    def go_away(self, seconds: float | None = None) -> None:
        """Cut all connections and refuse new ones, for some seconds or until `come_back`."""
        self._leave()
        if seconds is not None:
            timer = threading.Timer(seconds, self.come_back)
            timer.daemon = True
            self._timer = timer
            timer.start()

    def come_back(self) -> None:
        """Listen again on the same port."""
        self._return()

    def clear(self) -> None:
        """Turn every fault off; silent watches end, since nothing could revive them."""
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            for rules in (self._slow, self._failing, self._denied, self._silent):
                rules.clear()
            mute = [one for one in self._watches if one.silent.is_set()]
            self._cleared.set()
            self._cleared = threading.Event()
        for one in mute:
            one.end()
        self._return()

    def opened(self, resource: str, end: Callable[[], None]) -> WatchHandle:
        """Register a watch for as long as it is open."""
        handle = WatchHandle(resource, end)
        with self._lock:
            self._watches[handle] = None
            if any(rule.resource in {"*", resource} for rule in self._silent):
                handle.silent.set()
        return handle

    def closed(self, handle: WatchHandle) -> None:
        """Forget a watch that has ended."""
        with self._lock:
            self._watches.pop(handle, None)

    def before(self, asked: Asked) -> None:
        """Count the request, then make it wait or fail as the rules say.

        Raises:
            ApiError: when a fault or a deny rule hits it.
        """
        with self._lock:
            self._requests[f"{asked.verb} {asked.resource}"] += 1
            delay = sum(self._spent(one.rule, one.seconds, asked) for one in self._slow)
            cleared = self._cleared
        if delay:
            cleared.wait(delay)
        with self._lock:
            failure = next((one for one in self._failing if one.rule.hits(asked)), None)
            if failure is not None:
                failure.rule.spend()
        if failure is not None:
            reason = _REASONS.get(failure.status, "InternalError")
            details = {"retryAfterSeconds": failure.retry_after} if failure.retry_after else {}
            raise ApiError(
                failure.status, reason, failure.message, details, retry_after=failure.retry_after
            )
        if self.denies(asked):
            raise forbidden_request(asked)

    def requests(self) -> dict[str, int]:
        """Return how often each `verb resource` was asked for."""
        with self._lock:
            return dict(self._requests)

    @staticmethod
    def _spent(rule: Rule, seconds: float, asked: Asked) -> float:
        if not rule.hits(asked):
            return 0.0
        rule.spend()
        return seconds


def forbidden_request(asked: Asked) -> ApiError:
    """Return the 403 that the authorizer of the real server gives."""
    base = asked.resource.partition("/")[0]
    qualified = f"{base}.{asked.group}" if asked.group else base
    subject = f'{qualified} "{asked.name}"' if asked.name else qualified
    place = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    message = (
        f'{subject} is forbidden: User "embedded-admin" cannot {asked.verb} resource '
        f'"{asked.resource}" in API group "{asked.group}" {place}'
    )
    details: dict[str, object] = (
        {"name": asked.name, "kind": base} if asked.name else {"kind": base}
    )
    return ApiError(403, "Forbidden", message, details)
