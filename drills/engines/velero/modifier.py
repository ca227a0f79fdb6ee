"""The resource modifier: exact rules, generated from the inventory, that keep a copy harmless.

In: the order. Out: rules for Velero's resource modifier (`internal/resourcemodifiers`, v1.18).
Those made here are merge patches, which set or null fields without failing where a field is
absent. Conditions see the object as backed up, so namespaces are those of the source. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from drills import objects
from drills.backups import BackedUpObject
from drills.capping import capping
from drills.engine import RestoreOrder
from drills.engines.velero.hooks import hook_rules
from drills.engines.velero.judgement import tracking_keys
from drills.engines.velero.naming import external_name, name_rules
from drills.engines.velero.owned_selection import stilled
from drills.engines.velero.reclassing import class_rules
from drills.engines.velero.rule import Patch, Rule, merge_rule, veiled
from drills.names import NameMap
from drills.operated import OWN_FINALIZERS
from drills.pod_specs import POD_SPECS

DNS_PREFIX = "external-dns.alpha.kubernetes.io/"

CLOSED: Patch = {
    "type": "ClusterIP",
    "externalTrafficPolicy": None,
    "allocateLoadBalancerNodePorts": None,
    "healthCheckNodePort": None,
    "loadBalancerClass": None,
    "loadBalancerIP": None,
    "loadBalancerSourceRanges": None,
    "externalIPs": None,
}


ARCHIVERS: Mapping[str, Patch] = {
    "clusters.postgresql.cnpg.io": {"spec": {"backup": None, "plugins": None}},
}
"""Databases whose operator writes their log to where production's goes (CloudNativePG's
`barmanObjectStore` and its plug-ins); a copy that the scenario allows gets none of it."""


def rules(order: RestoreOrder, *, veil: bool = False) -> tuple[Rule, ...]:
    """Return the rules for this order; none where nothing needs rewriting.

    With `veil` those that carry settings of the application do not show them: for reports.
    """
    named = name_rules(order).rules
    scope = tuple(
        obj
        for obj in order.inventory.objects
        if obj.key.namespace in order.namespaces
        and obj.key not in order.owned_out
        and not any(fnmatchcase(obj.key.resource, rule.resource) for rule in order.left_out)
    )
    return (
        *_services(scope, order.names),
        *_cron_jobs(scope),
        *_replicas(order),
        *_per_kind(scope),
        *hook_rules(order),
        *class_rules(order),
        *(map(veiled, named) if veil else named),
        *stilled(order),
    )


def _services(scope: Iterable[BackedUpObject], names: NameMap | None) -> Iterator[Rule]:
    for obj in scope:
        if obj.key.resource == "services" and (patch := service_patch(obj, names)):
            yield merge_rule(obj.key.resource, (obj.key.namespace,), patch, name=obj.key.name)


def service_patch(obj: BackedUpObject, names: NameMap | None = None) -> Patch | None:
    """Return what makes a Service harmless, None where it already is.

    A merge patch replaces the whole list of ports, and a ClusterIP Service with an explicit
    nodePort is refused, so the ports are written out from the backup's own copy without it. An
    ExternalName becomes a headless Service without endpoints: its name resolves to nothing, unless
    it is led to a Service of the sandbox.
    """
    spec = objects.mapping(obj.body, "spec")
    annotations = objects.mapping(obj.body, "metadata", "annotations")
    dns = {key: None for key in annotations if key.startswith(DNS_PREFIX)}
    patch: dict[str, object] = {"metadata": {"annotations": dns}} if dns else {}
    kind = objects.text(spec, "type") or "ClusterIP"
    if alias := external_name(obj, names):
        patch["spec"] = {"externalName": alias}
    elif kind == "ExternalName":
        patch["spec"] = {"type": "ClusterIP", "clusterIP": "None", "externalName": None}
    elif kind != "ClusterIP":
        patch["spec"] = {**CLOSED, "ports": _ports(spec)}
    elif objects.items(spec, "externalIPs"):
        patch["spec"] = {"externalIPs": None, "externalTrafficPolicy": None}
    return patch or None


def _ports(spec: object) -> list[dict[str, object]]:
    return [
        {key: value for key, value in objects.mapping(port).items() if key != "nodePort"}
        for port in objects.items(spec, "ports")
    ]


def _cron_jobs(scope: Iterable[BackedUpObject]) -> Iterator[Rule]:
    """Suspend every CronJob of the source namespaces, whatever it says."""
    spaces = {o.key.namespace for o in scope if o.key.resource == "cronjobs.batch"}
    if spaces:
        yield merge_rule("cronjobs.batch", spaces, {"spec": {"suspend": True}})


def _replicas(order: RestoreOrder) -> Iterator[Rule]:
    """Cap the replicas of what may be capped; see `drills.capping` for what may not."""
    for obj in capping(order.inventory, order.namespaces, order.most_replicas).capped:
        patch = {"spec": {"replicas": order.most_replicas}}
        yield merge_rule(obj.key.resource, (obj.key.namespace,), patch, name=obj.key.name)


def _per_kind(scope: tuple[BackedUpObject, ...]) -> Iterator[Rule]:
    """Yield one rule for each kind that has foreign finalizers, GitOps marks or priorities."""
    for resource in sorted({obj.key.resource for obj in scope}):
        members = tuple(obj for obj in scope if obj.key.resource == resource)
        patch = {
            **_metadata_patch(members),
            **_priority_patch(resource, members),
            **ARCHIVERS.get(resource, {}),
        }
        if patch:
            yield merge_rule(resource, {obj.key.namespace for obj in members}, patch)


def _metadata_patch(members: Iterable[BackedUpObject]) -> Patch:
    found: dict[str, object] = {}
    labels: dict[str, None] = {}
    annotations: dict[str, None] = {}
    for obj in members:
        finalizers = {str(f) for f in objects.items(obj.body, "metadata", "finalizers")}
        if finalizers - OWN_FINALIZERS:
            found["finalizers"] = None
        for key in tracking_keys(obj.body):
            (labels if key in objects.labels(obj.body) else annotations)[key] = None
    if labels:
        found["labels"] = labels
    if annotations:
        found["annotations"] = annotations
    return {"metadata": found} if found else {}


def _priority_patch(resource: str, members: Iterable[BackedUpObject]) -> Patch:
    """Take priorities away: a copy must never push production's pods from a full node."""
    path = POD_SPECS.get(resource)
    if path is None or not any(objects.text(o.body, *path, "priorityClassName") for o in members):
        return {}
    patch: dict[str, object] = {"priorityClassName": None, "priority": None}
    for step in reversed(path):
        patch = {step: patch}
    return patch
