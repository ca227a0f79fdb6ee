"""Contexts, probe specs and workloads for tests of probes and of settling."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from drills.cluster import Change, Ending, ExecAnswer, Heard, HttpAnswer, Kind, LogAnswer
from drills.objects import KubeObject
from drills.ports import Deadline
from drills.probes import Answer, ProbeContext
from scenarios.model import ProbeSpec
from tests.fakes.clock import START, FakeClock
from tests.fakes.cluster import FakeCluster

SANDBOX = "backup-test"
OWNERS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job")
"""Kinds whose uid is known beforehand, so that a pod can name its owner."""
LONG = 1_000_000.0
"""Fake seconds that idle watches do not reach: they move the clock as they go round."""


class CalmCluster(FakeCluster):
    """A FakeCluster whose idle watches rest instead of racing the clock ahead."""

    def __init__(self, *present: KubeObject) -> None:
        super().__init__(None, *present)
        self._rounds: dict[int, int] = {}
        self._round = threading.Condition()

    def watch(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        name: str = "",
        labels: str = "",
        stop: Callable[[], bool],
        idle: float = 1.0,
    ) -> Iterator[Change | None]:
        """Watch; each idle moment takes a little real time."""
        me = threading.get_ident()
        with self._round:
            self._rounds.setdefault(me, 0)
        changes = super().watch(kind, namespace, name=name, labels=labels, stop=stop, idle=idle)
        try:
            for change in changes:
                if change is None:
                    self._rest(me)
                yield change
        finally:
            with self._round:
                self._rounds.pop(me, None)
                self._round.notify_all()

    def delivered(self) -> None:
        """Wait until every watch has delivered all that happened so far."""
        with self._round:
            wanted = {who: rounds + 2 for who, rounds in self._rounds.items()}
            self._round.wait_for(
                lambda: all(self._rounds.get(who, n) >= n for who, n in wanted.items()), timeout=30
            )

    def _rest(self, who: int) -> None:
        with self._round:
            self._rounds[who] = self._rounds.get(who, 0) + 1
            self._round.notify_all()
            self._round.wait(0.002)
            # Time stands still until every watch has told what is there: the machine may be busy.
            self._round.wait_for(lambda: all(self._rounds.values()), timeout=30)


def context(cluster: FakeCluster, **changes: object) -> ProbeContext:
    """Return the context of a drill whose restore began 10 s after its start."""
    plain = ProbeContext(
        cluster=cluster,
        clock=cluster.clock,
        namespaces={"production": SANDBOX},
        reference=START,
        restore_started_at=START + timedelta(seconds=10),
        requested=0.0,
        rpo=timedelta(hours=24),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def spec(
    kind: str,
    question: Mapping[str, object],
    expect: Mapping[str, object] | None = None,
    **more: object,
) -> ProbeSpec:
    """Return a probe with quick limits."""
    plain = ProbeSpec(name="asked", kind=kind, question=question, expect=expect or {})
    return replace(plain, **more)  # type: ignore[arg-type]


def until(clock: FakeClock, seconds: float = LONG) -> Deadline:
    """Return a deadline that many fake seconds away."""
    return Deadline(clock=clock, at=clock.monotonic() + seconds)


class Scripted:
    """A probe that answers what the script says, attempt by attempt; the last line repeats."""

    def __init__(self, *script: Answer | Exception | Callable[[], Answer]) -> None:
        self.kind = "scripted"
        self.timeouts: list[float] = []
        self._script = list(script)

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Play the next line."""
        self.timeouts.append(timeout)
        line = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(line, Exception):
            raise line
        return line if isinstance(line, Answer) else line()


class Wire:
    """A connection that replies with fixed bytes."""

    def __init__(self, reply: bytes, *, simulated: bool = False) -> None:
        self.simulated = simulated
        self.sent: list[bytes] = []
        self.ending = Ending.QUIET
        self._reply = reply

    def exchange(
        self,
        data: bytes,
        *,
        timeout: float,
        pause: float | None = None,
        enough: Callable[[bytes], bool] | None = None,
    ) -> Heard:
        """Remember and reply."""
        self.sent.append(data)
        return Heard(data=self._reply, ending=self.ending)

    @contextmanager
    def open(self, *_: object, **__: object) -> Iterator["Wire"]:
        """Be the connection."""
        yield self


def answering(status: int = 200, body: bytes = b"ok", **more: object) -> Callable[..., HttpAnswer]:
    """Return an `on_http` that always answers so."""
    plain = HttpAnswer(status=status, headers=(), body=body, seconds=0.02, via="portForward")
    answer = replace(plain, **more)  # type: ignore[arg-type]
    return lambda *_, **__: answer


def saying(stdout: str = "", code: int = 0, stderr: str = "") -> Callable[..., ExecAnswer]:
    """Return an `on_exec` that always says so."""
    return lambda *_, **__: ExecAnswer(exit_code=code, stdout=stdout, stderr=stderr)


def logging(text: str) -> Callable[..., LogAnswer]:
    """Return an `on_logs` with this text."""
    return lambda *_, **__: LogAnswer(text=text)


def thing(api_version: str, kind: str, name: str, **body: object) -> KubeObject:
    """Return an object in the sandbox."""
    meta: dict[str, object] = {"name": name, "namespace": SANDBOX, "generation": 1}
    if kind in OWNERS:
        meta["uid"] = f"uid of {kind}/{name}"
    extra = body.pop("metadata", {})
    merged = {**meta, **extra} if isinstance(extra, Mapping) else meta
    return {"apiVersion": api_version, "kind": kind, "metadata": merged, **body}


def deployment(name: str = "shop", *, wanted: int = 2, available: int = 2) -> KubeObject:
    """Return a Deployment that its controller has seen."""
    return thing(
        "apps/v1",
        "Deployment",
        name,
        spec={"replicas": wanted, "selector": {"matchLabels": {"app": name}}},
        status={
            "observedGeneration": 1,
            "replicas": available,
            "updatedReplicas": available,
            "availableReplicas": available,
            "readyReplicas": available,
        },
    )


def pod(
    name: str,
    *,
    app: str = "shop",
    ready: bool = True,
    owner: str = "ReplicaSet/shop-abc",
    containers: tuple[KubeObject, ...] = (),
    **more: object,
) -> KubeObject:
    """Return a pod, controlled unless `owner` is empty."""
    kind, _, owner_name = owner.partition("/")
    reference = {"kind": kind, "name": owner_name, "uid": f"uid of {owner}", "controller": True}
    owners = [reference] if owner else []
    status: dict[str, object] = {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        "containerStatuses": list(containers),
    }
    extra = more.pop("status", {})
    if isinstance(extra, Mapping):
        status.update(extra)
    labels = {"app": app, "pod-template-hash": "abc"}
    meta = {"labels": labels, "ownerReferences": owners}
    return thing("v1", "Pod", name, metadata=meta, status=status, **more)


def container(reason: str = "", message: str = "", *, restarts: int = 0) -> KubeObject:
    """Return a container status, waiting for `reason` where one is given."""
    state: Mapping[str, object] = {"running": {}}
    if reason:
        state = {"waiting": {"reason": reason, "message": message}}
    return {"name": "main", "ready": not reason, "restartCount": restarts, "state": state}
