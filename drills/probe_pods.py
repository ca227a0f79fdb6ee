"""What the probes want of pods, held against the backup before anything is restored. Pure.

| a required probe names | and the backup                              | finding                 |
|------------------------|---------------------------------------------|-------------------------|
| a container            | has none of that name in the workload, nor  | unknown-probe-container |
|                        | in any pod of its namespace                 |                         |
| an init container,     | has it in the workload                      | unknown-probe-container |
| and wants no log       |                                             |                         |
| a Job                  | has it, and drill or restore leave it out   | probe-target-stays-out  |

A container that only pods have was put there by an admission webhook, as meshes do it: the copy may
get it too. A workload whose pods are not known says nothing.
"""

from collections.abc import Iterator, Mapping

from drills import objects
from drills.backups import BackedUpObject, Inventory
from drills.engine import LeftOutRule
from drills.findings import Finding
from drills.plan import rule_for
from drills.pod_specs import pod_spec
from drills.probes.pod_containers import lasting, trouble_with
from drills.unknown_names import wrong
from scenarios.model import ProbeSpec

RESOURCES: Mapping[str, str] = {
    "deployment": "deployments.apps",
    "statefulset": "statefulsets.apps",
    "daemonset": "daemonsets.apps",
    "replicaset": "replicasets.apps",
    "job": "jobs.batch",
    "pod": "pods",
}
JOBS = "jobs.batch"


def pod_findings(
    probes: tuple[ProbeSpec, ...],
    inventory: Inventory,
    sources: tuple[str, ...],
    rules: tuple[LeftOutRule, ...],
) -> Iterator[Finding]:
    """Yield what required probes want of pods that the backup shows cannot be."""
    for probe in probes:
        nested = [part for part in probe.question.values() if isinstance(part, Mapping)]
        for part in (probe.question, *nested) if probe.required else ():
            space = objects.text(part, "namespace") or objects.text(probe.question, "namespace")
            known = _workload(part, inventory, space or (sources[0] if len(sources) == 1 else ""))
            if known is not None:
                found = _stays_out(probe, known, rules) or _container(probe, part, known, inventory)
                yield from (found,) if found else ()


def _workload(part: object, inventory: Inventory, namespace: str) -> BackedUpObject | None:
    word, _, name = objects.text(part, "workload").partition("/")
    wanted = (RESOURCES.get(word.lower(), ""), namespace, name)
    return next(
        (o for o in inventory.objects if (o.key.resource, o.key.namespace, o.key.name) == wanted),
        None,
    )


def _stays_out(
    probe: ProbeSpec, known: BackedUpObject, rules: tuple[LeftOutRule, ...]
) -> Finding | None:
    if known.key.resource != JOBS:
        return None
    rule = rule_for(rules, JOBS)
    reason = known.explanation or (rule.reason if rule else "")
    if not reason:
        return None
    allow = "Ask something else for what it did"
    if not known.explanation:
        allow = "Say restore.allow: [jobs.batch] to have it back, and run again; or ask another"
    return wrong(
        "probe-target-stays-out",
        f'probe "{probe.name}"',
        f'Probe "{probe.name}" asks Job {known.key.namespace}/{known.key.name}, which a restore '
        f"does not bring back: {reason}.",
        f"{allow}, or do without this probe.",
    )


def _container(
    probe: ProbeSpec, part: object, known: BackedUpObject, inventory: Inventory
) -> Finding | None:
    wanted = objects.text(part, "container")
    spec = pod_spec(known.key.resource, known.body or {})
    if not wanted or not spec:
        return None
    trouble = trouble_with(spec, wanted, log=probe.kind == "logs")
    if trouble is None or _put_in(wanted, known.key.namespace, inventory):
        return None
    place = f"{known.kind} {known.key.namespace}/{known.key.name}"
    return wrong(
        "unknown-probe-container",
        f'probe "{probe.name}"',
        f'Probe "{probe.name}" asks container {wanted} of {place}: {trouble}.',
        "Correct `container` in the probe, or leave it out for the pod's default one.",
    )


def _put_in(container: str, namespace: str, inventory: Inventory) -> bool:
    """Return whether a backed-up pod runs such a container, whoever put it there."""
    return any(
        container in set(lasting(pod_spec("pods", o.body or {})))
        for o in inventory.objects
        if o.key.resource == "pods" and o.key.namespace == namespace
    )
