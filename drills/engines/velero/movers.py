"""What moves volume data for a restore of ours, and outlives it: waited for, never touched.

Velero's node agent works on a PodVolumeRestore or DataDownload with a pod of its own. Both belong
to their Restore and go with it, but a finalizer (on PodVolumeRestores since Velero 1.17) keeps one
that has not ended until the node agent has cancelled it: five minutes later where it was still
being prepared, up to an hour later where data was moving, never where no node agent runs (v1.18
`pod_volume_restore_controller.go`, `data_download_controller.go`). Until then the pod holds the
restored data.
"""

from collections.abc import Mapping, Sequence

from drills import objects
from drills.engines.velero.kinds import DATA_DOWNLOAD, POD_VOLUME_RESTORE, made_for
from drills.engines.velero.manifest import restore_name
from drills.engines.velero.site import Site
from drills.engines.velero.waiting import phase, wait_until_gone
from drills.errors import NotServed
from drills.objects import KubeObject
from drills.ports import Deadline, Kind

KINDS = (POD_VOLUME_RESTORE, DATA_DOWNLOAD)
Movers = Mapping[Kind, Sequence[KubeObject]]


def movers(site: Site, drill_id: str) -> Movers:
    """Return what moves or moved data for the drill's Restore; raises what listing raises."""
    return {kind: _listed(site, kind, drill_id) for kind in KINDS}


def wait_for_movers(
    site: Site, drill_id: str, found: Movers, deadline: Deadline
) -> tuple[str, ...]:
    """Say which of `found` are still there at the deadline, and why.

    To be asked once their Restore is gone; raises what watching raises.
    """
    label = made_for(restore_name(drill_id))
    return tuple(
        _words(site, kind, mover)
        for kind, mine in found.items()
        if mine
        for mover in wait_until_gone(site, kind, label, mine, deadline)
    )


def _listed(site: Site, kind: Kind, drill_id: str) -> tuple[KubeObject, ...]:
    label = made_for(restore_name(drill_id))
    try:
        return tuple(site.ports.cluster.list(kind, site.namespace, labels=label))
    except NotServed:
        return ()


def _words(site: Site, kind: Kind, mover: KubeObject) -> str:
    name = f"{kind.kind} {site.namespace}/{objects.name(mover)}"
    return (
        f"{name} ({phase(mover)}) waits for Velero's node agent to cancel it: see that the agent"
        " runs; it takes five minutes, an hour where data was moving"
    )
