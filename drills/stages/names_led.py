"""A look whether the names that should lead into the sandbox do, object for object.

A rule that fails leaves the object as it was, and Velero creates it all the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby

from drills.backups import ObjectKey
from drills.engine import RestoreOrder
from drills.errors import OutsideRefused
from drills.findings import Cause, Finding, Severity
from drills.live import WORKERS
from drills.names import NameMap
from drills.ports import Cluster, Kind, ServedKind
from drills.record import Rewriting
from drills.rewriting import places_left, rewritings

ABSENT, UNKNOWN, UNCHANGED, REWRITTEN = "absent", "unknown", "unchanged", "rewritten"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesLed:
    """What became of each name, and what still leads to the source."""

    rewritings: tuple[Rewriting, ...] = ()
    findings: tuple[Finding, ...] = ()


def look_for_names(
    cluster: Cluster, kinds: Mapping[str, ServedKind], order: RestoreOrder
) -> NamesLed:
    """Read every object that had a name rewritten; raises Unreachable."""
    if order.names is None:
        return NamesLed()
    planned = tuple(
        one
        for one in rewritings(order.inventory, order.names, order.left_out)
        if one.source not in order.owned_out
    )
    groups = [(key, tuple(group)) for key, group in groupby(planned, lambda one: one.source)]
    look = _looking(cluster, kinds, order, order.names)
    with ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="names") as pool:
        seen = tuple(one for rows in pool.map(look, groups) for one in rows)
    return NamesLed(rewritings=seen, findings=tuple(_findings(seen)))


def _looking(
    cluster: Cluster, kinds: Mapping[str, ServedKind], order: RestoreOrder, names: NameMap
) -> Callable[[tuple[ObjectKey, tuple[Rewriting, ...]]], tuple[Rewriting, ...]]:
    def look(group: tuple[ObjectKey, tuple[Rewriting, ...]]) -> tuple[Rewriting, ...]:
        key, rows = group
        served = kinds.get(key.resource)
        if served is None:
            return _all(rows, UNKNOWN)
        target = order.namespaces[key.namespace]
        try:
            live = cluster.get(Kind(served.api_version, served.kind), target, key.name)
        except OutsideRefused:
            return _all(rows, UNKNOWN)
        if live is None:
            return _all(rows, ABSENT)
        left = {str(place) for place in places_left(key.resource, live, names)}
        return tuple(
            replace(row, outcome=UNCHANGED if row.place in left else REWRITTEN) for row in rows
        )

    return look


def _all(rows: Iterable[Rewriting], outcome: str) -> tuple[Rewriting, ...]:
    return tuple(replace(row, outcome=outcome) for row in rows)


def _findings(seen: Iterable[Rewriting]) -> Iterator[Finding]:
    """Yield one finding for each place; an object that is absent is missed elsewhere."""
    for row in dict.fromkeys(replace(row, old="", new="", count=0) for row in seen):
        if row.outcome in {UNCHANGED, UNKNOWN}:
            words = (
                "still leads to the source namespace"
                if row.outcome == UNCHANGED
                else "could not be looked at, so it may still lead to the source namespace"
            )
            yield Finding(
                code="name-not-rewritten",
                severity=Severity.WARNING,
                cause=Cause.ISOLATION,
                subject=str(row.source),
                message=f"{row.place} {words}.",
                remedy="Read the restore's errors; use the Service's short name where one will do.",
            )
