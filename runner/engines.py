"""Builds engines for drills and for cleaning after them."""

from collections.abc import Callable, Mapping

from drills.adapters.clock import SystemClock
from drills.adapters.downloads import HttpDownloads
from drills.adapters.shell import LocalShell
from drills.engine import Engine, EnginePorts
from drills.engines import engine_factory
from drills.ports import Cluster, Journal, Listener, ObjectStore

EngineMaker = Callable[[Listener, Callable[[], bool]], Engine]


def engine_maker(
    word: str,
    namespace: str | None,
    options: Mapping[str, object],
    *,
    cluster: Cluster,
    clock: SystemClock,
    journal: Journal,
    labels: Mapping[str, str],
    store: ObjectStore | None = None,
) -> EngineMaker:
    """Return what builds engine `word`, marking all it makes with `labels`.

    `store` is where its backups lie, as far as the user said so.

    Raises Misconfigured for an unknown engine.
    """
    factory = engine_factory(word)

    def make(listener: Listener, stop: Callable[[], bool]) -> Engine:
        ports = EnginePorts(
            cluster=cluster,
            clock=clock,
            downloads=HttpDownloads(),
            shell=LocalShell(),
            journal=journal,
            listener=listener,
            stop=stop,
            store=store,
            labels=labels,
        )
        return factory(ports, namespace=namespace, options=options)

    return make
