"""The clusters of one command: connected once each, the embedded one started when wanted."""

import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from drills.adapters.clock import SystemClock
from drills.errors import Misconfigured
from drills.ports import Cluster
from runner.settings import EMBEDDED_CONTEXT, RunSettings, kubeconfig_paths
from scenarios.model import ClusterRef, Scenario

if TYPE_CHECKING:
    from drills.adapters.kube import KubeCluster


class Clusters:
    """Connects to clusters once each, and starts the embedded one when it is wanted."""

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._known: dict[ClusterRef, KubeCluster] = {}
        self._embedded: dict[ClusterRef, str] = {}

    def __enter__(self) -> Self:
        """Return the connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop every embedded cluster."""
        self._stack.close()

    def reference(self, scenario: Scenario) -> ClusterRef:
        """Return the cluster this scenario's drill runs in, the settings' choice first."""
        return self._chosen(scenario, scenario.target or scenario.cluster)

    def source(self, scenario: Scenario) -> ClusterRef:
        """Return the cluster that the backups are of, the settings' choice first."""
        return self._chosen(scenario, scenario.cluster)

    def _chosen(self, scenario: Scenario, named: ClusterRef) -> ClusterRef:
        settings = self._settings
        if settings.embedded or (named.embedded and settings.context is None):
            extra = (*scenario.cluster.stand_ins, *settings.stand_ins)
            return ClusterRef(embedded=True, stand_ins=tuple(dict.fromkeys(extra)))
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

    def kubeconfig(self, reference: ClusterRef) -> str:
        """Return the kubeconfig that leads to a connected cluster, '' inside a cluster."""
        if reference.in_cluster:
            return ""
        return self._embedded.get(reference) or reference.kubeconfig or kubeconfig_paths()

    def _open(self, reference: ClusterRef) -> "KubeCluster":
        from drills.adapters.kube import connect_cluster

        if not reference.embedded:
            return connect_cluster(
                context=reference.context,
                kubeconfig=reference.kubeconfig,
                in_cluster=reference.in_cluster,
            )
        self._embedded[reference] = self._start_embedded(reference.stand_ins)
        return connect_cluster(context=EMBEDDED_CONTEXT, kubeconfig=self._embedded[reference])

    def _start_embedded(self, stand_ins: tuple[str, ...]) -> str:
        from embedded.buckets import StoreNotUsable
        from embedded.cluster import EmbeddedCluster
        from embedded.stand_ins import UnknownStandIn
        from embedded.velero.server import VeleroOptions

        folder = self._stack.enter_context(
            tempfile.TemporaryDirectory(prefix="restore-drill-embedded-")
        )
        try:
            cluster = self._stack.enter_context(
                EmbeddedCluster(
                    store=self._settings.store,
                    stand_ins=stand_ins,
                    velero_options=VeleroOptions(any_snapshot_location=True),
                )
            )
        except StoreNotUsable as error:
            raise Misconfigured(
                f"--store {self._settings.store}: {error}",
                hint="--store wants a copied bucket (a folder that holds backups/) or s3://…",
            ) from error
        except UnknownStandIn as error:
            raise Misconfigured(
                str(error), hint="Correct cluster.standIns or --stand-in."
            ) from error
        path = Path(folder) / "kubeconfig"
        cluster.kubeconfig(path)
        return str(path)
