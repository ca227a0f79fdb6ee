"""What a restore of ours made outside the sandbox: cluster-scoped objects that carry its name.

Velero labels every object it restores with its Restore's name (v1.18 `pkg/restore/restore.go`,
addRestoreLabels); volumes and snapshot contents outlive the namespace they served.
"""

from collections.abc import Iterator

from drills import objects
from drills.engines.velero.kinds import RESTORE_NAME_LABEL, label_value
from drills.engines.velero.manifest import restore_name
from drills.errors import Forbidden, NotServed
from drills.ports import Cluster, Kind

CLUSTER_SCOPED = (
    Kind("v1", "PersistentVolume"),
    Kind("snapshot.storage.k8s.io/v1", "VolumeSnapshotContent"),
)


def orphans(cluster: Cluster, drill_id: str) -> Iterator[str]:
    """Yield what is still there of the drill's restore; raises Unreachable, OutsideRefused."""
    label = f"{RESTORE_NAME_LABEL}={label_value(restore_name(drill_id))}"
    for kind in CLUSTER_SCOPED:
        try:
            found = cluster.list(kind, labels=label, metadata_only=True)
        except NotServed:
            continue
        except Forbidden as error:
            yield f"{kind.kind} objects of the restore may be left: {error}"
            continue
        yield from (f"{kind.kind} {objects.name(obj)} carries {label}" for obj in found)
