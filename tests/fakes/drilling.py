"""A whole drill on fakes: a cluster with a quota controller, a scripted engine, a stop button."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from drills import objects
from drills.cluster import Kind
from drills.drill import run_drill
from drills.engine import SandboxShape
from drills.marks import marks
from drills.objects import KubeObject
from drills.record import DrillRecord
from drills.rehearsal import Rehearsal, rehearse
from drills.sandbox import NAMESPACE, QUOTA
from drills.state import DrillPorts
from scenarios.model import (
    BackupQuery,
    CleanupPolicy,
    ClusterRef,
    ObjectivesSpec,
    ProbeSpec,
    ProofLevel,
    RestoreSpec,
    Scenario,
)
from tests.fakes.cluster import FakeCluster
from tests.fakes.engine import SOURCE, FakeEngine, manifest
from tests.fakes.listeners import MemoryJournal, MemoryListener
from tests.fakes.probing import LONG, SANDBOX, CalmCluster

DRILL = "weekly-20261121-090000"
EARLIER = "weekly-20261114-090000"

ASK_SETTINGS = ProbeSpec(
    name="settings are back",
    kind="resource",
    question={"apiVersion": "v1", "kind": "ConfigMap", "name": "settings"},
    retries=0,
)


def scenario(**changes: object) -> Scenario:
    """Return a scenario that the fakes pass, with time enough for watches that race the clock."""
    plain = Scenario(
        name="weekly",
        cluster=ClusterRef(),
        backup=BackupQuery(engine="fake", comparison=None),
        restore=RestoreSpec(
            namespaces={SOURCE: SANDBOX},
            deadline=timedelta(seconds=LONG),
            cleanup_deadline=timedelta(minutes=2),
            stable_for=timedelta(0),
        ),
        sha256="0" * 64,
        objectives=ObjectivesSpec(rto=timedelta(seconds=LONG), rpo=timedelta(hours=24)),
        prove=ProofLevel.OBJECTS,
        probes=(ASK_SETTINGS,),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def keeping(policy: CleanupPolicy) -> Scenario:
    """Return the scenario with another cleanup policy."""
    return scenario(cleanup=policy)


def quota_controller(cluster: FakeCluster) -> None:
    """Let the cluster take note of every quota, as kube-controller-manager does."""

    def note(quota: KubeObject) -> None:
        hard = objects.mapping(quota, "spec", "hard")
        where = objects.namespace(quota), objects.name(quota)
        cluster.change(QUOTA, *where, {"status": {"hard": dict(hard)}})

    cluster.react("create", QUOTA, note)


def namespace(name: str = SANDBOX, drill_id: str | None = None, **more: object) -> KubeObject:
    """Return a namespace, marked for a drill where one is named."""
    labels = marks(drill_id, "weekly") if drill_id else {"team": "shop"}
    return manifest("v1", "Namespace", name, metadata={"labels": labels, **more})


class StopButton:
    """Requests to stop, as the runner counts them: `shield` answers those so far."""

    def __init__(self) -> None:
        self.pressed = 0
        self._answered = 0

    def press(self) -> None:
        """Ask once more."""
        self.pressed += 1

    def stop(self) -> bool:
        """Return whether a request stands."""
        return self.pressed > self._answered

    def shield(self) -> None:
        """Answer the requests so far."""
        self._answered = self.pressed


class CueListener(MemoryListener):
    """Plays `cues` when a stage is reported to be in a state."""

    def __init__(self) -> None:
        super().__init__()
        self.cues: dict[tuple[str, str], Callable[[], None]] = {}

    def stage(self, name: str, state: str, message: str = "") -> None:
        """Remember, then act on the cue, once."""
        super().stage(name, state, message)
        self.cues.pop((name, state), lambda: None)()


class World:
    """Everything one drill meets."""

    def __init__(self, *present: KubeObject, shape: SandboxShape = SandboxShape.NAMESPACES) -> None:
        self.cluster = CalmCluster(*present)
        quota_controller(self.cluster)
        self.engine = FakeEngine(self.cluster, shape)
        self.journal, self.listener, self.button = MemoryJournal(), CueListener(), StopButton()
        self.dead: Callable[[str], bool] = lambda _: False

    def ports(self, **changes: object) -> DrillPorts:
        """Return the drill's ports."""
        plain = DrillPorts(
            cluster=self.cluster,
            clock=self.cluster.clock,
            journal=self.journal,
            listener=self.listener,
            engine=lambda _listener, _stop: self.engine,
            stop=self.button.stop,
            shield=self.button.shield,
            actor="tester",
            dead=self.dead,
        )
        return replace(plain, **changes)  # type: ignore[arg-type]

    def drill(self, wanted: Scenario | None = None, **changes: object) -> DrillRecord:
        """Run a drill."""
        return run_drill(wanted or scenario(), self.ports(**changes), drill_id=DRILL, seed=7)

    def rehearsal(self, wanted: Scenario | None = None) -> Rehearsal:
        """Rehearse."""
        return rehearse(wanted or scenario(), self.ports(), drill_id=DRILL, seed=7)

    def at_stage(self, name: str, act: Callable[[], None], *, state: str = "started") -> None:
        """Do `act` once, when the stage is reported to be in that state."""
        self.listener.cues[name, state] = act

    @property
    def namespaces(self) -> list[str]:
        """Return the names of all namespaces."""
        return sorted(objects.name(obj) for obj in self.cluster.list(NAMESPACE))

    @property
    def created(self) -> list[tuple[Kind, str]]:
        """Return what was created through the port, in order."""
        return [(kind, name) for verb, kind, _, name in self.cluster.calls if verb == "create"]
