"""One drill under way: its scenario, its ports, and what it has written down so far."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from drills.engine import Engine, RestoreOrder
from drills.errors import DrillError
from drills.lease import SandboxLease
from drills.marks import marks
from drills.notes import AuditTrail, Notes
from drills.ports import Clock, Cluster, Deadline, Journal, Listener, Shell
from drills.proving.proving import Proving
from drills.samples import Samples
from drills.sandbox import SandboxRights
from drills.stages.settle import StabilityWatch
from drills.veil import DrillVeil, VeilingListener
from scenarios.model import Confidential, NetworkIsolation, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillPorts:
    """What a drill uses of the outside."""

    cluster: Cluster
    clock: Clock
    journal: Journal
    listener: Listener
    engine: Callable[[Listener, Callable[[], bool]], Engine]
    """Builds the engine, which reports its actions to the listener and looks at the stop."""
    stop: Callable[[], bool]
    """True once somebody asked the drill to stop."""
    shield: Callable[[], None]
    """Takes the request to stop back, so that cleanup can run; a second request counts again."""
    actor: str
    """Who runs the drill, for the audit trail."""
    rights: SandboxRights | None = None
    """What the runner binds to itself inside the sandbox; None where its rights suffice."""
    sandbox_patience: float = 0.0
    """Seconds to wait for another drill that holds the sandbox."""
    dead: Callable[[str], bool] = lambda _: False
    """Says of a drill id that its process is known to have died."""
    samples: Samples | None = None
    """What was recorded of the live source."""
    shell: Shell | None = None
    """Runs the scenario's own local commands."""
    local: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What those commands find in their environment besides the drill's own facts."""
    source: Callable[[], Cluster] | None = None
    """Connects to the cluster that the backups are of; None: the drill's own."""
    elsewhere: bool = False
    """Whether the sandbox is in another cluster than the backups' source."""
    prober_image: str = ""
    """What tries to get out of the sandbox, where the scenario names no image."""


@dataclass(slots=True, kw_only=True)
class Drill:
    """The state that the acts of `drills.acts` read and add to."""

    scenario: Scenario
    drill_id: str
    seed: int
    ports: DrillPorts
    engine: Engine
    trail: AuditTrail
    notes: Notes
    leases: list[SandboxLease] = field(default_factory=list)
    sandbox: dict[str, str] = field(default_factory=dict)
    """Name to uid of each namespace that this drill made."""
    dangerous: bool = False
    """True where something restored could act on the world and could not be made harmless."""
    hindered: bool = False
    """True where something did not come back for reasons outside the backup."""
    order: RestoreOrder | None = None
    deadline: Deadline | None = None
    stability: StabilityWatch | None = None
    proving: Proving | None = None
    """The proof of the sandbox's isolation, where one can be had."""
    cleaning: bool = False
    veil: DrillVeil = field(default_factory=lambda: DrillVeil(Confidential()))
    """Hides what no output may show."""
    unread: DrillError | None = None
    """What kept the drill from knowing the values of the restored Secrets."""

    def stop(self) -> bool:
        """Return whether to stop: asked to, or the sandbox was lost to another drill."""
        return (self.lost and not self.cleaning) or self.ports.stop()

    @property
    def lost(self) -> bool:
        """Return whether another drill took the sandbox over."""
        return any(lease.lost.is_set() for lease in self.leases)

    @property
    def targets(self) -> tuple[str, ...]:
        """Return the sandbox namespaces."""
        return tuple(sorted(set(self.scenario.restore.namespaces.values())))

    @property
    def closed(self) -> bool:
        """Return whether the drill closes the sandbox's network."""
        return self.scenario.isolation.network is NetworkIsolation.DENY

    @property
    def labels(self) -> dict[str, str]:
        """Return the marks of this drill."""
        return marks(self.drill_id, self.scenario.name, self.scenario.backup.engine)


def begin(scenario: Scenario, ports: DrillPorts, drill_id: str, seed: int) -> Drill:
    """Return a drill that has touched nothing yet."""
    veil = DrillVeil(scenario.confidential)
    trail = AuditTrail(
        listener=VeilingListener(ports.listener, veil), clock=ports.clock, actor=ports.actor
    )
    notes = Notes(
        clock=ports.clock,
        listener=trail,
        started_at=ports.clock.now(),
        started=ports.clock.monotonic(),
    )
    holder: list[Drill] = []

    def stop() -> bool:
        return holder[0].stop() if holder else ports.stop()

    drill = Drill(
        scenario=scenario,
        drill_id=drill_id,
        seed=seed,
        ports=ports,
        engine=ports.engine(trail, stop),
        trail=trail,
        notes=notes,
        veil=veil,
    )
    holder.append(drill)
    return drill
