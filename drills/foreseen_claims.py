"""Claims that nothing in the target cluster could bind, told before a restore waits for them.

A claim of class `""` is never provisioned: it takes a free volume without a class, or none. Where
its data comes back through the pod that mounts it, a restore without such a volume stands still:
the pod waits for the claim, and the engine for the pod.
"""

from collections.abc import Iterator

from drills import objects
from drills.backups import BackedUpObject
from drills.claim_binding import binding_trouble, storage
from drills.engine import RestoreOrder
from drills.errors import Forbidden
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.owned import BY_POD, CLAIMS
from drills.plan import rule_for
from drills.ports import Cluster, Kind

CODE = "claim-never-binds-here"
VOLUME = Kind("v1", "PersistentVolume")


def unbindable(cluster: Cluster, order: RestoreOrder) -> Iterator[Finding]:
    """Yield the claims that the restore would wait for in vain; a missing right asks nothing."""
    waiting = tuple(_waiting(order))
    if not waiting:
        return
    try:
        there = storage((), cluster.list(VOLUME))
    except Forbidden:
        return
    for claim in waiting:
        trouble = binding_trouble(_restored(claim, order), there)
        if trouble is not None:
            yield _finding(claim, trouble.detail)


def _waiting(order: RestoreOrder) -> Iterator[BackedUpObject]:
    """Yield the claims of class `""` that the restore fills through pods."""
    if rule_for(order.left_out, CLAIMS) is not None:
        return
    filled = {
        (volume.namespace, volume.claim)
        for volume in order.inventory.volumes
        if volume.has_data and volume.method == BY_POD
    }
    for obj in order.inventory.objects:
        named = (obj.key.namespace, obj.key.name)
        if obj.key.resource == CLAIMS and named in filled and obj.key not in order.owned_out:
            asked = objects.dig(obj.body, "spec", "storageClassName")
            if obj.key.namespace in order.namespaces and asked == "":
                yield obj


def _restored(claim: BackedUpObject, order: RestoreOrder) -> KubeObject:
    """Return the claim as it would be created: in the sandbox, without its old volume."""
    spec = {k: v for k, v in objects.mapping(claim.body, "spec").items() if k != "volumeName"}
    place = {"name": claim.key.name, "namespace": order.namespaces[claim.key.namespace]}
    return {"kind": "PersistentVolumeClaim", "metadata": place, "spec": spec}


def _finding(claim: BackedUpObject, why: str) -> Finding:
    return Finding(
        code=CODE,
        severity=Severity.WARNING,
        cause=Cause.ENVIRONMENT,
        subject=f"persistentvolumeclaim {claim.key.namespace}/{claim.key.name}",
        message=f"The restored claim could never be bound in this cluster: {why}.",
        remedy=(
            "Make a volume without a StorageClass (storageClassName absent or empty) that is free, "
            "large enough and has its access modes, or drill on a cluster that has one."
        ),
        unanswered=True,
    )
