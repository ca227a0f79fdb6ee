"""The drill's own pods in a sandbox, one at a time: made, waited for, asked, deleted.

What keeps a pod from answering is CannotAsk or another DrillError, never a verdict on the network.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from drills import objects
from drills.errors import CannotAsk, Forbidden, Interrupted
from drills.findings import Cause
from drills.objects import KubeObject
from drills.ports import Clock, Cluster, Deadline, Kind
from drills.proving.facts import Target
from drills.proving.manifest import CONTAINER, prober_pod
from drills.proving.script import answers, ask_command, helpless
from drills.readiness import FINISHED
from drills.stages.isolate import Maker
from drills.troubles import pod_troubles
from scenarios.model import ProberSpec

POD = Kind("v1", "Pod")
IMAGE_PATIENCE = 10.0
"""Seconds for a registry that refuses to come round; the kubelet asks again meanwhile."""
ACCOUNT_PATIENCE = 10.0
"""Seconds for the namespace's default ServiceAccount, without which no pod is taken."""
ACCOUNT_EVERY = 0.1
ANSWER_PATIENCE = 20.0
"""Seconds beyond a prober's own limit until its answer is given up."""
IMAGE_HINT = "Name an image with a shell, nc and nslookup (busybox), or with Python."


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one pod answered: for each target whether it was reached."""

    reached: tuple[bool | None, ...]
    simulated: bool
    """Whether a stand-in answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pods:
    """Makes, awaits, asks and deletes pods of one drill; all go through its Maker."""

    cluster: Cluster
    clock: Clock
    maker: Maker
    labels: Mapping[str, str]
    """The drill's marks."""
    spec: ProberSpec
    lifetime: float
    deadline: Deadline
    """The drill's own."""
    stop: Callable[[], bool]

    def make(
        self, name: str, namespace: str, labels: Mapping[str, str] | None = None
    ) -> KubeObject:
        """Create a pod and return it; the drill's marks win over `labels`."""
        worn = {**(labels or {}), **self.labels}
        pod = prober_pod(name, namespace, worn, self.spec, lifetime=self.lifetime)
        until = self.clock.monotonic() + ACCOUNT_PATIENCE
        while True:
            try:
                return self.maker.make(pod)
            except Forbidden as refused:
                # The ServiceAccount admission plug-in: `error looking up service account`.
                if "service account" not in str(refused) or self.clock.monotonic() > until:
                    raise
            self.clock.sleep(ACCOUNT_EVERY)

    def delete(self, pod: KubeObject) -> None:
        """Delete the very pod; one that is gone is fine."""
        namespace, name = objects.namespace(pod), objects.name(pod)
        self.cluster.delete(POD, namespace, name, uid=objects.uid(pod))
        self.maker.listener.action("delete", f"Pod {namespace}/{name}", "accepted", {})

    def running(self, made: KubeObject, patience: float) -> KubeObject:
        """Return the pod once it runs, at most `patience` seconds from now."""
        namespace, name, pod = objects.namespace(made), objects.name(made), made
        now = self.clock.monotonic()
        mends_until = now + IMAGE_PATIENCE
        deadline = Deadline(clock=self.clock, at=min(now + patience, self.deadline.at))
        changes = self.cluster.watch(
            POD, namespace, name=name, stop=lambda: deadline.passed or self.stop(), idle=0.2
        )
        for change in changes:
            if change is not None and objects.name(change.object):
                pod = change.object
                if runs(pod):
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

    def ask(
        self,
        pod: KubeObject,
        targets: Sequence[Target],
        seconds: int,
        *,
        patience: float = ANSWER_PATIENCE,
    ) -> Said:
        """Return what the pod reached, each target tried for `seconds`; raises CannotAsk."""
        namespace = objects.namespace(pod)
        said = self.cluster.exec(
            namespace,
            objects.name(pod),
            CONTAINER,
            ask_command(targets, seconds),
            timeout=seconds + patience,
        )
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
        return Said(reached=found, simulated=said.simulated)


def runs(pod: KubeObject) -> bool:
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
