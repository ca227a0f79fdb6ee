"""Reads what lives in the source: names, labels and ages of every kind that a backup can hold.

In: the source's cluster and its namespaces. Out: LiveObjects, and findings for what could not be
read. Only lists are asked for, and of each object only its metadata.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeVar

from drills import objects
from drills.cluster import ServedKind
from drills.coverage.judging import LiveObject
from drills.coverage.scope import BackupScope
from drills.errors import DrillError, Interrupted, Missing, NotServed
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.ports import Cluster, Kind
from drills.readiness import controller

T = TypeVar("T")
AT_ONCE = 8
SHORT_LIVED = frozenset({"events", "events.events.k8s.io"})
"""One store under two names, of which a backup has one; they expire by themselves."""
COMPUTED = frozenset({"metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"})
"""Groups that store nothing, and whose server is often away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was seen of the source."""

    live: tuple[LiveObject, ...]
    findings: tuple[Finding, ...]


def read_source(
    cluster: Cluster, namespaces: Iterable[str], scope: BackupScope, excepted: Iterable[str] = ()
) -> Read:
    """Return what lives in the namespaces, but for the `excepted` kinds.

    Raises Interrupted, Missing for a namespace that is not there, and what asking for the groups
    raises.
    """
    spaces = tuple(namespaces)
    for space in spaces:
        if cluster.get(Kind("v1", "Namespace"), "", space) is None:
            raise Missing(
                f"namespace {space} is not in the source's cluster",
                hint="Correct `cluster:`, or do without backup.compareWithSource.",
            )
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="source") as pool:
        versions = [v for v in cluster.versions() if v.partition("/")[0] not in COMPUTED]
        kinds, findings = _gathered(pool.map(lambda v: _kinds(cluster, v), versions))
        chosen = [kind for kind in kinds if _chosen(kind, scope, excepted)]
        wanted = [(kind, space) for kind in chosen for space in spaces]
        found, refused = _gathered(pool.map(lambda asked: _live(cluster, *asked), wanted))
    return Read(live=tuple(found), findings=(*findings, *refused))


def _gathered(
    parts: Iterable[tuple[Sequence[T], Finding | None]],
) -> tuple[list[T], list[Finding]]:
    every: list[T] = []
    findings: list[Finding] = []
    for found, finding in parts:
        every += found
        findings += [finding] if finding else []
    return every, findings


def _chosen(kind: ServedKind, scope: BackupScope, excepted: Iterable[str]) -> bool:
    if not kind.namespaced or kind.resource in SHORT_LIVED or not kind.verbs >= scope.verbs:
        return False
    return not any(fnmatchcase(kind.resource, pattern) for pattern in excepted)


def _kinds(cluster: Cluster, version: str) -> tuple[Sequence[ServedKind], Finding | None]:
    try:
        return cluster.kinds_of(version), None
    except Interrupted:
        raise
    except DrillError as error:
        return (), _unread(version, error)


def _live(
    cluster: Cluster, kind: ServedKind, namespace: str
) -> tuple[Sequence[LiveObject], Finding | None]:
    try:
        listed = cluster.list(Kind(kind.api_version, kind.kind), namespace, metadata_only=True)
    except NotServed:  # it was removed meanwhile
        return (), None
    except Interrupted:
        raise
    except DrillError as error:
        return (), _unread(f"{kind.resource} {namespace}", error)
    return tuple(_of(kind, obj) for obj in listed if _stands_for_itself(obj)), None


def _stands_for_itself(obj: KubeObject) -> bool:
    """Return whether nobody makes it anew: what a controller made comes back with its owner."""
    return not objects.text(obj, "metadata", "deletionTimestamp") and controller(obj) is None


def _of(kind: ServedKind, obj: KubeObject) -> LiveObject:
    return LiveObject(
        served=kind,
        namespace=objects.namespace(obj),
        name=objects.name(obj),
        created=objects.instant(obj, "metadata", "creationTimestamp"),
        labels=objects.labels(obj),
    )


def _unread(subject: str, error: DrillError) -> Finding:
    message = f"What lives of it in the source could not be listed: {error}.".replace("..", ".")
    remedy = error.hint or "Mend what the message names, then drill again."
    return not_read(subject, message, remedy, error.cause)


def not_read(subject: str, message: str, remedy: str, cause: Cause) -> Finding:
    """Return what leaves it open whether the backup holds what lives in the source."""
    return Finding(
        code="source-not-read",
        severity=Severity.WARNING,
        cause=cause,
        subject=subject,
        message=message,
        remedy=remedy,
        unanswered=True,
    )
