"""One drill for one sandbox at a time, across machines: a Lease in the engine's namespace.

A holder that stops renewing loses the sandbox after `DURATION` seconds. Expiry is judged by what
we see on our own monotonic clock (the renewTime stood still that long), so that two machines'
clocks need not agree.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

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

        `dead` says of a holder that it is known to have died. Raises SandboxTaken.
        """
        started = self.clock.monotonic()
        seen: tuple[str, float] = ("", started)
        while not self._try():
            present = self.cluster.get(LEASE, self.namespace, lease_name(self.sandbox))
            if present is None:
                continue
            now = self.clock.monotonic()
            renewed = objects.text(present, "spec", "renewTime")
            if renewed != seen[0]:
                seen = (renewed, now)
            holder = objects.text(present, "spec", "holderIdentity")
            duration = objects.number(present, "spec", "leaseDurationSeconds") or DURATION
            if dead(holder) or now - seen[1] > duration:
                self._evict(present)
            elif now - started >= patience:
                raise _taken(self.sandbox, holder)
            else:
                self.clock.sleep(LOOK_EVERY)
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Give the sandbox back; a Lease that is no longer ours is left alone."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self._uid:
            with suppress(Conflicted, Missing):
                self.cluster.delete(LEASE, self.namespace, lease_name(self.sandbox), uid=self._uid)
            self.journal.gone(self.thing)
            self._uid = ""

    def _try(self) -> bool:
        self.journal.intend(self.thing)
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
        while not self._stop.wait(RENEW_EVERY):
            patch = {
                "metadata": {"uid": self._uid},
                "spec": {"renewTime": timestamp(self.clock.now())},
            }
            try:
                self.cluster.patch(LEASE, self.namespace, lease_name(self.sandbox), patch)
            except Unreachable:
                continue
            except DrillError:
                self.lost.set()
                return


def _taken(sandbox: str, holder: str) -> SandboxTaken:
    return SandboxTaken(
        f"sandbox {sandbox} is held by {holder or 'another drill'}",
        hint="Wait for that drill to end, or give this scenario another sandbox namespace.",
    )
