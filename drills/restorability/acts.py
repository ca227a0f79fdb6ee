"""The acts of restorability: like those of a drill, fed from its state and writing back to it."""

from collections.abc import Iterator

from drills.engine import RestoreOrder, SandboxShape
from drills.errors import DeadlinePassed, Interrupted
from drills.findings import Cause, Finding, Severity
from drills.notes import Halt
from drills.objects import KubeObject
from drills.restorability.dry_run import DryRun, dry_run_findings, try_out
from drills.restorability.references import references
from drills.state import Drill
from drills.taking import check_standing


def act_references(drill: Drill) -> None:
    """Ask the cluster for what the backup's objects need; nothing is made."""
    notes = drill.notes
    with notes.stage("references") as note:
        order = _order(drill)
        told = {finding.subject for finding in notes.foreseen.findings}
        found = references(drill.ports.cluster, order, _previewed(drill, order), told)
        notes.findings += found
        note.message = f"{len(found)} findings"


def act_dry_run(drill: Drill) -> DryRun:
    """Send every object to the API server in dry run, into the sandbox that was made for it."""
    notes = drill.notes
    with notes.stage("dry run") as note:
        order = _order(drill)
        if drill.engine.sandbox_shape is not SandboxShape.NAMESPACES:
            notes.findings.append(_no_namespaces(drill.engine.name))
            return DryRun()
        tried = try_out(
            drill.ports.cluster, _previewed(drill, order), lambda: _look_for_stop(drill)
        )
        check_standing(drill)
        notes.findings += dry_run_findings(tried)
        note.message = f"{tried.accepted} of {tried.asked} objects would be taken"
        return tried


def _order(drill: Drill) -> RestoreOrder:
    if drill.order is None:
        raise Halt
    return drill.order


def _previewed(drill: Drill, order: RestoreOrder) -> Iterator[KubeObject]:
    return drill.engine.preview(order)


def _look_for_stop(drill: Drill) -> None:
    if drill.stop():
        raise Interrupted("the dry run was asked to stop", hint="Run it again when it suits.")
    if drill.deadline is not None and drill.deadline.passed:
        raise DeadlinePassed(
            "the dry run did not end before restore.deadline", hint="Give it more time."
        )


def _no_namespaces(engine: str) -> Finding:
    return Finding(
        code="dry-run-not-for-this-engine",
        severity=Severity.WARNING,
        cause=Cause.CONFIGURATION,
        subject=f"engine {engine}",
        message=f"Engine {engine} restores into something of its own, not through an API server.",
        remedy="Drill instead: for this engine only a restore tells.",
        unanswered=True,
    )
