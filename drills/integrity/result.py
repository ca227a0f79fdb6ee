"""What checking a backup found. Values only; every report of `verify` is made from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from drills.findings import Finding, Severity


class State(StrEnum):
    """The answer for one backup; `unknown` where something could not be asked."""

    GOOD = "good"
    DAMAGED = "damaged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFact:
    """One stored file as it was read."""

    name: str
    """Without the backup's folder."""
    key: str
    bytes: int
    sha256: str
    etag: str = ""
    version: str = ""
    """The store's version id, empty where it keeps none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a backup holds, for comparing it with its own history."""

    objects: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    """Objects by `plural.group`."""
    namespaces: Mapping[str, int] = field(default_factory=dict)
    volumes: int = 0
    unpacked: int = 0
    """Bytes of the unpacked archive."""
    entropy: float | None = None
    """Bits per byte of the unpacked archive, from samples."""
    packing: float | None = None
    """Unpacked bytes per stored byte."""
    seconds: float | None = None
    """How long the backup took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupCheck:
    """One backup, read to its end."""

    name: str
    engine: str
    uid: str = ""
    phase: str = ""
    terminal: bool = False
    """Whether its files are final: only then are they remembered."""
    schedule: str | None = None
    started_at: datetime | None = None
    expires_at: datetime | None = None
    files: tuple[FileFact, ...] = ()
    facts: Facts = field(default_factory=Facts)
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    """How long the check took."""
    leftover: bool = False
    """Whether the engine itself does not see a backup there."""

    @property
    def bytes(self) -> int:
        """Return the stored bytes that were read."""
        return sum(file.bytes for file in self.files)

    @property
    def state(self) -> State:
        """Return the answer: damage first, then what could not be asked."""
        return state_of(self.findings)


def state_of(findings: tuple[Finding, ...]) -> State:
    """Return what findings make of a backup, or of a whole bucket."""
    if any(f.severity is Severity.CRITICAL and not f.unanswered for f in findings):
        return State.DAMAGED
    return State.UNKNOWN if any(f.unanswered for f in findings) else State.GOOD
