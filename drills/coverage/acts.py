"""The act of comparing the backup with the live source, as part of stage verify."""

from drills.coverage.judging import coverage
from drills.coverage.reading import Read, not_read, read_source
from drills.coverage.scope import BackupScope
from drills.errors import DrillError, Interrupted
from drills.findings import Cause, Finding
from drills.state import Drill
from scenarios.model import SourceComparison

NOT_COMPARED = "not compared with the source"


def compare_with_source(drill: Drill) -> None:
    """Note what the backup lacks of the live source, where that is asked; raises Interrupted."""
    backup, inventory = drill.notes.backup, drill.notes.inventory
    wanted = drill.scenario.backup.comparison
    if wanted is None or backup is None or inventory is None:
        return
    if inventory.scope is None or backup.started_at is None:
        drill.notes.findings.append(_cannot(f"engine {drill.engine.name} does not tell enough"))
        drill.notes.compared = NOT_COMPARED
        return
    try:
        read = _read(drill, inventory.scope, wanted)
    except Interrupted:
        raise
    except DrillError as error:
        drill.notes.findings.append(_cannot(str(error), error.hint, error.cause))
        drill.notes.compared = NOT_COMPARED
        return
    found = coverage(read.live, inventory, inventory.scope, backup.started_at)
    drill.notes.findings += (*found.findings, *read.findings)
    but = f" (but {', '.join(wanted.excepted)})" if wanted.excepted else ""
    drill.notes.compared = f"{found.held} of {found.asked} live objects that are older than it{but}"


def _read(drill: Drill, scope: BackupScope, wanted: SourceComparison) -> Read:
    source = drill.ports.source
    cluster = source() if source is not None else drill.ports.cluster
    return read_source(cluster, drill.scenario.restore.namespaces, scope, wanted.excepted)


def _cannot(why: str, hint: str = "", cause: Cause = Cause.CONFIGURATION) -> Finding:
    message = f"The backup could not be compared with what lives in the source: {why}."
    remedy = hint or "Do without backup.compareWithSource for this scenario."
    return not_read("backup.compareWithSource", message, remedy, cause)
