"""Guises: the labels that restored pods will wear, tried before there are any. Pure.

A policy of the whole cluster may open the way for pods with certain labels only, in spite of the
sandbox's own. While the sandbox is empty the drill's pods may wear such labels safely: no Service
leads there yet and nothing adopts them. In: the inventory and what the restore leaves out. Out:
one guise for each distinct set of labels that pods of a sandbox namespace will have.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from drills import objects
from drills.backups import BackedUpObject
from drills.engine import LeftOutRule
from drills.marks import MANAGED_BY
from drills.plan import rule_for
from drills.pod_specs import POD_SPECS
from drills.tracking import TRACKED_BY

MOST = 6
"""Guises of one drill: each is a pod, and they all start at once."""
RESTING = frozenset({"cronjobs.batch"})
"""Kinds that come back suspended, so that no pod of theirs runs."""
GIVEN = frozenset(
    {
        "pod-template-hash",
        "pod-template-generation",
        "controller-revision-hash",
        "controller-uid",
        "job-name",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
    }
)
"""Labels that controllers give, other ones after a restore."""
MESHED = frozenset(
    {
        "sidecar.istio.io/inject",
        "istio.io/rev",
        "istio.io/dataplane-mode",
        "kuma.io/sidecar-injection",
        "azure.workload.identity/use",
    }
)
"""Labels by which a webhook puts something into the pod: a proxy would answer every connection
itself and look like an open way, an identity would make the pod less restricted than the prober."""
NOT_WORN = (MANAGED_BY, "restore-drill/", "batch.kubernetes.io/", *TRACKED_BY)
"""Prefixes of labels that are the drill's own, a controller's, or a GitOps tool's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guise:
    """The labels of one workload's pods, for a pod of the drill's own."""

    namespace: str
    """The sandbox namespace."""
    workload: str
    """The first of the workloads with these labels: `deployments.apps shop`."""
    labels: tuple[tuple[str, str], ...]


def guises(
    found: Iterable[BackedUpObject],
    namespaces: Mapping[str, str],
    left_out: tuple[LeftOutRule, ...],
) -> tuple[Guise, ...]:
    """Return all guises, in an order that is the same for the same inventory.

    Namespaces take turns, so that the first few come from as many of them as can be. `namespaces`
    is source to sandbox.
    """
    lines: dict[str, dict[tuple[tuple[str, str], ...], Guise]] = {}
    for obj in sorted(_roots(found, namespaces, left_out), key=lambda obj: obj.key):
        labels = _worn(obj)
        target = namespaces[obj.key.namespace]
        if labels:
            workload = f"{obj.key.resource} {obj.key.name}"
            guise = Guise(namespace=target, workload=workload, labels=labels)
            lines.setdefault(target, {}).setdefault(labels, guise)
    return tuple(_by_turns([tuple(lines[name].values()) for name in sorted(lines)]))


def _roots(
    found: Iterable[BackedUpObject],
    namespaces: Mapping[str, str],
    left_out: tuple[LeftOutRule, ...],
) -> Iterator[BackedUpObject]:
    """Yield what comes back and brings pods; what such an object owns is spoken for by it."""
    members = [
        obj
        for obj in found
        if obj.key.namespace in namespaces
        and obj.key.resource in POD_SPECS
        and obj.key.resource not in RESTING
        and obj.explanation is None
        and rule_for(left_out, obj.key.resource) is None
    ]
    present = {(obj.key.namespace, f"{obj.kind}/{obj.key.name}") for obj in members}
    for obj in members:
        asleep = objects.dig(obj.body, "spec", "replicas") == 0
        if (obj.key.namespace, obj.owner) not in present and not asleep:
            yield obj


def _worn(obj: BackedUpObject) -> tuple[tuple[str, str], ...]:
    path = POD_SPECS[obj.key.resource][:-1]
    labels = objects.mapping(obj.body, *path, "metadata", "labels")
    return tuple(
        sorted(
            (key, value)
            for key, value in labels.items()
            if isinstance(value, str) and key not in GIVEN | MESHED and not key.startswith(NOT_WORN)
        )
    )


def _by_turns(lines: Sequence[Sequence[Guise]]) -> Iterator[Guise]:
    for turn in range(max(map(len, lines), default=0)):
        yield from (line[turn] for line in lines if turn < len(line))
