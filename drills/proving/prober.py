"""The prober's pods: made, waited for, asked.

Two stand in each sandbox namespace, so that there is a neighbour in the same one. In: the
sandbox's namespaces and an image. Out: answers. Everything made goes through the Maker, carries
the drill's marks and goes with the sandbox.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from drills import objects
from drills.objects import KubeObject
from drills.proving.facts import Aim, Target
from drills.proving.pods import Pods
from drills.proving.script import PORT
from drills.proving.targets import DNS

START_PATIENCE = 60.0
"""Seconds for all pods to run: their image may have to be pulled."""

Answers = Mapping[str, tuple[bool | None, ...]]


@dataclass(slots=True, kw_only=True)
class Probers:
    """The prober's pods of one drill."""

    pods: Pods
    namespaces: Sequence[str]
    simulated: bool = False
    """Whether a stand-in answered."""
    _made: list[KubeObject] = field(default_factory=list)
    _running: dict[str, tuple[KubeObject, KubeObject]] = field(default_factory=dict)
    _rounds: int = 0

    def make(self) -> None:
        """Make the pods; `join` waits for them."""
        self._rounds += 1
        for namespace in self.namespaces:
            for role in ("prober", "neighbour"):
                name = f"restore-drill-{role}-{self._rounds}"
                self._made.append(self.pods.make(name, namespace))

    def join(self) -> None:
        """Wait until all pods run; raises what keeps them from it."""
        clock = self.pods.clock
        until = clock.monotonic() + START_PATIENCE
        pods = [self.pods.running(pod, until - clock.monotonic()) for pod in self._made]
        self._running = dict(
            zip(self.namespaces, zip(pods[::2], pods[1::2], strict=True), strict=True)
        )

    def retire(self) -> None:
        """Delete the pods, so that they count against no restored quota; others may be made."""
        for pod in self._made:
            self.pods.delete(pod)
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
        said = self.pods.ask(self._running[namespace][0], targets, seconds)
        self.simulated = self.simulated or said.simulated
        return said.reached
