"""The act of comparing the backup with the live source, as part of stage verify."""

from collections.abc import Mapping

from drills import objects
from drills.backups import Inventory
from drills.coverage.judging import coverage
from drills.coverage.reading import Read, namespace_uids, read_source
from drills.coverage.scope import BackupScope
from drills.coverage.unread import NOT_COMPARED, not_compared, partly_compared
from drills.errors import DrillError, Forbidden, Interrupted, Missing
from drills.findings import Cause
from drills.ports import Cluster
from drills.state import Drill
from scenarios.model import SourceComparison


def compare_with_source(drill: Drill) -> None:
    """Note what the backup lacks of the live source; raises Interrupted."""
    wanted = drill.scenario.backup.comparison
    if wanted is None or drill.notes.backup is None or drill.notes.inventory is None:
        return
    try:
        drill.notes.compared = _compared(drill, wanted, drill.notes.inventory)
    except Interrupted:
        raise
    except DrillError as error:
        drill.notes.findings.append(not_compared(wanted, error))
        drill.notes.compared = NOT_COMPARED


def _compared(drill: Drill, wanted: SourceComparison, inventory: Inventory) -> str:
    """Return in words how much of the source the backup holds; raises what keeps us from it."""
    began = drill.notes.backup.started_at if drill.notes.backup else None
    if inventory.scope is None or began is None:
        raise DrillError(
            f"engine {drill.engine.name} does not tell enough", cause=Cause.CONFIGURATION
        )
    read = _read(drill, inventory, inventory.scope, wanted)
    found = coverage(read.live, inventory, inventory.scope, began)
    drill.notes.findings += (*found.findings, *partly_compared(wanted, read.unread))
    missed = tuple(dict.fromkeys((*wanted.excepted, *(u.subject.split()[0] for u in read.unread))))
    but = f" (but {', '.join(missed)})" if missed else ""
    return f"{found.held} of {found.asked} live objects that are older than it{but}"


def _read(drill: Drill, inventory: Inventory, scope: BackupScope, wanted: SourceComparison) -> Read:
    source = drill.ports.source
    cluster = source() if source is not None else drill.ports.cluster
    spaces = tuple(drill.scenario.restore.namespaces)
    check_identity(inventory, namespace_uids(cluster, spaces), required=wanted.required)
    if not wanted.required:
        _check_rights(cluster, spaces)
    return read_source(cluster, spaces, scope, wanted.excepted)


def check_identity(inventory: Inventory, live: Mapping[str, str], *, required: bool) -> None:
    """Raise Missing where a live namespace is not the one that was backed up.

    A namespace keeps its uid as long as it lives, and a backup holds it. One of the same name in
    another cluster, or one that was made anew, says nothing of what the backup should hold. Where
    the backup does not tell, only a comparison that is `required` takes the name for enough.
    """
    held = {
        obj.key.name: objects.text(obj.body, "metadata", "uid")
        for obj in inventory.objects
        if obj.key.resource == "namespaces"
    }
    for space, uid in live.items():
        if not held.get(space) and not required:
            raise Missing(
                f"the backup does not say which namespace {space} was backed up",
                hint="Back the Namespace object up too, so that it can be recognised.",
            )
        if held.get(space, uid) != uid:
            raise Missing(
                f"namespace {space} there is not the one that was backed up (another uid): "
                "it was made anew, or this is another cluster",
                hint="Let `cluster:` name the cluster that the backup was taken of.",
            )


def _check_rights(cluster: Cluster, spaces: tuple[str, ...]) -> None:
    """Raise Forbidden where not even pods may be listed: then nobody granted anything there."""
    for space in spaces:
        if not cluster.may("list", "pods", space):
            raise Forbidden(
                f"no right to list what lives in {space}",
                hint="Grant list on the kinds in the source namespace (deploy/comparing/).",
            )
