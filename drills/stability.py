"""Whether what came up stayed up while the drill asked its questions.

In: the WorkloadWatch that the settle stage leaves running. Out: findings. A container that
restarts or a workload that loses replicas after it was ready is critical, unless the environment
is known to be behind it. Changes are only looked at in the end: nothing runs besides the watches.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from drills import objects
from drills.assessment import findings_of, troubles_in
from drills.errors import DrillError, Interrupted
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.ports import Clock
from drills.readiness import holds, subject
from drills.troubles import LeftOut, Trouble, explaining, pod_troubles
from drills.workload_watch import LASTING, WorkloadWatch

TICK = 0.2
"""Longest real time, in seconds, between looks at the clock and at the wish to stop."""
_ENVIRONMENT = "Drill again once the cluster is calm; the backup is not blamed for this."


@dataclass(slots=True, kw_only=True)
class StabilityWatch:
    """Keeps an eye on workloads that were ready at `since` (monotonic seconds)."""

    watch: WorkloadWatch
    clock: Clock
    stop: Callable[[], bool]
    since: float
    left_out: LeftOut = ()
    _lost: dict[str, str] = field(default_factory=dict)
    _restarted: dict[str, str] = field(default_factory=dict)
    _deleted: dict[str, str] = field(default_factory=dict)
    _troubles: list[Trouble] = field(default_factory=list)
    _namespaces: dict[str, str] = field(default_factory=dict)

    def conclude(self, stable_for: float) -> tuple[Finding, ...]:
        """Return what was lost since; waits only for what is left of `stable_for` seconds.

        Raises Interrupted when the drill is asked to stop meanwhile.
        """
        self.watch.heard = self._hear
        try:
            self._look_on(self.since + stable_for)
        except Interrupted:
            raise
        except DrillError as error:
            return (*self._findings(), _not_watched(error))
        finally:
            self.watch.close()
        return self._findings()

    def close(self) -> None:
        """Let the watches end without a conclusion."""
        self.watch.close()

    def _look_on(self, until: float) -> None:
        self.watch.take(0.0)
        while (rest := until - self.clock.monotonic()) > 0:
            if self.stop():
                raise Interrupted("the drill was asked to stop while workloads were watched")
            self.watch.take(min(rest, TICK))

    def _hear(self, kind: str, before: KubeObject | None, now: KubeObject | None) -> None:
        obj = now if now is not None else before
        if obj is None:
            return
        whom = subject(kind, obj)
        self._namespaces[whom] = objects.namespace(obj)
        if kind == "Pod":
            self._hear_pod(whom, before, now)
        if now is None:
            if kind in LASTING:
                self._deleted[whom] = "was deleted by somebody else while the drill looked at it"
            return
        waiting_for = self.watch.enough.waiting_for
        was_up = before is not None and waiting_for(kind, before) is None
        lost = waiting_for(kind, now)
        if was_up and lost is not None and lost.down:
            self._lost[whom] = lost.why

    def _hear_pod(self, whom: str, before: KubeObject | None, now: KubeObject | None) -> None:
        last = now if now is not None else before
        if last is not None and holds(last, "DisruptionTarget"):
            self._troubles.extend(pod_troubles(last, self.left_out))
        if now is None:
            return
        if before is not None and self.watch.enough.spares(before):
            return
        more = _restarts(now) - (_restarts(before) if before is not None else 0)
        if more > 0:
            self._restarted[whom] = f"{more} container restart(s) after it was ready"

    def _findings(self) -> tuple[Finding, ...]:
        waiting = self.watch.waiting()
        present = [
            trouble
            for trouble in troubles_in(self.watch.seen(), waiting, self.left_out)
            if waiting or trouble.code == "job-failed"
        ]
        troubles = tuple({(t.code, t.subject): t for t in (*self._troubles, *present)}.values())
        behind = explaining(troubles)
        found = list(findings_of(troubles))
        for code, subjects in (("became-unready", self._lost), ("restarted", self._restarted)):
            for whom, why in subjects.items():
                found.append(_lost(code, whom, why, behind.get(self._namespaces[whom])))
        found += [_deleted(whom, why) for whom, why in self._deleted.items()]
        return tuple(found)


def _restarts(pod: KubeObject) -> int:
    return sum(
        objects.number(status, "restartCount")
        for status in objects.items(pod, "status", "containerStatuses")
    )


def _lost(code: str, whom: str, why: str, behind: Trouble | None) -> Finding:
    if behind is None:
        return Finding(
            code=code,
            severity=Severity.CRITICAL,
            cause=Cause.BACKUP,
            subject=whom,
            message=f"{whom} did not stay ready: {why}.",
            remedy="Read the container's log and events; a real restore would be as unsteady.",
        )
    return Finding(
        code=code,
        severity=Severity.WARNING,
        cause=behind.cause,
        subject=whom,
        message=f"{whom} did not stay ready: {why}; {behind.subject} has trouble ({behind.code}).",
        remedy=_ENVIRONMENT,
        unanswered=True,
    )


def _deleted(whom: str, why: str) -> Finding:
    return Finding(
        code="workload-deleted",
        severity=Severity.WARNING,
        cause=Cause.ENVIRONMENT,
        subject=whom,
        message=f"{whom} {why}.",
        remedy="Keep controllers that prune (GitOps, operators) away from the sandbox.",
        unanswered=True,
    )


def _not_watched(error: DrillError) -> Finding:
    return Finding(
        code="stability-not-watched",
        severity=Severity.WARNING,
        cause=error.cause,
        subject="stage probe",
        message=f"Whether the workloads stayed ready is unknown: {error}.",
        remedy=error.hint or _ENVIRONMENT,
        unanswered=True,
    )
