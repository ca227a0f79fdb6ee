"""Whom the probes ask, looked for in the backup before anything is restored. Pure.

| the target is              | and                               | finding                 |
|----------------------------|-----------------------------------|-------------------------|
| in the backup              | the scenario leaves its kind out  | exclude-keeps-probe-out |
| a Service or workload that | the source has it                 | none: the probe fails   |
| the backup does not hold   | the backup has none of its kind   | none: the probe fails   |
|                            | an operator may make it           | only where a slip away  |
|                            | otherwise                         | unknown-probe-target    |
| an object (`resource`) by  | one in the backup is a slip away  | unknown-probe-target    |
| name, not in the backup    | otherwise                         | none: that is an answer |

A `resource` probe asks whether something came back, so that a name that is not there is its answer.
Names of pods are given by their controllers and say nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from drills import objects
from drills.backups import Inventory
from drills.engine import LeftOutRule
from drills.exclusions import excluded
from drills.findings import Finding
from drills.spelling import misspelt, what_there_is
from drills.unknown_names import wrong
from scenarios.model import ProbeSpec

WORKLOADS: Mapping[str, str] = {
    "deployment": "deployments.apps",
    "statefulset": "statefulsets.apps",
    "daemonset": "daemonsets.apps",
}
"""Workloads whose names are their author's; those of pods and ReplicaSets are a controller's."""
KINDS: Mapping[str, str] = {
    "deployments.apps": "Deployment",
    "statefulsets.apps": "StatefulSet",
    "daemonsets.apps": "DaemonSet",
}
InSource = Callable[["Target"], bool | None]
"""Whether the live source has it; None where that could not be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One object that a probe names."""

    probe: str
    resource: str
    kind: str
    api_version: str
    namespace: str
    name: str
    sought: bool = False
    """Whether the probe asks if it is there at all."""

    def __str__(self) -> str:
        """Return `Service production/shop`."""
        return f"{self.kind} {self.namespace}/{self.name}"


def target_findings(
    probes: tuple[ProbeSpec, ...],
    inventory: Inventory,
    sources: tuple[str, ...],
    rules: tuple[LeftOutRule, ...],
    in_source: InSource,
) -> Iterator[Finding]:
    """Yield what required probes name that the scenario leaves out or nobody knows."""
    for probe in probes:
        for target in targets_of(probe, inventory, sources) if probe.required else ():
            found = _judged(target, inventory, rules, in_source)
            if found is not None:
                yield found


def targets_of(
    probe: ProbeSpec, inventory: Inventory, sources: tuple[str, ...]
) -> Iterator[Target]:
    """Yield the objects that a probe names: its Service, its workload, or the one it looks for."""
    nested = (part for part in probe.question.values() if isinstance(part, Mapping))
    for part in (probe.question, *nested):
        namespace = _namespace(part, sources) or _namespace(probe.question, sources)
        if not namespace:
            continue
        if service := objects.text(part, "service"):
            yield Target(
                probe=probe.name,
                resource="services",
                kind="Service",
                api_version="v1",
                namespace=namespace,
                name=service.partition(".")[0],
            )
        word, _, name = objects.text(part, "workload").partition("/")
        if name and word.lower() in WORKLOADS:
            yield Target(
                probe=probe.name,
                resource=WORKLOADS[word.lower()],
                kind=KINDS[WORKLOADS[word.lower()]],
                api_version="apps/v1",
                namespace=namespace,
                name=name,
            )
    if probe.kind == "resource":
        yield from _sought(probe, inventory, sources)


def _namespace(part: object, sources: tuple[str, ...]) -> str:
    return objects.text(part, "namespace") or (sources[0] if len(sources) == 1 else "")


def _sought(probe: ProbeSpec, inventory: Inventory, sources: tuple[str, ...]) -> Iterator[Target]:
    question = probe.question
    kind, name = objects.text(question, "kind"), objects.text(question, "name")
    group = objects.text(question, "apiVersion").rpartition("/")[0]
    resources = {
        o.key.resource
        for o in inventory.objects
        if o.kind == kind and o.api_version.rpartition("/")[0] == group and o.key.namespace
    }
    namespace = _namespace(question, sources)
    if not namespace or kind == "Pod" or _may_be_none(probe.expect):
        return
    for resource in sorted(resources):
        yield Target(
            probe=probe.name,
            resource=resource,
            kind=kind,
            api_version=objects.text(question, "apiVersion"),
            namespace=namespace,
            name=name,
            sought=True,
        )


def _may_be_none(expect: Mapping[str, object]) -> bool:
    """Return whether the probe is content where nothing is there."""
    count = expect.get("count")
    if isinstance(count, Mapping):
        least = count.get("min")
        return not (isinstance(least, int | float) and least > 0) and "max" in count
    return count == 0


def _judged(
    target: Target, inventory: Inventory, rules: tuple[LeftOutRule, ...], in_source: InSource
) -> Finding | None:
    held = {
        o.key.name
        for o in inventory.objects
        if o.key.resource == target.resource and o.key.namespace == target.namespace
    }
    if held and excluded(rules, target.resource):
        return _left_out(target) if target.name in held or not target.name else None
    if not target.name or target.name in held or not held:
        return None
    sure = misspelt(target.name, held) is not None
    if not sure and (target.sought or inventory.operated):
        return None
    return None if in_source(target) else _unknown(target, held)


def _left_out(target: Target) -> Finding:
    return wrong(
        "exclude-keeps-probe-out",
        f'probe "{target.probe}"',
        f'Probe "{target.probe}" asks {target}, and the scenario leaves {target.resource} out.',
        f"Take {target.resource} out of restore.exclude, or do without this probe.",
    )


def _unknown(target: Target, held: set[str]) -> Finding:
    return wrong(
        "unknown-probe-target",
        f'probe "{target.probe}"',
        f'Probe "{target.probe}" asks {target}, which the backup does not hold. '
        f"{what_there_is(target.name, held)}",
        "Correct the name in the probe; if production has it, see why the backup does not.",
    )
