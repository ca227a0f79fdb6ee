"""Which open questions about volumes a data probe settled. Pure.

In: the findings so far, the scenario's probes and their records. Out: the findings. An engine's
counters that differ (`volume-fewer`) speak neither for a loss nor against it; the data does.

| a required probe of the claim's namespace that proves data | the question          |
|------------------------------------------------------------|-----------------------|
| passed, asked of the real application                      | a warning that stands |
| was simulated, did not pass, or there is none              | stays open            |
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from drills import objects
from drills.findings import Finding
from drills.record import Outcome, ProbeRecord
from scenarios.model import ProbeSpec, ProofLevel

CODE = "volume-fewer"


def settled(
    findings: Iterable[Finding],
    specs: Iterable[ProbeSpec],
    records: Iterable[ProbeRecord],
    sources: tuple[str, ...],
) -> tuple[Finding, ...]:
    """Return the findings, those that a data probe settled as warnings."""
    passed = {
        one.name
        for one in records
        if one.required
        and one.proves is ProofLevel.DATA
        and one.outcome is Outcome.PASSED
        and not one.simulated
    }
    shown: dict[str, str] = {}
    for spec in specs:
        if spec.name in passed:
            shown.setdefault(_namespace(spec.question, sources), spec.name)
    return tuple(_settled(finding, shown) for finding in findings)


def _settled(finding: Finding, shown: Mapping[str, str]) -> Finding:
    namespace = finding.subject.partition(" ")[2].partition("/")[0]
    if finding.code != CODE or namespace not in shown:
        return finding
    return replace(
        finding,
        unanswered=False,
        message=f'{finding.message} Data probe "{shown[namespace]}" passed all the same.',
    )


def _namespace(question: Mapping[str, object], sources: tuple[str, ...]) -> str:
    return objects.text(question, "namespace") or (sources[0] if len(sources) == 1 else "")
