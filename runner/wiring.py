"""The composition root: the one file that puts a drill's ports together."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from drills.adapters.clock import SystemClock
from drills.adapters.journal import FileJournal, JournalHeader
from drills.adapters.sample_file import SampleFile
from drills.adapters.shell import LocalShell
from drills.adapters.store import open_store
from drills.engine import Engine
from drills.marks import marks
from drills.ports import Cluster, Listener, ObjectStore
from drills.sandbox import SandboxRights
from drills.state import DrillPorts
from runner.clusters import Clusters
from runner.engines import engine_maker
from runner.orphans import holder_is_dead
from runner.settings import RunSettings, actor, script_environment
from runner.stopping import StopSignal
from scenarios.model import ClusterRef, Scenario


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
    """Yield the ports of one drill; its journal file exists once something is to be made.

    Raises Misconfigured where the cluster or the engine cannot be.
    """
    with signal.view() as stop:
        clock = SystemClock(stop.event)
        reference = clusters.reference(scenario)
        cluster = clusters.connect(reference, clock)
        journal = FileJournal(
            settings.journal_dir / f"{drill_id}.jsonl",
            _header(scenario, drill_id, reference, cluster, clock),
        )
        yield DrillPorts(
            cluster=cluster,
            clock=clock,
            journal=journal,
            listener=listener,
            engine=_engine(
                scenario,
                drill_id,
                cluster,
                clock,
                journal,
                open_store(settings.store) if settings.store and reference.embedded else None,
            ),
            stop=stop.stop,
            shield=stop.shield,
            actor=actor(),
            rights=_rights(settings),
            sandbox_patience=settings.wait_seconds,
            dead=holder_is_dead(settings.journal_dir),
            samples=SampleFile(settings.records_file),
            shell=LocalShell(stop.stop),
            local=script_environment(clusters.kubeconfig(reference), reference),
            source=lambda: clusters.connect(clusters.source(scenario), clock),
            elsewhere=reference != clusters.source(scenario),
            prober_image=settings.prober_image,
        )


def _engine(
    scenario: Scenario,
    drill_id: str,
    cluster: Cluster,
    clock: SystemClock,
    journal: FileJournal,
    store: ObjectStore | None,
) -> Callable[[Listener, Callable[[], bool]], Engine]:
    backup = scenario.backup
    return engine_maker(
        backup.engine,
        backup.namespace,
        backup.options,
        cluster=cluster,
        clock=clock,
        journal=journal,
        labels=marks(drill_id, scenario.name, backup.engine),
        store=store,
    )


def _rights(settings: RunSettings) -> SandboxRights | None:
    if settings.sandbox_role is None or settings.service_account is None:
        return None
    namespace, _, name = settings.service_account.partition("/")
    return SandboxRights(
        cluster_role=settings.sandbox_role, account_namespace=namespace, account_name=name
    )


def _header(
    scenario: Scenario,
    drill_id: str,
    reference: ClusterRef,
    cluster: Cluster,
    clock: SystemClock,
) -> JournalHeader:
    return JournalHeader(
        drill_id=drill_id,
        scenario=scenario.name,
        started_at=clock.now(),
        context=reference.context or "",
        kubeconfig=reference.kubeconfig or "",
        in_cluster=reference.in_cluster,
        embedded=reference.embedded,
        identity=cluster.identity(),
        engine=scenario.backup.engine,
        engine_namespace=scenario.backup.namespace or "",
        sandbox=tuple(sorted(set(scenario.restore.namespaces.values()))),
        pid=os.getpid(),
        host=socket.gethostname(),
    )
