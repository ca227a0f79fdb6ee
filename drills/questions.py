"""What a drill's probes are told, and what they may use: the ProbeContext out of the drill's state.

In: the drill, when its restore was requested. Out: a ProbeContext. What a probe makes goes through
the same Maker as the sandbox itself: journal first, then the cluster.
"""

from dataclasses import dataclass
from datetime import datetime

from drills.errors import Interrupted
from drills.objects import KubeObject
from drills.probes import ProbeContext
from drills.stages.isolate import Maker
from drills.state import Drill


@dataclass(frozen=True, slots=True, kw_only=True)
class _ProbeMaker:
    """Keeps `drills.probes.contract.Making`, for as long as the drill still asks."""

    drill: Drill
    maker: Maker

    def make(self, manifest: KubeObject) -> KubeObject:
        """Create `manifest`; raises Interrupted once cleanup began, as it would be left behind."""
        if self.drill.cleaning or self.drill.stop():
            raise Interrupted("the drill was asked to stop")
        return self.maker.make(manifest)


def probe_context(drill: Drill, *, requested_at: datetime, requested: float) -> ProbeContext:
    """Return the context; `requested` is the restore request on the monotonic clock."""
    notes, ports = drill.notes, drill.ports
    return ProbeContext(
        cluster=ports.cluster,
        clock=ports.clock,
        namespaces=dict(drill.scenario.restore.namespaces),
        restore_started_at=requested_at,
        requested=requested,
        reference=notes.started_at,
        rpo=drill.scenario.objectives.rpo,
        backup_started_at=_data_began(drill),
        backup_ended_at=notes.backup.completed_at if notes.backup else None,
        troubles=tuple(finding for finding in notes.findings if finding.unanswered),
        scenario=drill.scenario.name,
        samples=ports.samples,
        drill_id=drill.drill_id,
        labels=drill.labels,
        maker=_ProbeMaker(
            drill=drill,
            maker=Maker(cluster=ports.cluster, journal=ports.journal, listener=drill.trail),
        ),
        shell=ports.shell,
        local=ports.local,
        veil=drill.veil,
    )


def _data_began(drill: Drill) -> datetime | None:
    """Return the earliest instant that the backup's data may be from."""
    backup, inventory = drill.notes.backup, drill.notes.inventory
    known = [backup.started_at, backup.recovery_point] if backup else []
    known.append(inventory.recovery_point if inventory else None)
    return min((each for each in known if each is not None), default=None)
