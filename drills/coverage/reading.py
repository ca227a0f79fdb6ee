"""Reads what lives in the source: names, labels and ages of every kind that a backup can hold.

In: the source's cluster and its namespaces. Out: LiveObjects, and what could not be read. Only
lists are asked for, and of each object only its metadata.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeVar

from drills import objects
from drills.cluster import ServedKind
from drills.coverage.judging import LiveObject
from drills.coverage.scope import BackupScope
from drills.errors import DrillError, Forbidden, Interrupted, Missing, NotServed
from drills.objects import KubeObject
from drills.ports import Cluster, Kind
from drills.readiness import controller

T = TypeVar("T")
AT_ONCE = 8
NAMESPACE = Kind("v1", "Namespace")
SECRETS = "secrets"
SHORT_LIVED = frozenset({"events", "events.events.k8s.io"})
"""One store under two names, of which a backup has one; they expire by themselves."""
COMPUTED = frozenset({"metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"})
"""Groups that store nothing, and whose server is often away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """What of the source could not be read, and why."""

    subject: str
    error: DrillError


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was seen of the source."""

    live: tuple[LiveObject, ...]
    unread: tuple[Unread, ...] = ()


def namespace_uids(cluster: Cluster, namespaces: Iterable[str]) -> Mapping[str, str]:
    """Return the uid of each source namespace; raises Missing for one that is not there."""
    found = {space: cluster.get(NAMESPACE, "", space) for space in namespaces}
    for space, namespace in found.items():
        if namespace is None:
            raise Missing(
                f"namespace {space} is not in the source's cluster",
                hint="Correct `cluster:`, or set backup.compareWithSource to false.",
            )
    return {space: objects.text(namespace, "metadata", "uid") for space, namespace in found.items()}


def read_source(
    cluster: Cluster, namespaces: Iterable[str], scope: BackupScope, excepted: Iterable[str] = ()
) -> Read:
    """Return what lives in the namespaces, but for the `excepted` kinds.

    Secrets are asked for only where the right to list them is there. Raises Interrupted, and what
    asking for the groups raises.
    """
    spaces = tuple(namespaces)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="source") as pool:
        versions = [v for v in cluster.versions() if v.partition("/")[0] not in COMPUTED]
        kinds, unread = _gathered(pool.map(lambda v: _kinds(cluster, v), versions))
        chosen = [kind for kind in kinds if _chosen(kind, scope, excepted)]
        wanted = [(kind, space) for kind in chosen for space in spaces]
        found, refused = _gathered(pool.map(lambda asked: _live(cluster, *asked), wanted))
    return Read(live=tuple(found), unread=(*unread, *refused))


def _gathered(parts: Iterable[tuple[Sequence[T], Unread | None]]) -> tuple[list[T], list[Unread]]:
    every: list[T] = []
    unread: list[Unread] = []
    for found, missed in parts:
        every += found
        unread += [missed] if missed else []
    return every, unread


def _chosen(kind: ServedKind, scope: BackupScope, excepted: Iterable[str]) -> bool:
    if not kind.namespaced or kind.resource in SHORT_LIVED or not kind.verbs >= scope.verbs:
        return False
    return not any(fnmatchcase(kind.resource, pattern) for pattern in excepted)


def _kinds(cluster: Cluster, version: str) -> tuple[Sequence[ServedKind], Unread | None]:
    try:
        return cluster.kinds_of(version), None
    except Interrupted:
        raise
    except DrillError as error:
        return (), Unread(subject=version, error=error)


def _live(
    cluster: Cluster, kind: ServedKind, namespace: str
) -> tuple[Sequence[LiveObject], Unread | None]:
    try:
        if kind.resource == SECRETS and not cluster.may("list", SECRETS, namespace):
            raise Forbidden(f"no right to list {SECRETS} in {namespace}")
        listed = cluster.list(Kind(kind.api_version, kind.kind), namespace, metadata_only=True)
    except NotServed:  # it was removed meanwhile
        return (), None
    except Interrupted:
        raise
    except DrillError as error:
        return (), Unread(subject=f"{kind.resource} {namespace}", error=error)
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
