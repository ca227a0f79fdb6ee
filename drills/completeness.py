"""Completeness: what came back against the backup's own inventory, name by name. Pure.

Never judged against the live source, which drifts and may be gone.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from drills.backups import BackedUpObject, Inventory, ObjectKey
from drills.cluster import Kind
from drills.engine import LeftOutRule, Restored
from drills.findings import Cause, Finding, Severity
from drills.plan import rule_for
from drills.record import Completeness, CompletenessRow

REMADE_BY_OWNER = frozenset(
    {
        "pods",
        "replicasets.apps",
        "controllerrevisions.apps",
        "endpointslices.discovery.k8s.io",
        "jobs.batch",
    }
)
"""Kinds whose controllers replace what is not there; other owned objects are not remade."""

CLUSTER_SCOPED = "cluster-scoped: a drill restores namespaces only"
NEW_VOLUME = "a new volume takes its place for the restored claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveNames:
    """What is in the sandbox: per `plural.group`, the (sandbox namespace, name) pairs."""

    present: Mapping[str, frozenset[tuple[str, str]]]
    not_served: frozenset[str] = frozenset()
    """Kinds that the target cluster does not serve."""
    unserved: Mapping[ObjectKey, Kind] = field(default_factory=dict)
    """Objects that the backup holds in a version which the target cluster does not serve."""
    unread: Mapping[str, str] | None = None
    """Kinds that could not be listed, with the refusal."""


def compare(
    inventory: Inventory,
    namespaces: Mapping[str, str],
    rules: tuple[LeftOutRule, ...],
    live: LiveNames,
    owned_out: Mapping[ObjectKey, str] | None = None,
) -> Completeness:
    """Return one row for each kind and source namespace in scope.

    `owned_out`: what stays out with what owns it, and why.

    Objects of namespaces that the scenario does not map are out of scope and not counted.
    """
    groups: dict[tuple[str, str], list[BackedUpObject]] = defaultdict(list)
    for obj in _once(inventory.objects):
        if not obj.key.namespace or obj.key.namespace in namespaces:
            groups[obj.key.resource, obj.key.namespace].append(obj)
    judge = _Judge(namespaces=namespaces, rules=rules, live=live, owned_out=owned_out or {})
    return Completeness(rows=tuple(judge.row(key, groups[key]) for key in sorted(groups)))


@dataclass(frozen=True, kw_only=True)
class Obstacles:
    """What the engine itself says kept objects from coming back, none of it the backup's fault."""

    messages: tuple[str, ...] = ()
    cause: Cause | None = None
    """None where the engine blames the backup, or nothing."""
    broken_off: Cause | None = None
    """Whose trouble kept the engine from going through the backup."""

    def explain(self, names: Iterable[str]) -> bool:
        """Return whether a message names every one of `names`."""
        return self.cause is not None and self._said.issuperset(names)

    @cached_property
    def _said(self) -> frozenset[str]:
        return frozenset(word for message in self.messages for word in WORD.findall(message))


WORD = re.compile(r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?")
"""A Kubernetes name within a sentence or a path."""


def obstacles_of(restored: Restored) -> Obstacles:
    """Return the engine's errors as obstacles, where all its findings blame something else."""
    if restored.broken_off is not None:
        return Obstacles(broken_off=restored.broken_off)
    errors = (*restored.errors, *restored.warnings)
    findings = restored.findings
    news = [f for f in findings if f.severity is not Severity.INFO]
    blamed = [f.cause for f in news if f.unanswered and f.cause is not Cause.BACKUP]
    if not blamed or any(f.severity is Severity.CRITICAL and not f.unanswered for f in news):
        return Obstacles()
    return Obstacles(messages=tuple(errors), cause=blamed[0])


def findings_of(
    completeness: Completeness, live: LiveNames, obstacles: Obstacles
) -> tuple[Finding, ...]:
    """Return a critical finding for each kind with objects missing, and for what went unread.

    Objects that the engine could not create for reasons outside the backup leave the question
    open instead.
    """
    return (*_missing(completeness, live, obstacles), *_unread(live))


def _once(found: Iterable[BackedUpObject]) -> Iterable[BackedUpObject]:
    """Return each object once, though a backup may hold it in several API versions.

    Where only some of its entries explain an absence, it is not explained.
    """
    unique: dict[ObjectKey, BackedUpObject] = {}
    for obj in found:
        known = unique.setdefault(obj.key, obj)
        if known.explanation is not None and obj.explanation is None:
            unique[obj.key] = obj
    return unique.values()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    namespaces: Mapping[str, str]
    rules: tuple[LeftOutRule, ...]
    live: LiveNames
    owned_out: Mapping[ObjectKey, str]

    def row(self, key: tuple[str, str], group: Iterable[BackedUpObject]) -> CompletenessRow:
        resource, namespace = key
        members = sorted(group, key=lambda obj: obj.key)
        left_out: dict[str, str] = {}
        explained: dict[str, str] = {}
        missing: list[str] = []
        restored = 0
        for obj in members:
            if reason := self._left_out(obj):
                left_out[obj.key.name] = reason
            elif self._is_live(obj):
                restored += 1
            elif reason := self._explanation(obj):
                explained[obj.key.name] = reason
            else:
                missing.append(obj.key.name)
        return CompletenessRow(
            resource=resource,
            namespace=namespace,
            in_backup=len(members),
            restored=restored,
            left_out=left_out,
            explained=explained,
            missing=tuple(missing),
        )

    def _left_out(self, obj: BackedUpObject) -> str | None:
        if obj.explanation is not None and not self._is_live(obj):
            return None
        rule = rule_for(self.rules, obj.key.resource)
        if rule is not None:
            return rule.reason
        if obj.key in self.owned_out:
            return self.owned_out[obj.key]
        if obj.key.namespace or obj.key.resource in {"namespaces", "persistentvolumes"}:
            return None
        return CLUSTER_SCOPED

    def _is_live(self, obj: BackedUpObject) -> bool:
        present = self.live.present.get(obj.key.resource, frozenset())
        if obj.key.resource == "namespaces":
            return ("", self.namespaces.get(obj.key.name, "")) in present
        if not obj.key.namespace:
            return False
        return (self.namespaces[obj.key.namespace], obj.key.name) in present

    def _explanation(self, obj: BackedUpObject) -> str | None:
        if obj.explanation is not None:
            return obj.explanation
        if obj.key.resource == "namespaces" and obj.key.name not in self.namespaces:
            return "the scenario does not map this namespace"
        if obj.key.resource == "persistentvolumes":
            return NEW_VOLUME
        if obj.key.resource in (self.live.unread or {}):
            return "could not be looked at"
        if obj.owner is not None and obj.key.resource in REMADE_BY_OWNER:
            return f"its controller, {obj.owner}, makes its own"
        return None


def _missing(
    completeness: Completeness, live: LiveNames, obstacles: Obstacles
) -> Iterable[Finding]:
    if obstacles.broken_off is not None:
        yield from _not_reached(completeness, obstacles.broken_off)
        return
    for whole in completeness.rows:
        yield from _in_other_versions(whole, live)
        known = live.unserved
        left = tuple(n for n in whole.missing if _key(whole, n) not in known)
        row = replace(whole, missing=left)
        if not row.missing:
            continue
        if row.resource in live.not_served:
            found = _absent(row, "kind-not-served", Cause.ENVIRONMENT, NOT_SERVED, MAKE_SERVED)
            yield replace(found, severity=Severity.WARNING, unanswered=True)
        elif obstacles.cause is not None and obstacles.explain(row.missing):
            found = _absent(row, "object-refused", obstacles.cause, REFUSED, SEE_ERRORS)
            yield replace(found, severity=Severity.WARNING, unanswered=True)
        else:
            yield _absent(row, "object-missing", Cause.BACKUP, "", SEE_ERRORS)


def _in_other_versions(row: CompletenessRow, live: LiveNames) -> Iterable[Finding]:
    """Yield what is missing because the cluster does not serve the version that was archived."""
    kinds: dict[Kind, list[str]] = defaultdict(list)
    for name in row.missing:
        if kind := live.unserved.get(_key(row, name)):
            kinds[kind].append(name)
    for kind, names in kinds.items():
        subject = f"{kind.api_version} {kind.kind}"
        code = "kind-not-served" if row.resource in live.not_served else "version-not-served"
        some = replace(row, missing=tuple(names))
        why = f" because the cluster does not serve {subject}"
        found = _absent(some, code, Cause.ENVIRONMENT, why, MAKE_SERVED)
        yield replace(found, severity=Severity.WARNING, subject=subject, unanswered=True)


def _key(row: CompletenessRow, name: str) -> ObjectKey:
    return ObjectKey(resource=row.resource, namespace=row.namespace, name=name)


NOT_SERVED = " because the cluster does not serve this kind"
MAKE_SERVED = "Install the CustomResourceDefinition or API version that the backup needs."
REFUSED = " because the cluster refused them, which says nothing about the backup"
SEE_ERRORS = "Look for these names in the engine's restore errors and warnings."
SHOWN = 5


def _not_reached(completeness: Completeness, cause: Cause) -> Iterable[Finding]:
    """Yield one finding for all that a restore did not come to."""
    missing = [f"{row.resource} {name}" for row in completeness.rows for name in row.missing]
    if missing:
        yield Finding(
            code="objects-not-reached",
            severity=Severity.WARNING,
            cause=cause,
            subject="sandbox",
            message=f"The restore was broken off before {len(missing)} objects came back, "
            "which says nothing about the backup.",
            remedy="Mend what broke the restore off, then drill again.",
            unanswered=True,
        )


def _absent(row: CompletenessRow, code: str, cause: Cause, why: str, remedy: str) -> Finding:
    names = ", ".join(row.missing[:SHOWN]) + (" …" if len(row.missing) > SHOWN else "")
    return Finding(
        code=code,
        severity=Severity.CRITICAL,
        cause=cause,
        subject=f"{row.resource} in {row.namespace or 'the cluster'}",
        message=(
            f"{len(row.missing)} of {row.in_backup} {row.resource} did not come back{why}: {names}."
        ),
        remedy=remedy,
    )


def _unread(live: LiveNames) -> Iterable[Finding]:
    for resource, refusal in sorted((live.unread or {}).items()):
        yield Finding(
            code="kind-not-read",
            severity=Severity.WARNING,
            cause=Cause.CONFIGURATION,
            subject=resource,
            message=f"{resource} in the sandbox could not be listed: {refusal}.",
            remedy=f"Give the drill's service account the right to list {resource}.",
            unanswered=True,
        )
