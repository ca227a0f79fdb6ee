"""Custom resources that an operator works on: it takes the copy for one more of its own. Pure.

In: objects of the backup. Out: which custom kinds bear an operator's marks, and a finding for each
that is restored although the scenario says nothing of it. A status and a foreign finalizer are
such marks; whether the operator runs in the cluster of the drill is not known.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatchcase

from drills import objects
from drills.backups import ObjectKey, Operated
from drills.engine import LeftOutRule
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.plan import rule_for

SHOWN = 3
OWN_FINALIZERS = frozenset(
    {
        "kubernetes.io/pvc-protection",
        "kubernetes.io/pv-protection",
        "service.kubernetes.io/load-balancer-cleanup",
        "batch.kubernetes.io/job-tracking",
        "foregroundDeletion",
        "orphan",
    }
)
"""Finalizers that Kubernetes itself takes off again; others wait for operators that may be away."""
_BUILT_IN = ".k8s.io"
_ENGINES = "velero.io"


def operated_of(key: ObjectKey, obj: KubeObject) -> Operated | None:
    """Return the marks that an operator left on a custom resource, None where there are none."""
    if not is_custom(key.resource):
        return None
    found = {str(f) for f in objects.items(obj, "metadata", "finalizers")} - OWN_FINALIZERS
    status = bool(objects.mapping(obj, "status"))
    if not found and not status:
        return None
    return Operated(key=key, finalizers=tuple(sorted(found)), status=status)


def is_custom(resource: str) -> bool:
    """Return whether `plural.group` is none of Kubernetes' own kinds, nor of its projects'."""
    group = resource.partition(".")[2]
    return "." in group and not f".{group}".endswith(_BUILT_IN) and group != _ENGINES


def operated_findings(
    found: Iterable[Operated],
    namespaces: Collection[str],
    left_out: tuple[LeftOutRule, ...],
    allowed: Collection[str],
) -> tuple[Finding, ...]:
    """Return a warning for each kind that comes along unasked; `allowed` is what was asked for."""
    kinds: dict[str, list[Operated]] = defaultdict(list)
    for one in found:
        resource = one.key.resource
        asked_for = any(fnmatchcase(resource, word) for word in allowed)
        if one.key.namespace in namespaces and not asked_for and not rule_for(left_out, resource):
            kinds[resource].append(one)
    return tuple(_finding(resource, members) for resource, members in sorted(kinds.items()))


def _finding(resource: str, members: list[Operated]) -> Finding:
    names = ", ".join(f"{m.key.namespace}/{m.key.name}" for m in members[:SHOWN])
    more = f" and {len(members) - SHOWN} more" if len(members) > SHOWN else ""
    return Finding(
        code="operator-may-act",
        severity=Severity.WARNING,
        cause=Cause.ISOLATION,
        subject=resource,
        message=(
            f"An operator works on {names}{more}: {' and '.join(_marks(members))}. Where it runs "
            "in this cluster, it takes the copy for its own, and may act on what production uses."
        ),
        remedy=(
            f"Leave the kind out (restore.exclude: [{resource}]), or say that its copy is harmless "
            f"(restore.allow: [{resource}])."
        ),
    )


def _marks(members: list[Operated]) -> Iterator[str]:
    if any(member.status for member in members):
        yield "it keeps a status there"
    finalizers = sorted({f for member in members for f in member.finalizers})
    if finalizers:
        yield f"it holds them by finalizer {', '.join(finalizers[:SHOWN])}"
