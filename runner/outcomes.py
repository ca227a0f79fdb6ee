"""From a drill's record to its exit code."""

from drills.record import CleanupOutcome, DrillRecord, Verdict
from runner.exit_codes import ExitCode


def exit_code(record: DrillRecord) -> ExitCode:
    """Return the exit code of one drill."""
    if record.verdict is Verdict.FAILED:
        return ExitCode.FAILED
    if record.verdict is Verdict.INCONCLUSIVE:
        return ExitCode.INCONCLUSIVE
    if record.cleanup.outcome is CleanupOutcome.LEFTOVERS:
        return ExitCode.LEFTOVERS
    return ExitCode.OK
