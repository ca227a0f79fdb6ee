"""The composition root: the one file that puts clusters, engines, clocks and journals together."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from drills.adapters.journal import FileJournal

from drills.adapters.clock import SystemClock
from drills.ports import Cluster, Listener
from drills.state import DrillPorts
from runner.orphans import holder_is_dead
from runner.settings import RunSettings, actor
from runner.stopping import StopSignal
from scenarios.model import ClusterRef, Scenario

if TYPE_CHECKING:
    from drills.adapters.kube import KubeCluster

EMBEDDED_CONTEXT = "embedded"


class Clusters:
    """Connects to clusters once each, and starts the embedded one when it is wanted."""

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._known: dict[ClusterRef, KubeCluster] = {}
        self._embedded: dict[tuple[str, ...], str] = {}

    def __enter__(self) -> Self:
        """Return the connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop every embedded cluster."""
        self._stack.close()

    def reference(self, scenario: Scenario) -> ClusterRef:
        """Return the cluster this scenario's drill runs in, the settings' choice first."""
        settings = self._settings
        named = scenario.target or scenario.cluster
        if settings.embedded:
            return ClusterRef(embedded=True, stand_ins=scenario.cluster.stand_ins)
        if settings.context is not None or settings.kubeconfig is not None:
            return ClusterRef(
                context=settings.context or named.context,
                kubeconfig=settings.kubeconfig or named.kubeconfig,
            )
        return named

    def connect(self, reference: ClusterRef, clock: SystemClock) -> Cluster:
        """Return the cluster, seen through `clock`; raises Misconfigured."""
        with self._lock:
            if reference not in self._known:
                self._known[reference] = self._open(reference)
            return self._known[reference].with_clock(clock)

    def kubeconfig_of(self, reference: ClusterRef) -> str | None:
        """Return the kubeconfig path behind a reference, None for in-cluster or the default."""
        if reference.embedded:
            return self._embedded.get(self._stand_ins(reference))
        return reference.kubeconfig

    def _stand_ins(self, reference: ClusterRef) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*reference.stand_ins, *self._settings.stand_ins)))

    def _open(self, reference: ClusterRef) -> "KubeCluster":
        from drills.adapters.kube import connect_cluster

        if not reference.embedded:
            return connect_cluster(
                context=reference.context,
                kubeconfig=reference.kubeconfig,
                in_cluster=reference.in_cluster,
            )
        return connect_cluster(
            context=EMBEDDED_CONTEXT, kubeconfig=self._start_embedded(self._stand_ins(reference))
        )

    def _start_embedded(self, stand_ins: tuple[str, ...]) -> str:
        from embedded.cluster import EmbeddedCluster

        if stand_ins not in self._embedded:
            folder = self._stack.enter_context(
                tempfile.TemporaryDirectory(prefix="restore-drill-embedded-")
            )
            cluster = self._stack.enter_context(
                EmbeddedCluster(store=self._settings.store, stand_ins=stand_ins)
            )
            path = Path(folder) / "kubeconfig"
            cluster.kubeconfig(path)
            self._embedded[stand_ins] = str(path)
        return self._embedded[stand_ins]


@contextmanager
def drill_ports(
    scenario: Scenario,
    settings: RunSettings,
    clusters: Clusters,
    listener: Listener,
    *,
    drill_id: str,
    signal: StopSignal,
) -> Iterator[DrillPorts]:
    """Yield the ports of one drill; its journal file exists once something is to be made."""
    with signal.view() as stop:
        clock = SystemClock(stop.event)
        reference = clusters.reference(scenario)
        cluster = clusters.connect(reference, clock)
        namespace = scenario.backup.namespace or default_namespace(scenario.backup.engine)
        journal = FileJournal(
            settings.journal_dir / f"{drill_id}.jsonl",
            _header(scenario, drill_id, reference, namespace, cluster, clock),
        )
        yield DrillPorts(
            cluster=cluster,
            clock=clock,
            journal=journal,
            listener=listener,
            engine=engine_maker(scenario, cluster, clock, journal, namespace),
            stop=stop.stop,
            shield=stop.shield,
            actor=actor(),
            lease_namespace=namespace,
            sandbox_patience=settings.wait_seconds,
            dead=holder_is_dead(settings.journal_dir),
        )
