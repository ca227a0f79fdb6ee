"""A network for the pods of a FakeCluster: prober pods start, and their questions are answered."""

from collections.abc import Callable, Sequence

from drills import objects
from drills.cluster import ExecAnswer, Kind
from drills.objects import KubeObject
from tests.fakes.cluster import FakeCluster

POD, POLICY = Kind("v1", "Pod"), Kind("networking.k8s.io/v1", "NetworkPolicy")
FIRST_TARGET = 6
"""Words before the targets in the prober's command."""
Answer = Callable[[bool, str, str], bool]
"""Says whether a target is reached: whether a policy is there, its host, its port."""


def enforcing(closed: bool, host: str, port: str) -> bool:
    """Reach everything without a policy; with one DNS and pods only."""
    return not closed or port == "0" or host.startswith("10.244.")


class FakeNetwork:
    """Plays the kubelet and the network plugin; `reaches` may be changed between questions."""

    def __init__(self, cluster: FakeCluster, reaches: Answer = enforcing) -> None:
        self.cluster = cluster
        self.reaches = reaches
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        """Namespace and targets of every question."""
        self.status: dict[str, object] = {"containerStatuses": [{"state": {"running": {"a": 1}}}]}
        self.statuses: dict[str, dict[str, object]] = {}
        """Another status for the pods of these names."""
        self.let_out = ""
        """Pods labelled `app` so reach everything, whatever the policy."""
        self.dumb: frozenset[str] = frozenset()
        """Names of pods that reach nothing."""
        self.simulated = False
        self._addresses = 0
        cluster.react("create", POD, self._start)
        cluster.on_exec = self._answer

    def _start(self, pod: KubeObject) -> None:
        self._addresses += 1
        where = (objects.namespace(pod), objects.name(pod))
        said = self.statuses.get(where[1], self.status)
        status = {"phase": "Running", "podIP": f"10.244.0.{self._addresses}", **said}
        self.cluster.change(POD, *where, {"status": status})

    def _answer(
        self, namespace: str, pod: str, container: str, command: Sequence[str], *, timeout: float
    ) -> ExecAnswer:
        del container, timeout
        words = tuple(command[FIRST_TARGET:])
        targets = [words[at : at + 3] for at in range(0, len(words), 3)]
        self.asked.append((namespace, tuple(":".join(each[1:]) for each in targets)))
        worn = objects.labels(self.cluster.get(POD, namespace, pod) or {})
        free = bool(self.let_out) and worn.get("app") == self.let_out
        closed = bool(self.cluster.list(POLICY, namespace)) and not free
        dumb = pod in self.dumb
        lines = [
            f"{at} {'reached' if not dumb and self.reaches(closed, host, port) else 'unreached'}"
            for at, (_, host, port) in enumerate(targets)
        ]
        said = "\n".join([*lines, "done", ""])
        return ExecAnswer(exit_code=0, stdout=said, stderr="", simulated=self.simulated)
