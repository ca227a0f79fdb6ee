"""What is known before a restore not to come back or not to be answered here, and by whose limits.

In: the scenario, the order, the target cluster, the engine. Out: a Foreseen. Nothing is made. What
this finds leaves questions open: it is the cluster that cannot, and says nothing of the backup.
The restore goes on all the same, since the rest of it can be drilled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from drills.backups import ObjectKey
from drills.closed_ways import closed_findings, closed_ways
from drills.engine import Engine, ForeseesVolumes, RestoreOrder, Unfillable
from drills.findings import Cause, Finding, Severity
from drills.foreseen_claims import CODE, unbindable
from drills.plan import rule_for
from drills.ports import Abilities, Cluster, Kind
from drills.probes.ways import ways_of
from drills.storage_classes import CLAIMS
from drills.unserved import finding_of, removed_notes, unserved_keys, unserved_kinds
from scenarios.model import ProbeSpec, Scenario

SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What the target cluster cannot do for this drill."""

    unserved: Mapping[ObjectKey, Kind] = field(default_factory=dict)
    """Objects in a version that it does not serve, with their kind."""
    volumes: frozenset[tuple[str, str]] = frozenset()
    """(source namespace, claim) whose data it cannot bring back."""
    probes: Mapping[str, str] = field(default_factory=dict)
    """Names of probes that nobody there can answer, with the reason."""
    closed: Mapping[str, str] = field(default_factory=dict)
    """Names of probes whose way the drill itself closes, with the reason."""
    findings: tuple[Finding, ...] = ()

    @property
    def stands_still(self) -> bool:
        """Return whether a restore would wait for what never comes."""
        return any(finding.code == CODE for finding in self.findings)

    def told(self, finding: Finding) -> bool:
        """Return whether a finding made after the restore only repeats what was foreseen."""
        if finding.code == "volume-unknown":
            place = finding.subject.partition(" ")[2].partition("/")
            return (place[0], place[2]) in self.volumes
        return any((f.code, f.subject) == (finding.code, finding.subject) for f in self.findings)


def foresee(cluster: Cluster, engine: Engine, scenario: Scenario, order: RestoreOrder) -> Foreseen:
    """Return what this cluster cannot do; raises what keeps us from asking it."""
    abilities = cluster.abilities()
    kinds = unserved_kinds(cluster, order)
    lost = _unfillable(engine, order)
    mute = tuple(spec for spec in scenario.probes if not abilities.answers_probe(ways_of(spec)))
    version = cluster.version()
    sources = tuple(order.namespaces)
    closed = closed_ways(scenario.probes, order.inventory, sources, order.left_out)
    return Foreseen(
        unserved=unserved_keys(kinds),
        volumes=frozenset(claim for one in lost for claim in one.claims),
        probes={spec.name: _reason(spec, abilities) for spec in mute},
        closed=closed,
        findings=(
            *(finding_of(one, order.inventory, version) for one in kinds),
            *removed_notes(cluster, order),
            *map(_volumes, lost),
            *unbindable(cluster, order),
            *probe_findings(mute, abilities),
            *closed_findings(scenario.probes, closed),
        ),
    )


def _unfillable(engine: Engine, order: RestoreOrder) -> tuple[Unfillable, ...]:
    """Return what the engine foresees; a restore that leaves claims out fills none."""
    if not isinstance(engine, ForeseesVolumes) or rule_for(order.left_out, CLAIMS) is not None:
        return ()
    return tuple(engine.unfillable(order))


def _volumes(lost: Unfillable) -> Finding:
    names = ", ".join(f"{namespace}/{claim}" for namespace, claim in lost.claims[:SHOWN])
    more = f" and {len(lost.claims) - SHOWN} more" if len(lost.claims) > SHOWN else ""
    return Finding(
        code="volume-not-drillable-here",
        severity=Severity.WARNING,
        cause=Cause.ENVIRONMENT,
        subject=f"volumes by {lost.means}",
        message=(
            f"{lost.why}, so the data of {len(lost.claims)} persistentvolumeclaim(s) cannot come "
            f"back here: {names}{more}."
        ),
        remedy=lost.remedy,
        unanswered=True,
    )


def probe_findings(mute: Iterable[ProbeSpec], abilities: Abilities) -> Iterable[Finding]:
    """Yield what to say of probes that nobody answers; optional ones are only noted."""
    for required in (True, False):
        group = [spec for spec in mute if spec.required is required]
        if group:
            yield _probes(group, abilities, required=required)


def _probes(group: list[ProbeSpec], abilities: Abilities, *, required: bool) -> Finding:
    word = "required" if required else "optional"
    names = ", ".join(f'"{spec.name}" ({spec.kind})' for spec in group[:SHOWN])
    more = f" and {len(group) - SHOWN} more" if len(group) > SHOWN else ""
    return Finding(
        code="probe-not-answerable-here",
        severity=Severity.WARNING if required else Severity.INFO,
        cause=Cause.ENVIRONMENT,
        subject=f"{word} probes",
        message=(
            f"{_capital(abilities.name)} runs no containers, and no stand-in answers for "
            f"{len(group)} {word} probe(s): {names}{more}."
        ),
        remedy=(
            "Drill on a real cluster for an answer, or register a stand-in (cluster.standIns, "
            "--stand-in); probes of kind resource are answered here too."
        ),
        unanswered=required,
    )


def _reason(spec: ProbeSpec, abilities: Abilities) -> str:
    return f"{abilities.name} runs no containers, and no stand-in answers {spec.kind} probes"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
