"""Why a restore does not end: what stands in the way in the sandbox itself.

In: the sandbox namespaces. Out: findings that leave a question open. Velero waits for pods to
start before it restores their volumes, so a node without room looks like a restore that hangs.
"""

from collections.abc import Sequence

from drills.assessment import assess
from drills.errors import DrillError
from drills.findings import Finding
from drills.marks import drill_of
from drills.objects import KubeObject
from drills.ports import Cluster, Kind

LOOKED_AT = (
    Kind("v1", "Pod"),
    Kind("v1", "PersistentVolumeClaim"),
    Kind("apps/v1", "Deployment"),
    Kind("apps/v1", "StatefulSet"),
    Kind("v1", "Event"),
)


def standing_in_the_way(cluster: Cluster, namespaces: Sequence[str]) -> tuple[Finding, ...]:
    """Return the troubles of capacity, registry and the like that stand in the sandbox now.

    What would blame the backup is left out: a restore that has not ended proves nothing. Never
    raises: this only adds to what is known already.
    """
    seen: dict[str, list[KubeObject]] = {}
    for kind in LOOKED_AT:
        try:
            found = (obj for space in namespaces for obj in cluster.list(kind, space))
            # What the drill itself runs there is no part of the restore.
            seen[kind.kind] = [obj for obj in found if drill_of(obj) is None]
        except DrillError:
            continue
    return tuple(trouble for trouble in assess(seen).troubles if trouble.unanswered)
