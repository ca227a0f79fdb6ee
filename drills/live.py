"""A look at the sandbox: what is in it now, kind by kind, read concurrently."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from drills import objects
from drills.completeness import LiveNames
from drills.errors import NotServed, OutsideRefused
from drills.objects import KubeObject
from drills.ports import Cluster, Kind, ServedKind

WORKERS = 8
WHOLE = frozenset({"services", "cronjobs.batch", "persistentvolumeclaims", "namespaces"})
"""Kinds read with their spec; of the rest the metadata suffices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSandbox:
    """The sandbox's objects by `plural.group`, and what could not be read."""

    objects: Mapping[str, tuple[KubeObject, ...]]
    kinds: Mapping[str, ServedKind]
    not_served: frozenset[str]
    unread: Mapping[str, str]

    def names(self) -> LiveNames:
        """Return just the names, for completeness."""
        return LiveNames(
            present={
                resource: frozenset((objects.namespace(o), objects.name(o)) for o in found)
                for resource, found in self.objects.items()
            },
            not_served=self.not_served,
            unread=self.unread,
        )


def look(cluster: Cluster, namespaces: Sequence[str], resources: Iterable[str]) -> LiveSandbox:
    """List every kind of `resources` in the sandbox `namespaces`.

    Raises Unreachable when the API server stays away.
    """
    wanted = sorted(set(resources))
    with ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="look") as pool:
        answers = dict(
            zip(wanted, pool.map(_reader(cluster, tuple(namespaces)), wanted), strict=True)
        )
    return LiveSandbox(
        objects={r: a.found for r, a in answers.items() if a.found is not None},
        kinds={r: a.kind for r, a in answers.items() if a.kind is not None},
        not_served=frozenset(r for r, a in answers.items() if a.kind is None and not a.refusal),
        unread={r: a.refusal for r, a in answers.items() if a.refusal},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    kind: ServedKind | None = None
    found: tuple[KubeObject, ...] | None = None
    refusal: str = ""


def _reader(cluster: Cluster, namespaces: tuple[str, ...]) -> Callable[[str], _Answer]:
    def read(resource: str) -> _Answer:
        try:
            served = cluster.served_resource(resource)
        except NotServed:
            return _Answer()
        try:
            return _Answer(kind=served, found=_list(cluster, served, namespaces))
        except OutsideRefused as refused:
            return _Answer(kind=served, refusal=str(refused))

    return read


def _list(
    cluster: Cluster, served: ServedKind, namespaces: tuple[str, ...]
) -> tuple[KubeObject, ...]:
    kind = Kind(served.api_version, served.kind)
    if served.resource == "namespaces":
        named = (cluster.get(kind, "", name) for name in namespaces)
        return tuple(obj for obj in named if obj is not None)
    if not served.namespaced:
        return ()
    partial = served.resource not in WHOLE
    return tuple(
        obj
        for namespace in namespaces
        for obj in cluster.list(kind, namespace, metadata_only=partial)
    )
