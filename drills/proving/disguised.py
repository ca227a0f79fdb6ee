"""The pods that wear guises: made beside the prober's, asked once the policy is there, then gone.

In: guises. Out: their answers, and why a guise has none. Nothing that becomes of these pods keeps
the prober from its own proof; but nothing may be restored while one stands, since Services would
send it traffic and ReplicaSets would adopt it.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from drills import objects
from drills.errors import CannotAsk, DrillError, Interrupted, Unreachable
from drills.marks import DRILL_ID, drill_of
from drills.objects import KubeObject
from drills.proving.facts import Target, Untried
from drills.proving.guises import MOST, Guise
from drills.proving.pods import POD, Pods, runs

PATIENCE = 10.0
"""Seconds beyond the prober's own pods for these to run, and beyond its limit for an answer."""
DUMB = "it reached nothing at all, so its own network may not have been up"


@dataclass(slots=True, kw_only=True)
class Disguised:
    """The pods of one drill that wear guises."""

    pods: Pods
    wanted: Sequence[Guise] = ()
    """All guises there are; the first few are worn."""
    simulated: bool = False
    """Whether a stand-in answered."""
    _standing: dict[Guise, tuple[str, KubeObject | None]] = field(default_factory=dict)
    """Name and pod of all that may stand; None where the answer to its creation was no pod."""
    _willing: dict[Guise, KubeObject] = field(default_factory=dict)
    _answers: dict[Guise, tuple[bool | None, ...]] = field(default_factory=dict)
    _dropped: dict[Guise, str] = field(default_factory=dict)

    @property
    def answers(self) -> Mapping[Guise, tuple[bool | None, ...]]:
        """Return the last answers of those whose network was seen to be up."""
        return {guise: said for guise, said in self._answers.items() if any(said)}

    @property
    def dumb(self) -> bool:
        """Return whether the network of a pod that answers may still be coming up."""
        return any(not any(self._answers.get(guise, (True,))) for guise in self._willing)

    @property
    def untried(self) -> tuple[Untried, ...]:
        """Return the workloads of which nothing is known."""
        return tuple(
            Untried(
                namespace=guise.namespace,
                workload=guise.workload,
                why=self._dropped.get(guise, DUMB) if at < MOST else "",
            )
            for at, guise in enumerate(self.wanted)
            if guise not in self.answers
        )

    def make(self) -> None:
        """Make the pods; `join` waits for them."""
        for number, guise in enumerate(self.wanted[:MOST], start=1):
            name = f"restore-drill-guise-{number}"
            self._standing[guise] = name, None
            try:
                made = self.pods.make(name, guise.namespace, dict(guise.labels))
            except Unreachable:
                raise
            except DrillError as error:
                self._drop(guise, error)
            else:
                self._standing[guise] = name, made
                self._willing[guise] = made

    def join(self, until: float) -> None:
        """Wait for the pods to run; those that do not by the monotonic instant `until` go."""
        for guise, made in tuple(self._willing.items()):
            try:
                self._willing[guise] = self._running(made, until)
            except Unreachable:
                raise
            except DrillError as error:
                self._drop(guise, error)

    def ask(self, targets: Mapping[str, Sequence[Target]], seconds: int) -> None:
        """Ask every pod for what its namespace's prober tries; `answers` has what they say."""
        with ThreadPoolExecutor(max_workers=MOST, thread_name_prefix="guise") as pool:
            asked = {
                guise: pool.submit(
                    self.pods.ask, pod, targets[guise.namespace], seconds, patience=PATIENCE
                )
                for guise, pod in self._willing.items()
            }
        for guise, answer in asked.items():
            try:
                said = answer.result()
            except DrillError as error:
                self._drop(guise, error)
            else:
                self._answers[guise] = said.reached
                self.simulated = self.simulated or said.simulated

    def dismiss(self) -> None:
        """Delete the pods; raises what keeps one of them standing."""
        for guise, (name, made) in tuple(self._standing.items()):
            if pod := made or self._unheard(guise.namespace, name):
                self.pods.delete(pod)
            del self._standing[guise]
        self._willing = {}

    def _unheard(self, namespace: str, name: str) -> KubeObject | None:
        """Return the pod that was made although nobody told us, None where there is none."""
        pod = self.pods.cluster.get(POD, namespace, name)
        return pod if pod and drill_of(pod) == self.pods.labels[DRILL_ID] else None

    def _running(self, made: KubeObject, until: float) -> KubeObject:
        namespace, name = objects.namespace(made), objects.name(made)
        pod = self.pods.cluster.get(POD, namespace, name)
        if pod is None:
            raise CannotAsk("its pod was deleted by somebody else")
        return pod if runs(pod) else self.pods.running(pod, until - self.pods.clock.monotonic())

    def _drop(self, guise: Guise, error: DrillError) -> None:
        if isinstance(error, Interrupted):
            raise error
        self._willing.pop(guise, None)
        self._dropped[guise] = str(error).rstrip(".")
