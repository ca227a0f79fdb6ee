"""The prober's pods: made, waited for, asked.

Two stand in each sandbox namespace, so that there is a neighbour in the same one. In: the
sandbox's namespaces and an image. Out: answers. Everything made goes through the Maker, carries
the drill's marks and goes with the sandbox; what keeps it from answering is CannotAsk or another
DrillError, never a verdict on the network.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from drills import objects
from drills.errors import CannotAsk, Forbidden, Interrupted
from drills.findings import Cause
from drills.objects import KubeObject
from drills.ports import Clock, Cluster, Deadline, Kind
from drills.proving.facts import Aim, Target
from drills.proving.manifest import CONTAINER, prober_pod
from drills.proving.script import PORT, answers, ask_command, helpless
from drills.proving.targets import DNS
from drills.readiness import FINISHED
from drills.stages.isolate import Maker
from drills.troubles import pod_troubles
from scenarios.model import ProberSpec

POD = Kind("v1", "Pod")
START_PATIENCE = 60.0
"""Seconds for a pod to run: its image may have to be pulled."""
IMAGE_PATIENCE = 10.0
"""Seconds for a registry that refuses to come round; the kubelet asks again meanwhile."""
ACCOUNT_PATIENCE = 10.0
"""Seconds for the namespace's default ServiceAccount, without which no pod is taken."""
ACCOUNT_EVERY = 0.1
ANSWER_PATIENCE = 20.0
"""Seconds beyond a prober's own limit until its answer is given up."""
IMAGE_HINT = "Name an image with a shell, nc and nslookup (busybox), or with Python."

Answers = Mapping[str, tuple[bool | None, ...]]


@dataclass(slots=True, kw_only=True)
class Probers:
    """The prober's pods of one drill."""

    cluster: Cluster
    clock: Clock
    maker: Maker
    labels: Mapping[str, str]
    namespaces: Sequence[str]
    spec: ProberSpec
    lifetime: float
    deadline: Deadline
    """The drill's own."""
    stop: Callable[[], bool]
    simulated: bool = False
    """Whether a stand-in answered."""
    _made: list[KubeObject] = field(default_factory=list)
    _running: dict[str, tuple[KubeObject, KubeObject]] = field(default_factory=dict)
    _rounds: int = 0

    def start(self) -> None:
        """Make the pods and wait until all run; raises what keeps them from it."""
        self._rounds += 1
        for namespace in self.namespaces:
            for role in ("prober", "neighbour"):
                self._made.append(self._make(f"restore-drill-{role}-{self._rounds}", namespace))
        at = min(self.clock.monotonic() + START_PATIENCE, self.deadline.at)
        deadline = Deadline(clock=self.clock, at=at)
        pods = [self._await(pod, deadline) for pod in self._made]
        self._running = dict(
            zip(self.namespaces, zip(pods[::2], pods[1::2], strict=True), strict=True)
        )

    def retire(self) -> None:
        """Delete the pods, so that they count against no restored quota; `ask` makes others."""
        for pod in self._made:
            namespace, name = objects.namespace(pod), objects.name(pod)
            self.cluster.delete(POD, namespace, name, uid=objects.uid(pod))
            self.maker.listener.action("delete", f"Pod {namespace}/{name}", "accepted", {})
        self._made, self._running = [], {}

    def needed(self, namespace: str) -> tuple[Target, ...]:
        """Return what the prober of `namespace` must reach: DNS and its neighbours."""
        return (DNS, *self.neighbours(namespace))

    def neighbours(self, namespace: str) -> tuple[Target, ...]:
        """Return the pods that `namespace` must reach: one beside it, one in each other sandbox."""
        return tuple(
            Target(
                aim=Aim.NEIGHBOUR,
                words=f"a pod in {other}",
                host=objects.text(pods[1], "status", "podIP"),
                port=PORT,
            )
            for other, pods in sorted(self._running.items(), key=lambda each: each[0] != namespace)
        )

    def ask(self, targets: Mapping[str, Sequence[Target]], seconds: int) -> Answers:
        """Return what each namespace's prober reached, all asked at once."""
        with ThreadPoolExecutor(max_workers=8, thread_name_prefix="prober") as pool:
            said = pool.map(lambda name: self._ask(name, targets[name], seconds), targets)
            return dict(zip(targets, said, strict=True))

    def _ask(
        self, namespace: str, targets: Sequence[Target], seconds: int
    ) -> tuple[bool | None, ...]:
        pod = objects.name(self._running[namespace][0])
        said = self.cluster.exec(
            namespace,
            pod,
            CONTAINER,
            ask_command(targets, seconds),
            timeout=seconds + ANSWER_PATIENCE,
        )
        self.simulated = self.simulated or said.simulated
        if helpless(said.stdout):
            raise CannotAsk(
                "the prober's image has no nc that can be used",
                hint=IMAGE_HINT,
                cause=Cause.CONFIGURATION,
            )
        found = answers(said.stdout, len(targets))
        if None in found:
            words = (said.stderr or said.stdout).strip()[:200] or "it said nothing"
            raise CannotAsk(
                f"the prober in {namespace} did not answer (exit code {said.exit_code}): {words}",
                hint=IMAGE_HINT,
            )
        return found

    def _make(self, name: str, namespace: str) -> KubeObject:
        pod = prober_pod(name, namespace, self.labels, self.spec, lifetime=self.lifetime)
        until = self.clock.monotonic() + ACCOUNT_PATIENCE
        while True:
            try:
                return self.maker.make(pod)
            except Forbidden as refused:
                # The ServiceAccount admission plug-in: `error looking up service account`.
                if "service account" not in str(refused) or self.clock.monotonic() > until:
                    raise
            self.clock.sleep(ACCOUNT_EVERY)

    def _await(self, made: KubeObject, deadline: Deadline) -> KubeObject:
        """Return the pod once it runs."""
        namespace, name, pod = objects.namespace(made), objects.name(made), made
        mends_until = self.clock.monotonic() + IMAGE_PATIENCE
        changes = self.cluster.watch(
            POD, namespace, name=name, stop=lambda: deadline.passed or self.stop(), idle=0.2
        )
        for change in changes:
            if change is not None and objects.name(change.object):
                pod = change.object
                if _runs(pod):
                    return pod
            if objects.text(pod, "status", "phase") in FINISHED:
                raise CannotAsk(
                    f"the prober's pod {namespace}/{name} ended at once", hint=IMAGE_HINT
                )
            _check(pod, hopeless=self.clock.monotonic() > mends_until)
        if self.stop():
            raise Interrupted("the drill was asked to stop while its prober started")
        _check(pod, hopeless=True)
        raise CannotAsk(
            f"the prober's pod {namespace}/{name} did not start in time",
            hint="See its events: a pod that cannot start there will not start after a restore.",
            cause=Cause.ENVIRONMENT,
        )


def _runs(pod: KubeObject) -> bool:
    """Return whether its container runs and it has an address."""
    running = any(
        objects.mapping(status, "state", "running")
        for status in objects.items(pod, "status", "containerStatuses")
    )
    return running and bool(objects.text(pod, "status", "podIP"))


def _check(pod: KubeObject, *, hopeless: bool) -> None:
    """Raise CannotAsk for trouble that has stood for long enough."""
    if not hopeless:
        return
    for trouble in pod_troubles(pod):
        if trouble.lasting or trouble.cause is Cause.CAPACITY:
            raise CannotAsk(
                f"the prober's pod cannot run: {trouble.detail}",
                hint="The image must be pullable without a pull secret: the sandbox is still empty."
                if trouble.cause is Cause.REGISTRY
                else "Mend what the message names, then drill again.",
                cause=trouble.cause if not trouble.blames else Cause.CONFIGURATION,
            )
