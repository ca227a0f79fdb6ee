"""The outside world as a drill sees it: small Protocols, implemented in `drills.adapters`.

Everything that reads a clock, a network or a disk comes in through these, so that tests hand in
others. Errors raised through a port are those of `drills.errors`, never a library's own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol

from drills.cluster import (
    Abilities,
    Change,
    ChangeType,
    ClientCertificate,
    Cluster,
    Connection,
    Ending,
    ExecAnswer,
    Heard,
    HttpAnswer,
    HttpRequest,
    Kind,
    LogAnswer,
    ServedKind,
    TlsWish,
    Tunnel,
    VolumeMeans,
    Way,
)


class Clock(Protocol):
    """Time and waiting. Durations from `monotonic`, instants from `now` (UTC)."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; raises `Interrupted` at once when the drill is asked to stop meanwhile."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """One file in an object store."""

    key: str
    bytes: int
    etag: str = ""
    modified: datetime | None = None
    version: str = ""
    """The store's version id, where it keeps versions and has said so."""


class ObjectStore(Protocol):
    """Files by key, read-only."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the files whose key starts with `prefix`."""
        ...

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Open one file for reading; raises Missing."""
        ...


class Downloads(Protocol):
    """Fetches a signed URL, as an engine hands them out."""

    def open(self, url: str, *, timeout: float) -> AbstractContextManager[BinaryIO]:
        """Open the body for reading; raises Missing on 404, OutsideRefused, Unreachable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """How a local command ended."""

    exit_code: int
    stdout: str
    stderr: str
    cut: bool = False
    """Whether the output was too long to keep, so that its middle is missing."""


class Shell(Protocol):
    """Local commands, never through a shell."""

    def run(
        self, command: Sequence[str], *, env: Mapping[str, str], timeout: float
    ) -> CommandResult:
        """Run `command` and return how it ended; raises CannotAsk where it cannot start."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """One thing a drill made, as the journal keeps it."""

    kind: Kind
    namespace: str
    name: str
    uid: str = ""
    """Empty while the creation is only intended."""


class Journal(Protocol):
    """What a drill is about to make, written down before it is made."""

    def intend(self, thing: Marked) -> None:
        """Record that `thing` is about to be created."""
        ...

    def made(self, thing: Marked) -> None:
        """Record that `thing` exists, with its uid."""
        ...

    def gone(self, thing: Marked) -> None:
        """Record that `thing` is proven gone."""
        ...

    def close(self) -> None:
        """Say that nothing is left and the journal may be forgotten."""
        ...


class Listener(Protocol):
    """Hears what a drill is doing, for the terminal and the audit log."""

    def stage(self, name: str, state: str, message: str = "") -> None:
        """`state` is started, progress, passed, failed, inconclusive or skipped."""
        ...

    def action(self, action: str, resource: str, status: str, details: Mapping[str, str]) -> None:
        """Something was done to the outside: created, patched, deleted, refused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A moment on the monotonic clock."""

    clock: Clock = field(repr=False)
    at: float
    cut: Callable[[], bool] = field(default=lambda: False, repr=False)
    """True once waiting shall end although the moment has not come (a second Ctrl-C)."""

    @property
    def left(self) -> float:
        """Return the seconds left, zero when cut short, negative when passed."""
        left = self.at - self.clock.monotonic()
        return min(left, 0.0) if self.cut() else left

    @property
    def passed(self) -> bool:
        """Return whether the moment has come."""
        return self.left <= 0


__all__ = [
    "Abilities",
    "Change",
    "ChangeType",
    "ClientCertificate",
    "Clock",
    "Cluster",
    "CommandResult",
    "Connection",
    "Deadline",
    "Downloads",
    "Ending",
    "ExecAnswer",
    "Heard",
    "HttpAnswer",
    "HttpRequest",
    "Journal",
    "Kind",
    "Listener",
    "LogAnswer",
    "Marked",
    "ObjectStore",
    "ServedKind",
    "Shell",
    "StoredObject",
    "TlsWish",
    "Tunnel",
    "VolumeMeans",
    "Way",
]
