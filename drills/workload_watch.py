"""The restored workloads, followed as they change.

In: watches on the kinds that make an application, each in a thread of its own, all feeding one
queue. Out: what is there now and what still waits; whoever asks takes the changes in, so there are
no locks. DaemonSets, ReplicaSets and Jobs are followed only where some were restored.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from drills import objects
from drills.assessment import ClaimUse, Seen
from drills.cluster import Change, ChangeType
from drills.enough import Enough
from drills.errors import DrillError
from drills.findings import Cause
from drills.marks import drill_of
from drills.objects import KubeObject
from drills.ports import Cluster, Kind
from drills.readiness import Waiting, controller

ALWAYS = (
    Kind("apps/v1", "Deployment"),
    Kind("apps/v1", "StatefulSet"),
    Kind("v1", "Pod"),
    Kind("v1", "PersistentVolumeClaim"),
)
WHERE_PRESENT = (
    Kind("apps/v1", "DaemonSet"),
    Kind("apps/v1", "ReplicaSet"),
    Kind("batch/v1", "Job"),
)
CLAIM = "PersistentVolumeClaim"
STORAGE_CLASS = Kind("storage.k8s.io/v1", "StorageClass")
LASTING = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
"""Kinds of which nothing may vanish while a drill looks."""
IDLE = 0.5
Key = tuple[str, str, str]
Heard = Callable[[str, KubeObject | None, KubeObject | None], None]
"""Hears of each change: kind, the object before, and now (None where it is gone)."""


@dataclass(frozen=True, slots=True)
class _Report:
    source: tuple[Kind, str]
    change: Change | None = None
    error: DrillError | None = None
    ended: bool = False


@dataclass(slots=True, kw_only=True)
class WorkloadWatch:
    """What is in the sandbox; call `take` to let time pass, `close` in the end."""

    cluster: Cluster
    namespaces: Sequence[str]
    heard: Heard | None = None
    enough: Enough = field(default_factory=Enough)
    """Which workloads are up with fewer ready than they want."""
    _reports: "queue.SimpleQueue[_Report]" = field(default_factory=queue.SimpleQueue)
    _closing: threading.Event = field(default_factory=threading.Event)
    _unsynced: set[tuple[Kind, str]] = field(default_factory=set)
    _objects: dict[Key, KubeObject] = field(default_factory=dict)
    _waiting: dict[Key, Waiting] = field(default_factory=dict)
    _classes: tuple[KubeObject, ...] | None = None
    _classes_asked: bool = False

    def start(self) -> None:
        """Open the watches; raises what the cluster refuses."""
        for namespace in self.namespaces:
            for kind in (*ALWAYS, *self._present(namespace)):
                self._unsynced.add((kind, namespace))
        for kind, namespace in tuple(self._unsynced):
            threading.Thread(
                target=self._follow,
                args=(kind, namespace),
                name=f"watch {kind.kind} {namespace}",
                daemon=True,
            ).start()

    @property
    def synced(self) -> bool:
        """Return whether every first listing is complete."""
        return not self._unsynced

    def take(self, timeout: float) -> None:
        """Wait up to `timeout` seconds for a change, then take in all there are.

        Raises the error of a watch that could not go on.
        """
        try:
            self._hear(self._reports.get(timeout=max(timeout, 0.0)))
            while True:
                self._hear(self._reports.get_nowait())
        except queue.Empty:
            return

    def waiting(self) -> tuple[Waiting, ...]:
        """Return what is not up."""
        if not any(key[0] == CLAIM for key in self._waiting):
            return tuple(self._waiting.values())
        use = self._claim_use()
        return tuple(
            each
            for key, each in self._waiting.items()
            if key[0] != CLAIM or not use.may_stay_pending(self._objects[key])
        )

    def seen(self) -> Seen:
        """Return what is there, by kind, with the storage classes where they were needed."""
        found: dict[str, list[KubeObject]] = {}
        for (kind, _, _), obj in self._objects.items():
            found.setdefault(kind, []).append(obj)
        if self._classes is not None:
            found["StorageClass"] = list(self._classes)
        return found

    def close(self) -> None:
        """Let the watches end; they do so within their idle time."""
        self._closing.set()

    def _present(self, namespace: str) -> list[Kind]:
        return [
            kind
            for kind in WHERE_PRESENT
            if any(controller(obj) is None for obj in self.cluster.list(kind, namespace))
        ]

    def _follow(self, kind: Kind, namespace: str) -> None:
        source = (kind, namespace)
        try:
            for change in self.cluster.watch(kind, namespace, stop=self._closing.is_set, idle=IDLE):
                if change is not None:
                    self._reports.put(_Report(source, change))
        except DrillError as error:
            self._reports.put(_Report(source, error=error))
        finally:
            self._reports.put(_Report(source, ended=True))

    def _hear(self, report: _Report) -> None:
        if report.error is not None and not self._closing.is_set():
            raise report.error
        if report.ended and not self._closing.is_set():
            raise DrillError(
                f"the watch on {report.source[0].kind} in {report.source[1]} ended by itself",
                cause=Cause.RUNNER,
            )
        if report.change is None:
            return
        if report.change.type is ChangeType.SYNCED:
            self._unsynced.discard(report.source)
            return
        self._apply(report.source[0].kind, report.change)

    def _apply(self, kind: str, change: Change) -> None:
        obj = change.object
        if drill_of(obj) is not None:
            # What a probe runs in the sandbox is no part of the application.
            return
        key = (kind, objects.namespace(obj), objects.name(obj))
        before = self._objects.get(key)
        if change.type is ChangeType.DELETED:
            self._objects.pop(key, None)
            self._waiting.pop(key, None)
        else:
            self._objects[key] = obj
            self._judge(key, obj)
        if self.heard is not None:
            gone = change.type is ChangeType.DELETED
            self.heard(kind, before, None if gone else obj)

    def _judge(self, key: Key, obj: KubeObject) -> None:
        found = self.enough.waiting_for(key[0], obj)
        if found is None:
            self._waiting.pop(key, None)
        else:
            self._waiting[key] = found

    def _claim_use(self) -> ClaimUse:
        """Return which claims may stay pending until something uses them."""
        if not self._classes_asked:
            self._classes_asked = True
            self._classes = self._read_classes()
        return ClaimUse.of(self.seen())

    def _read_classes(self) -> tuple[KubeObject, ...] | None:
        """Return the storage classes, None where we may not read them: that excuses nothing."""
        try:
            return tuple(self.cluster.list(STORAGE_CLASS))
        except DrillError:
            return None
