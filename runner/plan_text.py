"""A plan in words. Pure."""

from collections.abc import Iterator

from drills.proving.guises import MOST, guises
from drills.proving.targets import DNS, planned
from drills.record import Rewriting
from drills.rehearsal import Rehearsal
from drills.samples import Samples
from drills.sandbox import isolation_words
from runner.recorded_text import recorded_lines
from runner.rehearsing import backup_lines, cleanup_lines, closing_line, finding_lines
from scenarios.model import NetworkIsolation, ProbeSpec, Scenario


def plan_lines(scenario: Scenario, rehearsal: Rehearsal, samples: Samples) -> Iterator[str]:
    """Yield the plan; the last line says whether a drill could begin."""
    yield from backup_lines(rehearsal)
    for source, target in rehearsal.namespaces.items():
        yield f"sandbox  {source} -> {target}"
    words = isolation_words(
        scenario.isolation.network,
        embedded=rehearsal.embedded,
        limits=scenario.isolation.limits,
    )
    yield from (f"  {measure}: {state}" for measure, state in words.items())
    yield from _proof(scenario, rehearsal)
    yield from _objects(rehearsal)
    yield from _volumes(rehearsal)
    yield from map(_rewriting, rehearsal.rewritings)
    for probe in scenario.probes:
        yield _probe(probe)
        yield from recorded_lines(scenario, probe, rehearsal.backup, samples)
    yield f"deadline  {scenario.restore.deadline}, cleanup {scenario.cleanup}"
    yield from _tried(rehearsal)
    yield from finding_lines(rehearsal.findings)
    yield from cleanup_lines(rehearsal)
    yield closing_line("plan only, nothing was restored", scenario, rehearsal)


def _proof(scenario: Scenario, rehearsal: Rehearsal) -> Iterator[str]:
    isolation = scenario.isolation
    if isolation.network is not NetworkIsolation.DENY:
        return
    must = ", required" if isolation.require_proof else ""
    spec = rehearsal.prober
    if not spec.image:
        yield f"  proof{must}: none can be had, no prober image is named (--prober-image)"
        return
    yield f"  proof{must}: {spec.image} must reach these before the policy, and not after it"
    for target in planned(spec, rehearsal.inventory, tuple(rehearsal.namespaces)):
        yield f"    {target.words}  {target.address}"
    yield f"    and must still reach {DNS.words} and its neighbours"
    held = rehearsal.inventory.objects if rehearsal.inventory else ()
    found = (obj for obj in held if obj.key not in rehearsal.owned_out)
    worn = guises(found, rehearsal.namespaces, rehearsal.left_out)[:MOST]
    if worn:
        told = ", ".join(f"{guise.workload} in {guise.namespace}" for guise in worn)
        yield f"    with the policy also as pods labelled like those of {told}"


def _objects(rehearsal: Rehearsal) -> Iterator[str]:
    counts = rehearsal.counts()
    for (namespace, resource), (number, reason) in sorted(counts.items()):
        verb = "leave out" if reason else "restore"
        because = f": {reason}" if reason else ""
        yield f"{verb}  {number} {resource} of {namespace}{because}"
    for (namespace, resource, reason), number in sorted(rehearsal.owned().items()):
        yield f"leave out  {number} {resource} of {namespace}: {reason}"


def _volumes(rehearsal: Rehearsal) -> Iterator[str]:
    for volume in rehearsal.inventory.volumes if rehearsal.inventory else ():
        if volume.namespace not in rehearsal.namespaces:
            continue
        state = f"{volume.bytes} bytes" if volume.has_data else f"NO DATA: {volume.reason}"
        yield f"volume  {volume.namespace}/{volume.claim}  {volume.method}  {state}"


def _rewriting(found: Rewriting) -> str:
    change = f"{found.old} -> {found.new}" if found.old else "names of Services; not shown"
    times = f" ({found.count} times)" if found.count > 1 else ""
    return f"rewrite  {found.source} {found.place}: {change}{times}"


def _tried(rehearsal: Rehearsal) -> Iterator[str]:
    if rehearsal.tried is not None:
        accepted, asked = rehearsal.tried.accepted, rehearsal.tried.asked
        where = ", judged by the embedded cluster" if rehearsal.embedded else ""
        yield f"dry run  {accepted} of {asked} objects would be taken{where}"


def _probe(probe: ProbeSpec) -> str:
    need = f", after {', '.join(probe.needs)}" if probe.needs else ""
    must = "required" if probe.required else "optional"
    must = f"pack {probe.pack}, {must}" if probe.pack else must
    return f"probe  {probe.name}  ({probe.kind}, {must}, proves {probe.proves}{need})"
