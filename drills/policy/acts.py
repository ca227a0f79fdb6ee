"""The act of policy: fed from a drill's state, its findings written back to it."""

from drills.policy.judging import Promise, judge_backups
from drills.state import Drill
from scenarios.model import Scenario


def act_policy(drill: Drill) -> None:
    """Hold the engine's backups to what the scenario promises; nothing is made."""
    notes = drill.notes
    with notes.stage("policy") as note:
        audit = drill.engine.audit()
        found = (
            *audit.findings,
            *judge_backups(
                notes.backups, audit.schedules, promise_of(drill.scenario), notes.started_at
            ),
        )
        notes.findings += found
        note.message = f"{len(notes.backups)} backups, {len(found)} findings"


def promise_of(scenario: Scenario) -> Promise:
    """Return what a scenario holds its backups to."""
    return Promise(
        retention=scenario.retention,
        rpo=scenario.objectives.rpo,
        lookback=scenario.objectives.lookback,
        namespaces=tuple(scenario.restore.namespaces),
    )
