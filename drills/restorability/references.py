"""References: does the target cluster have what the backup's objects need?

In: the order and the objects it would create, the cluster. Out: findings. What the restore itself
would meet is critical; what only concerns kinds that a drill leaves out, or rewrites, is a warning.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from drills import objects
from drills.backups import ObjectKey
from drills.engine import RestoreOrder
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.plan import rule_for
from drills.ports import Cluster
from drills.restorability.images import image_findings
from drills.restorability.needs import DEFAULT, Need, NeedKind, needs_of
from drills.restorability.present import CLASSES, Present
from drills.unserved import finding_of, unserved_kinds

SHOWN = 3
RESOURCES: dict[NeedKind, str] = {
    NeedKind.STORAGE_CLASS: "storageclasses.storage.k8s.io",
    NeedKind.INGRESS_CLASS: "ingressclasses.networking.k8s.io",
    NeedKind.PRIORITY_CLASS: "priorityclasses.scheduling.k8s.io",
    NeedKind.RUNTIME_CLASS: "runtimeclasses.node.k8s.io",
    NeedKind.SERVICE_ACCOUNT: "serviceaccounts",
    NeedKind.PULL_SECRET: "secrets",
}
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
    cluster: Cluster,
    order: RestoreOrder,
    created: Iterable[KubeObject],
    told: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Return what is missing; `created` are the engine's preview of the same order.

    `told` are subjects of findings that there are already.

    Raises Unreachable and what `created` raises.
    """
    present = Present(cluster)
    needs = _needs(order, created)
    images = [need.name for need in needs if need.kind is NeedKind.IMAGE]
    found = (
        *_apis(present, order, told),
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


def _apis(present: Present, order: RestoreOrder, told: Collection[str]) -> Iterator[Finding]:
    """Yield what is not served; that of what a drill leaves out concerns a real restore only."""
    for found in unserved_kinds(present.cluster, order):
        if found.subject not in told:
            said = finding_of(found, order.inventory, present.cluster.version())
            yield replace(said, code="api-not-served")
    everything = replace(order, left_out=())
    restored = {one.kind for one in unserved_kinds(present.cluster, order)}
    for found in unserved_kinds(present.cluster, everything):
        if found.kind not in restored:
            yield _left_out(finding_of(found, order.inventory, present.cluster.version()))


def _left_out(said: Finding) -> Finding:
    return replace(
        said,
        code="api-not-served",
        severity=Severity.WARNING,
        message=f"{said.message.removesuffix('.')}; a drill leaves them out.",
        unanswered=False,
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
