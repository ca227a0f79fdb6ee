"""VeleroEngine: the Engine contract kept by one Velero, each role in a file of its own.

In: the ports and the namespace Velero lives in. Out: what `drills.engine.Engine` promises.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from drills.backups import Backup
from drills.engine import (
    EngineAudit,
    EnginePorts,
    EngineStatus,
    Inspection,
    Restored,
    RestoreOrder,
    SandboxShape,
    Unfillable,
)
from drills.engines.velero import survey as surveying
from drills.engines.velero.account import account, papers_of
from drills.engines.velero.auditing import audit
from drills.engines.velero.candidates import backup_of
from drills.engines.velero.early import EarlyFiles
from drills.engines.velero.hooks import hook_notes
from drills.engines.velero.inspection import inspect
from drills.engines.velero.kinds import BACKUP
from drills.engines.velero.manifest import modifier_map, restore_object, timeout_of
from drills.engines.velero.orphans import orphans
from drills.engines.velero.placing import place
from drills.engines.velero.preview import preview
from drills.engines.velero.removal import quiesce, remove
from drills.engines.velero.restoring import run_restore
from drills.engines.velero.scope import EXCLUSION
from drills.engines.velero.site import Site
from drills.engines.velero.snapshots import check_snapshots
from drills.engines.velero.unfillable import unfillable
from drills.errors import DeadlinePassed, Misconfigured
from drills.objects import KubeObject
from drills.ports import Deadline, Marked

DEFAULT_NAMESPACE = "velero"


class VeleroEngine:
    """One Velero, bound to its ports; safe to use from one drill's thread."""

    name = "velero"
    sandbox_shape = SandboxShape.NAMESPACES
    sandbox_labels: Mapping[str, str] = dict([EXCLUSION])
    """Velero's backup controller leaves namespaces with this label out (v1.18)."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.home = site.namespace

    def survey(self) -> EngineStatus:
        """Look at locations, server, others' restores and schedules.

        A ServerStatusRequest is created for it and removed again.
        """
        return surveying.survey(self._site)

    def list_backups(self) -> Sequence[Backup]:
        """Return every Backup object as it stands, the unusable ones with their reason.

        Raises Misconfigured where the cluster has no Velero.
        """
        cluster, now = self._site.ports.cluster, self._site.ports.clock.now()
        locations = surveying.locations_of(self._site)
        found = cluster.list(BACKUP, self._site.namespace)
        return tuple(backup_of(obj, locations, now) for obj in found)

    def inspect(self, backup: Backup, namespaces: Mapping[str, str]) -> Inspection:
        """Read `backup` to its end and say what it holds and what is wrong with it."""
        found = inspect(self._site, backup, namespaces)
        if found.inventory is None:
            return found
        notes = hook_notes(found.inventory.objects, namespaces)
        return replace(found, findings=(*found.findings, *notes))

    def describe(self, order: RestoreOrder) -> Mapping[str, object]:
        """Return the objects `restore` would create; of the time-outs less will be left."""
        modifier = modifier_map(order, self._site.namespace, veil=True)
        restore = restore_object(
            order,
            self._site.namespace,
            timeout=timeout_of(order.deadline_seconds),
            modifier=modifier,
        )
        return {"restore": restore, "resourceModifier": modifier}

    def preview(self, order: RestoreOrder) -> Iterator[KubeObject]:
        """Yield what a restore would create, read from the archive a second time."""
        return preview(self._site, order)

    def unfillable(self, order: RestoreOrder) -> Iterator[Unfillable]:
        """Yield the volumes whose data this cluster cannot bring back."""
        return unfillable(self._site, order)

    def audit(self) -> EngineAudit:
        """Look at the Schedules and at the password of the volume repositories."""
        return audit(self._site)

    def restore(self, order: RestoreOrder, deadline: Deadline) -> Restored:
        """Restore, wait for the end, and keep Velero's own account of it."""
        placed = place(self._site, order)
        with EarlyFiles(self._site, papers_of(order), order.labels) as early:
            try:
                ended = run_restore(self._site, order, deadline, early.begin)
            except DeadlinePassed:
                check_snapshots(self._site, order)
                raise
            restored = account(self._site, order, ended, early, deadline)
        return replace(restored, findings=(*placed, *restored.findings))

    def quiesce(self, drill_id: str, deadline: Deadline) -> tuple[Marked, ...]:
        """Delete the drill's Restore where it has not ended, and wait until it has."""
        return quiesce(self._site, drill_id, deadline)

    def remove(self, drill_id: str, deadline: Deadline) -> tuple[str, ...]:
        """Delete what was made for `drill_id`; return what is still there."""
        return remove(self._site, drill_id, deadline)

    def orphans(self, drill_id: str, deadline: Deadline) -> tuple[str, ...]:
        """Remove what the drill's Restore made cluster-wide where that is safe; return the rest."""
        return tuple(orphans(self._site, drill_id, deadline))


def create(
    ports: EnginePorts, *, namespace: str | None, options: Mapping[str, object]
) -> VeleroEngine:
    """Return the engine for the Velero in `namespace` (default `velero`).

    Raises Misconfigured for options: this engine has none.
    """
    if options:
        raise Misconfigured(
            f"the velero engine knows no option {', '.join(sorted(options))}",
            hint="Remove it from spec.backup.options.",
        )
    return VeleroEngine(Site(ports=ports, namespace=namespace or DEFAULT_NAMESPACE))
