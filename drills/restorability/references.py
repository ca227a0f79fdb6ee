"""References: does the target cluster have what the backup's objects need?

In: the order and the objects it would create, the cluster. Out: findings. What the restore itself
would meet is critical; what only concerns kinds that a drill leaves out, or rewrites, is a warning.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from drills import objects
from drills.backups import BackedUpObject, ObjectKey
from drills.engine import RestoreOrder
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.plan import rule_for
from drills.ports import Cluster, Kind
from drills.restorability.images import image_findings
from drills.restorability.needs import DEFAULT, Need, NeedKind, needs_of
from drills.restorability.present import CLASSES, Present

SHOWN = 3
RESOURCES: dict[NeedKind, str] = {
    NeedKind.STORAGE_CLASS: "storageclasses.storage.k8s.io",
    NeedKind.INGRESS_CLASS: "ingressclasses.networking.k8s.io",
    NeedKind.PRIORITY_CLASS: "priorityclasses.scheduling.k8s.io",
    NeedKind.RUNTIME_CLASS: "runtimeclasses.node.k8s.io",
    NeedKind.SERVICE_ACCOUNT: "serviceaccounts",
    NeedKind.PULL_SECRET: "secrets",
}
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
OF_THE_SOURCE = frozenset({NeedKind.INGRESS_CLASS, NeedKind.PRIORITY_CLASS})
"""Needs that a drill leaves out or takes away, so they are read from the backup's own objects."""


@dataclass(slots=True)
class _Wanted:
    count: int = 0
    by: list[str] = field(default_factory=list)

    def add(self, who: str) -> None:
        self.count += 1
        if len(self.by) < SHOWN and who not in self.by:
            self.by.append(who)

    def __str__(self) -> str:
        more = f" and {self.count - len(self.by)} more" if self.count > len(self.by) else ""
        return f"{', '.join(self.by)}{more}"


def references(
    cluster: Cluster, order: RestoreOrder, created: Iterable[KubeObject]
) -> tuple[Finding, ...]:
    """Return what is missing; `created` are the engine's preview of the same order.

    Raises Unreachable and what `created` raises.
    """
    present = Present(cluster)
    needs = _needs(order, created)
    images = [need.name for need in needs if need.kind is NeedKind.IMAGE]
    found = (
        *_apis(present, order),
        *_missing(present, order, needs),
        *image_findings(images, present.images() if images else None),
    )
    return (*found, *present.findings)


def _needs(order: RestoreOrder, created: Iterable[KubeObject]) -> dict[Need, _Wanted]:
    """Return each need once, so that memory grows with what is needed, not with who needs it."""
    needs: dict[Need, _Wanted] = defaultdict(_Wanted)
    for obj in created:
        for need in needs_of(obj):
            if need.kind not in OF_THE_SOURCE:
                needs[need].add(f"{objects.text(obj, 'kind')} {objects.name(obj)}")
    for held in order.inventory.objects:
        if held.key.namespace in order.namespaces and held.explanation is None:
            for need in needs_of(held.body):
                if need.kind in OF_THE_SOURCE:
                    needs[need].add(f"{held.kind} {held.key.name}")
    return needs


def _apis(present: Present, order: RestoreOrder) -> Iterator[Finding]:
    kinds: dict[tuple[Kind, str], list[BackedUpObject]] = defaultdict(list)
    for obj in order.inventory.objects:
        if obj.key.namespace in order.namespaces and obj.explanation is None:
            kinds[Kind(obj.api_version, obj.kind), obj.key.resource].append(obj)
    held = {obj.key for obj in order.inventory.objects}
    for (kind, resource), members in kinds.items():
        other = present.unserved(kind, resource)
        if other is not None:
            yield _api_missing(order, (kind, resource), len(members), other, held)


def _api_missing(
    order: RestoreOrder, which: tuple[Kind, str], count: int, other: str, held: set[ObjectKey]
) -> Finding:
    kind, resource = which
    left_out = rule_for(order.left_out, resource) is not None
    remedy = "Install the API version that the backup needs before restoring."
    if other:
        remedy = f"The cluster serves {resource} as {other}: store and back it up in that version."
    elif ObjectKey(resource=DEFINITIONS, namespace="", name=resource) in held:
        remedy = (
            "The backup holds the CustomResourceDefinition, but a drill changes nothing of the "
            "cluster: install it there first."
        )
    ends = "a drill leaves them out" if left_out else "they would silently not come back"
    return Finding(
        code="api-not-served",
        severity=Severity.WARNING if left_out else Severity.CRITICAL,
        cause=Cause.ENVIRONMENT,
        subject=f"{kind.api_version} {kind.kind}",
        message=(
            f"The cluster does not serve {kind.api_version} {kind.kind}, which {count} objects of "
            f"the backup need; {ends}."
        ),
        remedy=remedy,
    )


def _missing(
    present: Present, order: RestoreOrder, needs: Mapping[Need, _Wanted]
) -> Iterator[Finding]:
    held = {obj.key for obj in order.inventory.objects}
    asked: dict[NeedKind, frozenset[str] | None] = {}
    for need, wanted in sorted(needs.items(), key=lambda pair: pair[0]):
        if need.kind in CLASSES:
            if need.kind not in asked:
                asked[need.kind] = present.classes(need.kind)
            there = asked[need.kind]
            if there is not None and need.name not in there:
                key = ObjectKey(resource=RESOURCES[need.kind], namespace="", name=need.name)
                yield _class_missing(need, wanted, in_backup=key in held)
        elif need.kind in RESOURCES and not _comes_along(order, need, held):
            yield _companion_missing(need, wanted)


def _comes_along(order: RestoreOrder, need: Need, held: set[ObjectKey]) -> bool:
    """Return whether the restore brings it; every namespace has a service account `default`."""
    if need.kind is NeedKind.SERVICE_ACCOUNT and need.name == "default":
        return True
    sources = [source for source, target in order.namespaces.items() if target == need.namespace]
    resource = RESOURCES[need.kind]
    keys = {ObjectKey(resource=resource, namespace=s, name=need.name) for s in sources}
    return bool(keys & held) and rule_for(order.left_out, resource) is None


def _class_missing(need: Need, wanted: _Wanted, *, in_backup: bool) -> Finding:
    where = "it is in the backup, but belongs to the whole cluster and so stays out of a restore"
    fatal = need.kind not in OF_THE_SOURCE
    name = "default StorageClass" if need.name == DEFAULT else f"{need.kind} {need.name}"
    return Finding(
        code=f"{need.kind.name.lower().replace('_', '-')}-missing",
        severity=Severity.CRITICAL if fatal else Severity.WARNING,
        cause=Cause.ENVIRONMENT,
        subject=name,
        message=(
            f"The cluster has no {name}, which {wanted} "
            f"{'need' if wanted.count > 1 else 'needs'}"
            f"{f'; {where}' if in_backup else ''}."
        ),
        remedy=f"Create the {name} in the cluster before restoring, or have the engine map it.",
    )


def _companion_missing(need: Need, wanted: _Wanted) -> Finding:
    account = need.kind is NeedKind.SERVICE_ACCOUNT
    effect = "its pods would be refused" if account else "private images could not be pulled"
    return Finding(
        code="service-account-missing" if account else "pull-secret-missing",
        severity=Severity.CRITICAL if account else Severity.WARNING,
        cause=Cause.BACKUP,
        subject=f"{need.kind} {need.namespace}/{need.name}",
        message=f"The restore brings no {need.kind} {need.name}, which {wanted} name; {effect}.",
        remedy=f"Have the backup include {need.kind} {need.name}, and the scenario not exclude it.",
    )
