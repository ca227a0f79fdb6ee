"""One drill for one sandbox at a time, across machines: a Lease in the engine's namespace.

A holder that stops renewing loses the sandbox after `DURATION` seconds. Expiry is judged by what
we see on our own monotonic clock (the renewTime stood still that long), so that two machines'
clocks need not agree. The wall clock only says whether looking that long is worth while.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from drills import objects
from drills.errors import (
    AlreadyExists,
    Conflicted,
    DrillError,
    Missing,
    SandboxTaken,
    Unreachable,
)
from drills.marks import drill_of
from drills.objects import KubeObject
from drills.ports import Clock, Cluster, Journal, Marked
from drills.sandbox import LEASE

DURATION = 30.0
RENEW_EVERY = 8.0
LOOK_EVERY = 1.0
PREFIX = "restore-drill-"


def lease_name(sandbox: str) -> str:
    """Return the Lease's name for one sandbox namespace."""
    return f"{PREFIX}{sandbox}"


def timestamp(moment: datetime) -> str:
    """Return a MicroTime as the API writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(slots=True, kw_only=True)
class SandboxLease:
    """Holds one sandbox for one drill until `release`."""

    cluster: Cluster
    clock: Clock
    journal: Journal
    namespace: str
    sandbox: str
    holder: str
    labels: dict[str, str]
    lost: threading.Event = field(default_factory=threading.Event)
    _uid: str = ""
    _asked: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def thing(self) -> Marked:
        """Return the Lease as the journal knows it."""
        return Marked(
            kind=LEASE, namespace=self.namespace, name=lease_name(self.sandbox), uid=self._uid
        )

    def acquire(self, *, patience: float, dead: Callable[[str], bool] = lambda _: False) -> None:
        """Take the sandbox, waiting up to `patience` seconds for another holder.

        `dead` says of a holder that it is known to have died. One that seems to have stopped
        renewing is watched for as long as it takes to be sure, whatever the patience: a drill that
        was killed elsewhere must not lock the sandbox for good. Raises SandboxTaken.
        """
        wait = _Wait(clock=self.clock, patience=patience, dead=dead, since=self.clock.monotonic())
        while not self._try():
            present = self.cluster.get(LEASE, self.namespace, lease_name(self.sandbox))
            if present is None and not wait.over:
                self.clock.sleep(LOOK_EVERY)
            elif present is not None and wait.expired(present):
                self._evict(present)
                wait.evicted.add(objects.uid(present))
            elif present is None or not wait.worth_while(present):
                raise _taken(self.sandbox, objects.text(present, "spec", "holderIdentity"))
            else:
                self.clock.sleep(LOOK_EVERY)
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Give the sandbox back; a Lease that is no longer ours is left alone."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self._asked and not self._uid:
            self._uid = self._made_unseen()
        if self._uid:
            with suppress(Conflicted, Missing):
                self.cluster.delete(LEASE, self.namespace, lease_name(self.sandbox), uid=self._uid)
            self.journal.gone(self.thing)
            self._uid = ""

    def _made_unseen(self) -> str:
        """Return the uid of a Lease of ours whose creation was never confirmed, or ''."""
        present = self.cluster.get(LEASE, self.namespace, lease_name(self.sandbox))
        ours = present is not None and drill_of(present) == self.holder
        return objects.uid(present) if ours else ""

    def _try(self) -> bool:
        if not self._asked:
            self.journal.intend(self.thing)
            self._asked = True
        now = timestamp(self.clock.now())
        manifest = {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {
                "name": lease_name(self.sandbox),
                "namespace": self.namespace,
                "labels": self.labels,
            },
            "spec": {
                "holderIdentity": self.holder,
                "leaseDurationSeconds": int(DURATION),
                "acquireTime": now,
                "renewTime": now,
            },
        }
        try:
            self._uid = objects.uid(self.cluster.create(manifest))
        except AlreadyExists:
            return False
        self.journal.made(self.thing)
        return True

    def _evict(self, present: KubeObject) -> None:
        if drill_of(present) is None:
            raise _taken(self.sandbox, objects.text(present, "spec", "holderIdentity"))
        with suppress(Conflicted, Missing):
            self.cluster.delete(
                LEASE, self.namespace, lease_name(self.sandbox), uid=objects.uid(present)
            )

    def _renew(self) -> None:
        """Renew until released; however this ends otherwise, the sandbox counts as lost."""
        try:
            while not self._stop.wait(RENEW_EVERY):
                patch = {
                    "metadata": {"uid": self._uid},
                    "spec": {"renewTime": timestamp(self.clock.now())},
                }
                with suppress(Unreachable):
                    self.cluster.patch(LEASE, self.namespace, lease_name(self.sandbox), patch)
        except DrillError:
            return
        finally:
            if not self._stop.is_set():
                self.lost.set()


@dataclass(slots=True, kw_only=True)
class _Wait:
    """One wait for another holder: what was seen of its Lease, and since when."""

    clock: Clock
    patience: float
    dead: Callable[[str], bool]
    since: float
    evicted: set[str] = field(default_factory=set)
    _renewed: str | None = None
    _seen: float = 0.0
    _moved: bool = False

    @property
    def over(self) -> bool:
        """Return whether even a Lease that comes and goes has been waited for long enough."""
        return self.clock.monotonic() - self.since > self.patience + DURATION

    def expired(self, present: KubeObject) -> bool:
        """Return whether the holder died or stopped renewing; once for each Lease."""
        now, renewed = self.clock.monotonic(), objects.text(present, "spec", "renewTime")
        if renewed != self._renewed:
            self._moved = self._renewed is not None
            self._renewed, self._seen = renewed, now
        stood_still = now - self._seen > _duration(present)
        holder = objects.text(present, "spec", "holderIdentity")
        return objects.uid(present) not in self.evicted and (self.dead(holder) or stood_still)

    def worth_while(self, present: KubeObject) -> bool:
        """Return whether to look again."""
        if objects.uid(present) in self.evicted:
            return not self.over
        waited = self.clock.monotonic() - self.since
        return waited < self.patience or self._seems_dead(present)

    def _seems_dead(self, present: KubeObject) -> bool:
        """Return whether the renewTime is old, by two clocks that may disagree.

        One that moved while we looked is not, whatever the clocks say.
        """
        if self._moved:
            return False
        renewed = objects.instant(present, "spec", "renewTime")
        old = timedelta(seconds=_duration(present))
        return drill_of(present) is not None and (
            renewed is None or self.clock.now() - renewed > old
        )


def _duration(present: KubeObject) -> float:
    return objects.number(present, "spec", "leaseDurationSeconds") or DURATION


def _taken(sandbox: str, holder: str) -> SandboxTaken:
    return SandboxTaken(
        f"sandbox {sandbox} is held by {holder or 'another drill'}",
        hint="Wait for that drill to end, or give this scenario another sandbox namespace.",
    )
