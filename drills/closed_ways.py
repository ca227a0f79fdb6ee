"""Probes whose way the drill itself closed: known before the restore, and not asked. Pure.

What the drill changed so that the copy does no harm says nothing of the backup, whatever a probe
would find there.

| the probe names a          | that                                     | it is       |
|----------------------------|------------------------------------------|-------------|
| Service in the backup      | is of type ExternalName                  | not asked   |
|                            | has no selector; endpoints are left out  | not asked   |
|                            | has no selector; endpoints are allowed   | asked       |
|                            | has a selector                           | asked       |
| object in the backup that  | is of a kind that drills leave out       | not asked   |
| shall be there (resource)  | is of a kind that the scenario excludes  | refused (*) |

(*) by `drills.probe_targets`, since the scenario contradicts itself.

An ExternalName is led nowhere, or by rewriteNames to another Service: no pod stands behind it
either way. Endpoints made by hand point at what is outside of the sandbox.
"""

from collections.abc import Iterator, Mapping

from drills import objects
from drills.backups import BackedUpObject, Inventory, ObjectKey
from drills.engine import LeftOutRule
from drills.findings import Cause, Finding, Severity
from drills.plan import EXCLUDED, REBUILT, rule_for
from drills.probe_targets import Target, targets_of
from scenarios.model import ProbeSpec

CODE = "probe-closed-by-drill"
ENDPOINTS = ("endpoints", "endpointslices.discovery.k8s.io")
SERVICES = "services"


def closed_ways(
    probes: tuple[ProbeSpec, ...],
    inventory: Inventory,
    sources: tuple[str, ...],
    rules: tuple[LeftOutRule, ...],
) -> Mapping[str, str]:
    """Return the probes that the drill keeps from their target, with the reason."""
    held = {obj.key: obj for obj in inventory.objects}
    found: dict[str, str] = {}
    for probe in probes:
        for target in targets_of(probe, inventory, sources):
            why = _why(target, probe, held, rules)
            if why:
                found.setdefault(probe.name, why)
    return found


def closed_findings(probes: tuple[ProbeSpec, ...], closed: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding for each probe that is not asked; an optional one is only noted."""
    for probe in probes:
        if probe.name in closed:
            yield Finding(
                code=CODE,
                severity=Severity.WARNING if probe.required else Severity.INFO,
                cause=Cause.ISOLATION,
                subject=f'probe "{probe.name}"',
                message=f'Probe "{probe.name}" is not asked: {closed[probe.name]}.',
                remedy=(
                    "Ask a workload or a pod of the sandbox, or a Service with a selector; allow a"
                    " kind (restore.allow) where its copy does no harm; or make the probe optional"
                    " (required: false)."
                ),
                unanswered=probe.required,
            )


def _why(
    target: Target,
    probe: ProbeSpec,
    held: Mapping[ObjectKey, BackedUpObject],
    rules: tuple[LeftOutRule, ...],
) -> str:
    """Return why the drill keeps the probe from its target, '' where it does not."""
    if target.resource == SERVICES and not target.sought:
        service = held.get(_key(target, SERVICES))
        closed = _closed(service, rules) if service is not None else ""
        return f"the drill closed this way: {target} {closed}" if closed else ""
    if not target.sought or probe.expect.get("exists") is False:
        return ""
    rule = rule_for(rules, target.resource)
    if rule is None or rule.reason == EXCLUDED or not _is_held(target, held):
        return ""
    service = held.get(_key(target, SERVICES))
    if rule.reason == REBUILT and (service is None or not _closed(service, rules)):
        return ""
    return f"the drill leaves {target.resource} out ({rule.reason}), so {target} is not there"


def _closed(service: BackedUpObject, rules: tuple[LeftOutRule, ...]) -> str:
    """Return what the drill did to a Service, '' where it works as ever."""
    spec = objects.mapping(service.body, "spec")
    if objects.text(spec, "type") == "ExternalName":
        return "is an ExternalName, which leads to no pod of the sandbox"
    if not spec or objects.mapping(spec, "selector"):
        return ""
    if any(rule_for(rules, kind) is None for kind in ENDPOINTS):
        return ""
    return "has no selector, and endpoints made by hand are left out (restore.allow)"


def _key(target: Target, resource: str) -> ObjectKey:
    return ObjectKey(resource=resource, namespace=target.namespace, name=target.name)


def _is_held(target: Target, held: Mapping[ObjectKey, BackedUpObject]) -> bool:
    if target.name:
        return _key(target, target.resource) in held
    place = (target.resource, target.namespace)
    return any((key.resource, key.namespace) == place for key in held)
