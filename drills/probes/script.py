"""The `script` probe: what does a command on this machine say of the restored application?

Runs the user's own command, never through a shell, with the sandbox's coordinates in its
environment. Of our own environment it gets PATH, HOME and the way to the cluster, and no more:
what else it needs, the scenario names in `env`.
"""

import json
from collections.abc import Mapping

from drills import objects
from drills.errors import CannotAsk
from drills.findings import Cause
from drills.probes.contract import Answer, ProbeContext
from drills.probes.outputs import judged
from scenarios.model import ProbeSpec


class ScriptProbe:
    """Keeps `Probe`."""

    kind = "script"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Run the command once; raises CannotAsk, DeadlinePassed, Misconfigured."""
        if context.shell is None:
            raise CannotAsk("no local commands may run here", cause=Cause.RUNNER)
        said = context.shell.run(
            [str(word) for word in objects.items(spec.question, "command")],
            env=_environment(spec.question, context),
            timeout=timeout,
        )
        return judged(
            spec.expect,
            said.exit_code,
            {"stdout": said.stdout, "stderr": said.stderr},
            context,
            simulated=context.cluster.embedded,
            cut=said.cut,
        )


def _environment(question: Mapping[str, object], context: ProbeContext) -> Mapping[str, str]:
    sandboxes = context.namespaces
    facts = {
        "DRILL_ID": context.drill_id,
        "DRILL_SANDBOX_NAMESPACES": json.dumps(dict(sandboxes)),
        "DRILL_STARTED_AT": context.reference.isoformat(),
        "DRILL_RESTORE_STARTED_AT": context.restore_started_at.isoformat(),
    }
    if len(sandboxes) == 1:
        facts["DRILL_SANDBOX_NAMESPACE"] = next(iter(sandboxes.values()))
    if context.backup_ended_at is not None:
        facts["DRILL_BACKUP_ENDED_AT"] = context.backup_ended_at.isoformat()
    given = {key: str(value) for key, value in objects.mapping(question, "env").items()}
    return {**context.local, **given, **facts}


PROBE = ScriptProbe()
