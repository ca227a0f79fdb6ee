"""One bench for each engine of the conformance suite: how to make it, spoil it and look at it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from drills import objects
from drills.engine import Engine, RestoreOrder
from drills.engines import engine_factory
from drills.engines.velero.kinds import CONFIG_MAP, RESTORE
from drills.errors import DrillError
from drills.objects import KubeObject
from tests.fakes.clock import FakeClock
from tests.fakes.listeners import MemoryJournal
from tests.fakes.snapshot_engine import SnapshotEngine, snapshot
from tests.fakes.store import FakeStore
from tests.fakes.velero import FINALIZER, MARKS, PRODUCTION, FakeVelero

NAMESPACES = {"production": "backup-test"}


class Bench(Protocol):
    """What the suite needs to know of an engine's world."""

    engine: Engine
    clock: FakeClock
    journal: MemoryJournal

    def damage(self) -> None:
        """Spoil the backup itself."""
        ...

    def lose(self) -> None:
        """Take the backup's data away."""
        ...

    def shut(self, error: DrillError) -> None:
        """Let reading the backup's data raise `error`."""
        ...

    def hang(self) -> None:
        """Let the next restore take for ever."""
        ...

    def stop(self) -> None:
        """Ask the drill to stop."""
        ...

    def clog(self) -> None:
        """Let what the drill made resist removal."""
        ...

    def made(self) -> Sequence[str]:
        """Return the names of what drills have made and is still there."""
        ...


class VeleroBench:
    """Velero over a fake cluster with a genuine backup in its bucket."""

    def __init__(self) -> None:
        self.velero = FakeVelero()
        self.clock, self.journal = self.velero.clock, self.velero.journal
        self.engine: Engine = engine_factory("velero")(
            self.velero.ports(), namespace=None, options={}
        )
        self._archive = f"backups/{PRODUCTION}/{PRODUCTION}.tar.gz"
        self.velero.cluster.react("delete", RESTORE, self._let_go)
        self._clogged = False

    def damage(self) -> None:
        """Cut the archive."""
        files = self.velero.store.files
        files[self._archive] = files[self._archive][:-100]

    def lose(self) -> None:
        """Remove the archive."""
        del self.velero.store.files[self._archive]

    def shut(self, error: DrillError) -> None:
        """Refuse the archive."""
        self.velero.store.failures[self._archive] = error

    def hang(self) -> None:
        """Keep the Restore in progress, with the server's finalizer on."""

        def keep(restore: KubeObject) -> None:
            mark = {"metadata": {"finalizers": [FINALIZER]}}
            self.velero.cluster.change(RESTORE, "velero", objects.name(restore), mark)
            self.velero.move(restore, "InProgress")

        self.velero.on_restore = keep

    def stop(self) -> None:
        """Ask the drill to stop."""
        self.velero.stopped = True

    def clog(self) -> None:
        """Switch the server off that lets Restores go."""
        self._clogged = True

    def made(self) -> Sequence[str]:
        """Return Restores and ConfigMaps."""
        cluster = self.velero.cluster
        return [objects.name(o) for kind in (RESTORE, CONFIG_MAP) for o in cluster.list(kind)]

    def _let_go(self, _: KubeObject) -> None:
        if not self._clogged:
            self.velero.release()


class SnapshotBench:
    """The toy engine over a store with two snapshots, one of them empty."""

    KEY = "snapshots/2026-11-21T02:00:00+00:00.snap"

    def __init__(self) -> None:
        velero = FakeVelero()
        self.clock, self.journal = velero.clock, velero.journal
        self._store = FakeStore(
            {
                self.KEY: snapshot({"a": "one", "b": "two"}),
                "snapshots/2026-11-20T02:00:00+00:00.snap": b"",
            }
        )
        self._stopped = False
        self._directories: dict[str, dict[str, str]] = {}
        ports = replace(velero.ports(), store=self._store, stop=lambda: self._stopped)
        self._toy = SnapshotEngine(ports, self._directories)
        self.engine: Engine = self._toy

    def damage(self) -> None:
        """Change a byte."""
        self._store.files[self.KEY] += b"c=three\n"

    def lose(self) -> None:
        """Remove the file."""
        del self._store.files[self.KEY]

    def shut(self, error: DrillError) -> None:
        """Refuse the file."""
        self._store.failures[self.KEY] = error

    def hang(self) -> None:
        """Make the file so large that copying takes for ever."""
        self._store.files[self.KEY] = snapshot({"a": "x" * 1_000_000, "b": "y"})

    def stop(self) -> None:
        """Ask the drill to stop."""
        self._stopped = True

    def clog(self) -> None:
        """Keep the directory of drill d1."""
        self._toy.stuck.add("d1")

    def made(self) -> Sequence[str]:
        """Return the directories."""
        return list(self._directories)


BENCHES: dict[str, type[VeleroBench] | type[SnapshotBench]] = {
    "velero": VeleroBench,
    "snapshot": SnapshotBench,
}


def order_for(bench: Bench, drill_id: str = "d1") -> RestoreOrder:
    """Return an order for the bench's usable backup."""
    backup = next(b for b in bench.engine.list_backups() if b.unusable is None)
    inventory = bench.engine.inspect(backup, NAMESPACES).inventory
    assert inventory is not None
    return RestoreOrder(
        drill_id=drill_id,
        backup=backup,
        inventory=inventory,
        namespaces=NAMESPACES,
        left_out=(),
        labels={**MARKS, "restore-drill/drill-id": drill_id},
    )
