"""Stage settle: wait until the restored workloads are up, by watching them.

In: the sandbox namespaces and the drill's deadline. Out: a Settled, with a StabilityWatch that goes
on while probes are asked, or with the findings that say why it never came to that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from drills.assessment import findings_of, not_ready
from drills.enough import Enough
from drills.errors import DrillError, Interrupted
from drills.findings import Finding
from drills.lookout import Expected, Lookout, with_prospect
from drills.objects import KubeObject
from drills.ports import Clock, Cluster, Deadline, Kind, Listener
from drills.readiness import Waiting
from drills.stability import StabilityWatch
from drills.troubles import LeftOut, pod_troubles
from drills.workload_watch import WorkloadWatch

EVENT = Kind("v1", "Event")
TICK = 0.5
"""Longest real time, in seconds, between looks at the deadline and at the wish to stop."""
PATIENCE = 120.0
"""Seconds that trouble which rarely mends (an image that cannot be pulled) may stand."""
SHOWN = 3

__all__ = ["Settled", "StabilityWatch", "settle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How the wait ended. `watch` goes on, where the workloads are ready; close it."""

    ready: bool
    seconds: float
    message: str
    findings: tuple[Finding, ...] = ()
    watch: StabilityWatch | None = None


@dataclass(slots=True, kw_only=True)
class _Wait:
    """One wait under way."""

    watch: WorkloadWatch
    clock: Clock
    deadline: Deadline
    stop: Callable[[], bool]
    listener: Listener
    left_out: LeftOut
    patience: float
    lookout: Lookout
    _told: str = ""
    _hopeless_since: float | None = field(default=None)

    def until_over(self) -> str:
        """Return '' once all is ready, else why there is no point in waiting on."""
        while True:
            self.watch.take(min(TICK, max(self.deadline.left, 0.0)))
            if self.stop():
                raise Interrupted("the drill was asked to stop while workloads came up")
            waiting = self.watch.waiting()
            if self.watch.synced and not waiting:
                return ""
            if self.deadline.passed:
                return "when the deadline came"
            if final := self.lookout.final(self.watch.seen(), waiting):
                return f"and was not waited for: nothing can mend {final[0].subject} any more"
            if self._hopeless():
                return f"and {self.patience:.0f} s did not mend it"
            self._tell(waiting)

    def _hopeless(self) -> bool:
        """Return whether trouble that waiting rarely mends has stood for long enough."""
        stands = any(
            trouble.lasting
            for pod in self.watch.seen().get("Pod", ())
            if not self.watch.enough.spares(pod)
            for trouble in pod_troubles(pod, self.left_out)
        )
        if not stands:
            self._hopeless_since = None
            return False
        if self._hopeless_since is None:
            self._hopeless_since = self.clock.monotonic()
        return self.clock.monotonic() - self._hopeless_since >= self.patience

    def _tell(self, waiting: Sequence[Waiting]) -> None:
        words = summary(waiting)
        if words != self._told:
            self._told = words
            self.listener.stage("settle", "progress", words)


def settle(  # noqa: PLR0913 - each is one fact of the drill
    cluster: Cluster,
    clock: Clock,
    namespaces: Sequence[str],
    *,
    deadline: Deadline,
    stop: Callable[[], bool],
    listener: Listener,
    left_out: LeftOut = frozenset(),
    expected: Expected | None = None,
    enough: Enough | None = None,
    patience: float = PATIENCE,
) -> Settled:
    """Wait until every workload and claim in the sandbox `namespaces` is up.

    Args:
        cluster: Where the sandbox is.
        clock: For durations.
        namespaces: The sandbox's.
        deadline: Until when to wait.
        stop: Whether the drill was asked to stop.
        listener: Hears what is waited for.
        left_out: What the sandbox lacks on purpose, as (`plural.group`, name).
        expected: What the restore brings; without it nothing missing is ever final.
        enough: Which workloads are up with fewer ready than they want.
        patience: Seconds that lasting trouble may stand before the wait is given up.

    Raises:
        Interrupted: The drill was asked to stop.
        DrillError: The cluster refused a watch or stayed away.
    """
    started = clock.monotonic()
    watch = WorkloadWatch(cluster=cluster, namespaces=namespaces, enough=enough or Enough())
    wait = _Wait(
        watch=watch,
        clock=clock,
        deadline=deadline,
        stop=stop,
        listener=listener,
        left_out=left_out,
        patience=patience,
        lookout=Lookout(
            cluster=cluster,
            clock=clock,
            namespaces=namespaces,
            expected=expected,
            left_out=left_out,
        ),
    )
    try:
        watch.start()
        why = wait.until_over()
    except BaseException:
        watch.close()
        raise
    ended = clock.monotonic()
    if why:
        watch.close()
        return _gave_up(cluster, watch, wait, why, ended - started)
    return Settled(
        ready=True,
        seconds=ended - started,
        message="; ".join(("all workloads are ready", *_short(watch))),
        watch=StabilityWatch(watch=watch, clock=clock, stop=stop, since=ended, left_out=left_out),
    )


def _short(watch: WorkloadWatch) -> list[str]:
    """Return which workloads are up by their rule alone, in words."""
    return [
        words
        for kind, present in watch.seen().items()
        for obj in present
        for words in watch.enough.shortfalls(kind, obj)
    ]


def summary(waiting: Sequence[Waiting]) -> str:
    """Return what is waited for, in one line."""
    if not waiting:
        return "waiting for the first look"
    shown = "; ".join(str(each) for each in waiting[:SHOWN])
    more = f"; and {len(waiting) - SHOWN} more" if len(waiting) > SHOWN else ""
    return f"waiting for {shown}{more}"


def _gave_up(
    cluster: Cluster, watch: WorkloadWatch, wait: _Wait, why: str, seconds: float
) -> Settled:
    waiting = watch.waiting()
    seen = {**watch.seen(), "Event": _events(cluster, watch.namespaces)}
    prospects = wait.lookout.prospects(seen, waiting)
    troubles = findings_of(with_prospect(*each) for each in prospects)
    findings = (*troubles, *not_ready(waiting, why)) if watch.synced else (*troubles, _unsynced())
    return Settled(ready=False, seconds=seconds, message=summary(waiting), findings=findings)


def _events(cluster: Cluster, namespaces: Sequence[str]) -> list[KubeObject]:
    """Return the sandbox's events; without them the findings say less, but nothing false."""
    try:
        return [event for space in namespaces for event in cluster.list(EVENT, space)]
    except DrillError:
        return []


def _unsynced() -> Finding:
    unseen = Waiting(subject="sandbox", why="its workloads could not all be listed", down=False)
    return not_ready((unseen,), "when the deadline came")[0]
