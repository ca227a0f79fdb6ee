"""While the engine restores: what it waits for that can never come.

In: the sandbox, the order, the drill's deadline. Out: a deadline that passes as soon as a pod whose
volumes the engine fills can never start, and the findings that say why. Velero waits for such a pod
for hours (v1.18 `pkg/podvolume/restorer.go`: until the node agent has written every volume, which
it does only once the pod's init container runs).
"""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

from drills import objects
from drills.assessment import Seen, findings_of
from drills.errors import DeadlinePassed, DrillError
from drills.findings import Cause, Finding, Severity
from drills.lookout import Expected, Lookout, with_prospect
from drills.marks import drill_of
from drills.objects import KubeObject
from drills.outlook import Outlook
from drills.ports import Clock, Cluster, Deadline, Kind
from drills.readiness import Waiting, waiting_for
from drills.troubles import WAITS_FOR_DATA, is_over, owner_of

LOOK_SECONDS = 3.0
"""Real seconds between looks; a restore that is over sooner is not looked at."""
CALM_SECONDS = 10.0
"""The same while the engine waits for no pod."""
POD, CLAIM = Kind("v1", "Pod"), Kind("v1", "PersistentVolumeClaim")
STATEFUL_SET = Kind("apps/v1", "StatefulSet")


class RestoreLookout:
    """Looks on from a thread of its own; use it as a context around the engine's restore."""

    def __init__(
        self,
        cluster: Cluster,
        clock: Clock,
        namespaces: Sequence[str],
        expected: Expected,
        deadline: Deadline,
    ) -> None:
        self._cluster, self._namespaces = cluster, namespaces
        self._lookout = Lookout(
            cluster=cluster,
            clock=clock,
            namespaces=namespaces,
            expected=expected,
            left_out=expected.left_out,
        )
        self._over, self._cut = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="restore-lookout", daemon=True)
        self.deadline = replace(deadline, cut=lambda: deadline.cut() or self._cut.is_set())
        self.findings: tuple[Finding, ...] = ()
        """Why the restore was not waited for; empty where it was."""

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, and wait until the last look is over."""
        self._over.set()
        self._thread.join()

    def _look_on(self) -> None:
        pause = LOOK_SECONDS
        while not self._over.wait(pause):
            try:
                seen = self._seen()
            except DrillError:
                continue
            pause = LOOK_SECONDS if seen["Pod"] else CALM_SECONDS
            waiting = _waiting(seen)
            if self._lookout.final(seen, waiting):
                found = self._lookout.prospects(seen, waiting)
                final = [each for each in found if each[1].outlook is Outlook.FINAL]
                self.findings = findings_of(with_prospect(*each) for each in final)
                if self.findings:
                    self._cut.set()
                    return

    def _seen(self) -> Seen:
        """Return the pods that keep the restore waiting, their claims, and the StatefulSets."""
        pods = [pod for pod in self._list(POD) if is_unfilled(pod)]
        wanted = {(objects.namespace(pod), name) for pod in pods for name in _claims(pod)}
        claims = self._list(CLAIM) if pods else []
        return {
            "Pod": pods,
            "PersistentVolumeClaim": [
                claim
                for claim in claims
                if (objects.namespace(claim), objects.name(claim)) in wanted
            ],
            "StatefulSet": self._list(STATEFUL_SET) if pods else [],
        }

    def _list(self, kind: Kind) -> list[KubeObject]:
        found = (obj for space in self._namespaces for obj in self._cluster.list(kind, space))
        return [obj for obj in found if drill_of(obj) is None]


def restore_given_up(passed: DeadlinePassed) -> Finding:
    """Return what is told of a restore that still waits for what can never come."""
    return Finding(
        code="restore-given-up",
        severity=Severity.WARNING,
        cause=Cause.ENVIRONMENT,
        subject="stage restore",
        message="The engine still waits for volumes of pods that can never start, so the drill "
        "did not wait for it until its deadline.",
        remedy=passed.hint or "Mend what keeps the pods from starting, then drill again.",
        unanswered=True,
    )


def is_unfilled(pod: KubeObject) -> bool:
    """Return whether the engine waits for this pod: its waiting container has never begun."""
    if is_over(pod):
        return False
    waits = any(
        objects.text(one, "name") == WAITS_FOR_DATA
        for one in objects.items(pod, "spec", "initContainers")
    )
    return waits and not any(
        objects.text(status, "name") == WAITS_FOR_DATA
        and ("running" in state or "terminated" in state)
        for status in objects.items(pod, "status", "initContainerStatuses")
        for state in (objects.mapping(status, "state"),)
    )


def _waiting(seen: Seen) -> tuple[Waiting, ...]:
    """Return whom the engine waits for: the pods by what they belong to, and their claims."""
    pods = (
        Waiting(subject=owner_of(pod), why="its volumes wait for data", down=True)
        for pod in seen.get("Pod", ())
    )
    claims = (
        waiting_for("PersistentVolumeClaim", claim)
        for claim in seen.get("PersistentVolumeClaim", ())
    )
    return (*pods, *(claim for claim in claims if claim is not None))


def _claims(pod: KubeObject) -> list[str]:
    volumes = objects.items(pod, "spec", "volumes")
    found = (objects.text(volume, "persistentVolumeClaim", "claimName") for volume in volumes)
    return [name for name in found if name]
