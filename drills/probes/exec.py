"""The `exec` probe: what does a command inside the restored application say?

The command runs in a ready pod of the workload, and runs again when its answer does not fit, so it
should only read. Exit code 0 is expected unless `expect` says otherwise.
"""

from drills import objects
from drills.expectations import Mismatch
from drills.probes.contract import Answer, ProbeContext
from drills.probes.outputs import judged
from drills.probes.workloads import asked_pod
from scenarios.model import ProbeSpec


class ExecProbe:
    """Keeps `Probe`."""

    kind = "exec"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Run the command once; raises CannotAsk, Unreachable, Forbidden."""
        question, namespace = spec.question, context.sandbox(spec.question)
        target = asked_pod(context.cluster, namespace, question)
        if isinstance(target, Mismatch):
            return Answer(observed={"pod": target.observed}, mismatches=(target,))
        said = context.cluster.exec(
            namespace,
            target.pod,
            target.container,
            [str(word) for word in objects.items(question, "command")],
            timeout=timeout,
        )
        return judged(
            spec.expect,
            said.exit_code,
            {"stdout": said.stdout, "stderr": said.stderr},
            context,
            simulated=said.simulated,
            cut=said.cut,
        )


PROBE = ExecProbe()
