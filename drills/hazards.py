"""Hazards: restored objects that could act on the world. Pure: objects in, cures out.

A resource modifier that fails still lets Velero create the object unmodified, so the outcome is
looked at afterwards and whatever is live is neutralised at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from drills import marks, objects
from drills.engine import LeftOutRule
from drills.findings import Cause, Finding, Severity
from drills.live import LiveSandbox
from drills.names import NameMap
from drills.objects import KubeObject
from drills.plan import EXCLUDED, REBUILT, rule_for

DNS_ANNOTATION = "external-dns.alpha.kubernetes.io/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """One live object with what makes it harmless: a merge patch, or None to delete it."""

    resource: str
    obj: KubeObject
    danger: str
    patch: Mapping[str, object] | None
    stilled: bool = False
    """Whether it came back unable to do anything: then only its removal is told."""


def hazards(
    live: LiveSandbox,
    rules: tuple[LeftOutRule, ...],
    names: NameMap | None = None,
    owned_out: Mapping[tuple[str, str, str], str] | None = None,
) -> tuple[Hazard, ...]:
    """Return every object in the sandbox that could act outside it.

    An alias is no hazard where `names` knows that it leads to a Service of the sandbox.
    `owned_out`: (`plural.group`, sandbox namespace, name) of what stays out with its owner.
    """
    return (
        *_services(live.objects.get("services", ()), names),
        *_cron_jobs(live.objects.get("cronjobs.batch", ())),
        *_left_out_but_there(live, rules),
        *_owned_but_there(live, owned_out or {}),
    )


def is_dangerous(rules: tuple[LeftOutRule, ...], resource: str) -> bool:
    """Return whether the kind is left out for what it could do, and not for another reason."""
    rule = rule_for(rules, resource)
    return rule is not None and rule.reason not in {REBUILT, EXCLUDED}


def finding_of(hazard: Hazard, neutralised: str) -> Finding:
    """Return the critical finding; `neutralised` says how it was made harmless."""
    where = f"{objects.namespace(hazard.obj)}/{objects.name(hazard.obj)}"
    if hazard.stilled:
        return Finding(
            code="left-out-removed",
            severity=Severity.INFO,
            cause=Cause.CONFIGURATION,
            subject=f"{hazard.resource} {where}",
            message=f"It came back unable to do anything: {hazard.danger}. {neutralised}",
            remedy="Nothing to do; to have it come back, put its owner's kind under restore.allow.",
        )
    return Finding(
        code="hazard-live",
        severity=Severity.CRITICAL,
        cause=Cause.ISOLATION,
        subject=f"{hazard.resource} {where}",
        message=f"It was restored live: {hazard.danger}. {neutralised}",
        remedy="Read the restore's errors: the rule that should have prevented this did not work.",
    )


def _services(found: Iterable[KubeObject], names: NameMap | None) -> Iterator[Hazard]:
    for service in found:
        kind = objects.text(service, "spec", "type")
        external = objects.items(service, "spec", "externalIPs")
        annotations = objects.mapping(service, "metadata", "annotations")
        dns = [key for key in annotations if key.startswith(DNS_ANNOTATION)]
        if kind in {"LoadBalancer", "NodePort"}:
            danger = f"a Service of type {kind} is reachable from outside"
        elif kind == "ExternalName":
            alias = objects.text(service, "spec", "externalName")
            if names is not None and names.leads_inside(alias):
                continue
            danger = f"it leads out of the sandbox to {alias}"
        elif external:
            danger = "it answers on external addresses"
        elif dns:
            danger = "external-dns would publish it"
        else:
            continue
        patch = None if kind == "ExternalName" else closed_service(service)
        yield Hazard(resource="services", obj=service, danger=danger, patch=patch)


def closed_service(service: KubeObject) -> dict[str, object]:
    """Return the merge patch that makes a Service reachable from inside the cluster only.

    A merge patch replaces the whole ports list, so the ports are written out without nodePort:
    the API server refuses a nodePort on a ClusterIP Service.
    """
    ports = [
        {key: value for key, value in objects.mapping(port).items() if key != "nodePort"}
        for port in objects.items(service, "spec", "ports")
    ]
    annotations = objects.mapping(service, "metadata", "annotations")
    return {
        "metadata": {"annotations": {k: None for k in annotations if k.startswith(DNS_ANNOTATION)}},
        "spec": {
            "type": "ClusterIP",
            "ports": ports,
            "externalIPs": None,
            "externalTrafficPolicy": None,
            "allocateLoadBalancerNodePorts": None,
            "healthCheckNodePort": None,
            "loadBalancerClass": None,
            "loadBalancerIP": None,
            "loadBalancerSourceRanges": None,
        },
    }


def _cron_jobs(found: Iterable[KubeObject]) -> Iterator[Hazard]:
    for job in found:
        if objects.dig(job, "spec", "suspend") is not True:
            yield Hazard(
                resource="cronjobs.batch",
                obj=job,
                danger="a CronJob that is not suspended fires",
                patch={"spec": {"suspend": True}},
            )


def _left_out_but_there(live: LiveSandbox, rules: tuple[LeftOutRule, ...]) -> Iterator[Hazard]:
    """Yield objects of dangerous kinds that nobody was to restore.

    What the scenario itself excludes is a wish, not a danger: Kubernetes makes `kube-root-ca.crt`,
    the default ServiceAccount and pods by itself, in every namespace.
    """
    for resource, found in live.objects.items():
        rule = rule_for(rules, resource)
        if rule is None or not is_dangerous(rules, resource):
            continue
        for obj in found:
            if marks.drill_of(obj) is None:
                yield Hazard(resource=resource, obj=obj, danger=rule.reason, patch=None)


def _owned_but_there(
    live: LiveSandbox, owned_out: Mapping[tuple[str, str, str], str]
) -> Iterator[Hazard]:
    """Yield objects that should have stayed out with what owns them."""
    for resource, found in live.objects.items() if owned_out else ():
        for obj in found:
            why = owned_out.get((resource, objects.namespace(obj), objects.name(obj)))
            if why is not None:
                still = objects.text(obj, "metadata", "annotations", marks.STILLED) == "true"
                yield Hazard(resource=resource, obj=obj, danger=why, patch=None, stilled=still)
