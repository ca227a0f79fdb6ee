"""The true dry run: each object goes to the API server, which says yes or no and keeps nothing.

In: the objects in restore order, the sandbox they would lie in. Out: how many were taken, and the
refusals grouped. What the dry run cannot know: objects refused because earlier ones are not really
there. A pod that lacks only a service account accepted before is asked again without it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from drills import objects
from drills.companions import named
from drills.errors import AlreadyExists, Conflicted, DrillError, OutsideRefused, Unreachable
from drills.findings import Finding
from drills.objects import KubeObject
from drills.ports import Cluster
from drills.restorability.refusals import WEIGHTS, RefusalClass, class_of, misses_account

SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Objects of one kind that would be refused for one class of reason."""

    kind: str
    namespace: str
    reason: RefusalClass
    names: tuple[str, ...]
    """The first few."""
    count: int
    message: str
    """The server's words on the first of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What the API server said."""

    asked: int = 0
    refused: tuple[Refused, ...] = ()

    @property
    def accepted(self) -> int:
        """Return how many objects it would take."""
        return self.asked - sum(one.count for one in self.refused)


@dataclass(slots=True, kw_only=True)
class _Group:
    message: str
    names: list[str] = field(default_factory=list)
    count: int = 0


class _Trial:
    """Asks for one object after another and keeps the refusals."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._accounts: set[tuple[str, str]] = set()
        self._groups: dict[tuple[str, str, RefusalClass], _Group] = {}
        self._mute: dict[str, DrillError] = {}
        """Kinds whose webhook is down: each further question would cost a minute of retries."""

    def ask(self, obj: KubeObject) -> None:
        """Ask for one object; raises Unreachable and Conflicted (the sandbox goes away)."""
        kind, where = objects.text(obj, "kind"), objects.namespace(obj)
        error = self._mute.get(kind) or self._refusal(obj)
        if error is None or _is_merged(obj, error):
            if kind == "ServiceAccount":
                self._accounts.add((where, objects.name(obj)))
            return
        key = (kind, where, class_of(error))
        group = self._groups.setdefault(key, _Group(message=str(error)))
        group.count += 1
        if len(group.names) < SHOWN:
            group.names.append(objects.name(obj))

    def refused(self) -> Iterator[Refused]:
        """Yield what was refused."""
        for (kind, where, reason), group in sorted(self._groups.items()):
            yield Refused(
                kind=kind,
                namespace=where,
                reason=reason,
                names=tuple(group.names),
                count=group.count,
                message=group.message,
            )

    def _refusal(self, obj: KubeObject) -> DrillError | None:
        error = self._tried(obj)
        if error is not None and misses_account(error) and self._account_comes(obj):
            return self._tried(_without_account(obj))
        return error

    def _tried(self, obj: KubeObject) -> DrillError | None:
        try:
            self._cluster.create(obj, dry_run=True)
        except Conflicted:
            raise
        except OutsideRefused as error:
            return error
        except Unreachable as error:
            if class_of(error) is not RefusalClass.WEBHOOK:
                raise
            self._mute[objects.text(obj, "kind")] = error
            return error
        return None

    def _account_comes(self, pod: KubeObject) -> bool:
        return (objects.namespace(pod), account_of(pod)) in self._accounts


def try_out(cluster: Cluster, found: Iterable[KubeObject], pause: Callable[[], None]) -> DryRun:
    """Ask the API server for each object; `pause` is called before each and may raise.

    Raises Unreachable, Conflicted, and what `found` raises.
    """
    trial, asked = _Trial(cluster), 0
    for obj in found:
        pause()
        trial.ask(obj)
        asked += 1
    return DryRun(asked=asked, refused=tuple(trial.refused()))


def account_of(pod: KubeObject) -> str:
    """Return the service account that a pod asks for."""
    return named.account_of(objects.mapping(pod, "spec"))


def dry_run_findings(tried: DryRun) -> tuple[Finding, ...]:
    """Return one finding for each group of refusals."""
    return tuple(_finding(refused) for refused in tried.refused)


def _finding(refused: Refused) -> Finding:
    weight = WEIGHTS[refused.reason]
    names = ", ".join(refused.names) + (" …" if refused.count > len(refused.names) else "")
    return Finding(
        code=f"dry-run-{refused.reason}",
        severity=weight.severity,
        cause=weight.cause,
        subject=f"{refused.kind} in {refused.namespace}",
        message=(
            f"{refused.count} {refused.kind} would be refused ({refused.reason}): {names}. "
            f"The API server's words on the first: {refused.message}"
        ),
        remedy=weight.remedy,
        unanswered=weight.unanswered,
    )


def _is_merged(obj: KubeObject, error: DrillError) -> bool:
    """Return whether the object is one that restores merge into what is there."""
    return isinstance(error, AlreadyExists) and objects.text(obj, "kind") == "ServiceAccount"


def _without_account(pod: KubeObject) -> KubeObject:
    spec = dict(objects.mapping(pod, "spec"))
    spec.pop("serviceAccountName", None)
    spec.pop("serviceAccount", None)
    return {**pod, "spec": spec}
