"""The act of policy: fed from a drill's state, its findings written back to it."""

from collections.abc import Iterator

from drills.engine import EngineAudit
from drills.findings import Finding
from drills.policy.judging import Promise, judge_backups
from drills.state import Drill
from scenarios.model import Scenario


def act_policy(drill: Drill) -> None:
    """Hold the engine's backups to what the scenario promises; nothing is made."""
    notes = drill.notes
    with notes.stage("policy") as note:
        audit = drill.engine.audit()
        known = {(f.code, f.subject) for f in notes.findings}
        found = tuple(
            finding
            for finding in _found(drill, audit)
            if (finding.code, finding.subject) not in known
        )
        notes.findings += found
        note.message = f"{len(notes.backups)} backups, {len(found)} findings"


def _found(drill: Drill, audit: EngineAudit) -> Iterator[Finding]:
    notes = drill.notes
    yield from audit.findings
    yield from judge_backups(
        notes.backups, audit.schedules, promise_of(drill.scenario), notes.started_at
    )


def promise_of(scenario: Scenario) -> Promise:
    """Return what a scenario holds its backups to."""
    return Promise(
        retention=scenario.retention,
        rpo=scenario.objectives.rpo,
        lookback=scenario.objectives.lookback,
        namespaces=tuple(scenario.restore.namespaces),
    )
