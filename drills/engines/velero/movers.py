"""What moves volume data for a restore of ours, and outlives it: waited for, never touched.

Velero's node agent works on a PodVolumeRestore or DataDownload with a pod of its own. Both belong
to their Restore and go with it, but a finalizer (on PodVolumeRestores since Velero 1.17) keeps one
that has not ended until the node agent has cancelled it: five minutes later where it was still
being prepared, up to an hour later where data was moving, never where no node agent runs (v1.18
`pod_volume_restore_controller.go`, `data_download_controller.go`). Until then the pod holds the
restored data.
"""

from collections.abc import Iterable

from drills import objects
from drills.engines.velero.kinds import (
    DATA_DOWNLOAD,
    POD_VOLUME_RESTORE,
    RESTORE_NAME_LABEL,
    label_value,
)
from drills.engines.velero.manifest import restore_name
from drills.engines.velero.site import Site
from drills.engines.velero.waiting import phase, wait_until_gone
from drills.errors import NotServed
from drills.objects import KubeObject
from drills.ports import Deadline, Kind

KINDS = (POD_VOLUME_RESTORE, DATA_DOWNLOAD)


def movers(site: Site, drill_id: str) -> tuple[KubeObject, ...]:
    """Return what moves or moved data for the drill's Restore; raises what listing raises."""
    return tuple(found for kind in KINDS for found in _listed(site, kind, _label(drill_id)))


def wait_for_movers(
    site: Site, drill_id: str, found: Iterable[KubeObject], deadline: Deadline
) -> tuple[str, ...]:
    """Say which of `found` are still there at the deadline, and why.

    To be asked once their Restore is gone; raises what watching raises.
    """
    all_of_them = tuple(found)
    return tuple(
        _words(site, kind, mover)
        for kind in KINDS
        if (mine := tuple(one for one in all_of_them if one["kind"] == kind.kind))
        for mover in wait_until_gone(site, kind, _label(drill_id), mine, deadline)
    )


def _listed(site: Site, kind: Kind, label: str) -> tuple[KubeObject, ...]:
    try:
        return tuple(
            {**found, "kind": kind.kind}
            for found in site.ports.cluster.list(kind, site.namespace, labels=label)
        )
    except NotServed:
        return ()


def _label(drill_id: str) -> str:
    return f"{RESTORE_NAME_LABEL}={label_value(restore_name(drill_id))}"


def _words(site: Site, kind: Kind, mover: KubeObject) -> str:
    name = f"{kind.kind} {site.namespace}/{objects.name(mover)}"
    return (
        f"{name} ({phase(mover)}) waits for Velero's node agent to cancel it: see that the agent"
        " runs; it takes five minutes, an hour where data was moving"
    )
