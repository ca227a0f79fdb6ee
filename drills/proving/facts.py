"""What is tried from inside the sandbox, what came of it, and what that proves. Values only."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from drills.findings import Cause

API_SERVER = "@apiserver"
"""As a target's host: the address that Kubernetes puts into every container's environment."""


class ProofState(StrEnum):
    """Whether the network policy of the sandbox is enforced."""

    PROVEN = "proven"
    """What could be reached before the policy cannot be any more, and what must work works."""
    OPEN = "open"
    """Something can be reached in spite of the policy: nobody enforces it."""
    UNPROVEN = "unproven"
    """It could not be asked, or the answers say nothing."""


class Aim(StrEnum):
    """What is tried; the first five must fail once the policy is there, the others must not."""

    SERVICE = "service"
    SERVICE_NAME = "serviceName"
    API_SERVER = "apiServer"
    INTERNET = "internet"
    NAMED = "named"
    DNS = "dns"
    NEIGHBOUR = "neighbour"

    @property
    def must_work(self) -> bool:
        """Return whether the restored application needs it."""
        return self in {Aim.DNS, Aim.NEIGHBOUR}


class Outcome(StrEnum):
    """What one target shows."""

    BLOCKED = "blocked"
    OPEN = "open"
    UNKNOWN = "unknown"
    """It could not be reached without the policy either, or was not asked: says nothing."""
    WORKS = "works"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that a prober tries. `port` 0 means that the host's name is resolved."""

    aim: Aim
    words: str
    """How reports name it: `Service production/shop`."""
    host: str
    port: int = 0

    @property
    def address(self) -> str:
        """Return `host:port`, or the name to resolve."""
        if self.host == API_SERVER:
            return f"kubernetes.default:{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else self.host

    def __str__(self) -> str:
        """Return what it is, with its address."""
        return f"{self.words} ({self.address})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A target tried from one namespace: True reached, False not reached, None not asked."""

    namespace: str
    target: Target
    before: bool | None = None
    """Before the policy was made: the control."""
    after: bool | None = None
    """With the policy in place, before anything was restored."""
    again: bool | None = None
    """Once the restore had settled."""
    workload: str = ""
    """Whose labels the pod wore that tried `after`; empty: the prober's own."""

    @property
    def asker(self) -> str:
        """Return from where it was tried, and as what."""
        return f"{self.namespace} as {self.workload}" if self.workload else self.namespace

    @property
    def outcome(self) -> Outcome:
        """Return what the answers show."""
        if self.target.aim.must_work:
            if False in {self.after, self.again}:
                return Outcome.BROKEN
            return Outcome.WORKS if self.after else Outcome.UNKNOWN
        if self.after or self.again:
            return Outcome.OPEN
        if self.before and self.after is False:
            return Outcome.BLOCKED
        return Outcome.UNKNOWN

    @property
    def opened(self) -> bool:
        """Return whether it became reachable only after the restore."""
        return self.again is True and self.after is not True and not self.target.aim.must_work


@dataclass(frozen=True, slots=True, kw_only=True)
class Untried:
    """A workload with whose labels nothing was tried."""

    namespace: str
    """The sandbox namespace."""
    workload: str
    """`deployments.apps shop`."""
    why: str = ""
    """What kept its pod from answering; empty where there were more workloads than are tried."""

    def __str__(self) -> str:
        """Return `deployments.apps shop in backup-test`."""
        return f"{self.workload} in {self.namespace}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unasked:
    """What kept the prober from asking."""

    why: str
    cause: Cause
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is known of the sandbox's isolation."""

    state: ProofState
    why: str
    """One sentence."""
    cause: Cause = Cause.ISOLATION
    """For an unproven one: whose trouble it is."""
    hint: str = ""
    image: str = ""
    simulated: bool = False
    """Whether a stand-in of the embedded cluster answered."""
    tried: tuple[Tried, ...] = ()
    let_through: tuple[str, ...] = ()
    """Where it is open for the labels of some workloads alone: those workloads."""
    untried: tuple[Untried, ...] = ()

    @property
    def exempt(self) -> bool:
        """Return whether the API server alone stays reachable where others are blocked."""
        return self.state is ProofState.PROVEN and bool(self.open())

    def open(self) -> Sequence[Tried]:
        """Return what can be reached in spite of the policy."""
        return [each for each in self.tried if each.outcome is Outcome.OPEN]
