"""Storage that a pod names itself, without a claim: the copy gets the very storage of production.

In: the inventory and what the restore leaves out. Out: findings. No backup holds such data and no
network policy stands in the way, since the node mounts it, not the pod. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping

from drills import objects
from drills.backups import BackedUpObject
from drills.engine import LeftOutRule
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.plan import rule_for
from drills.pod_specs import pod_spec

SHARED: Mapping[str, tuple[str, ...]] = {
    "nfs": ("server", "path"),
    "iscsi": ("targetPortal", "iqn"),
    "fc": ("wwids",),
    "cephfs": ("monitors", "path"),
    "rbd": ("pool", "image"),
    "glusterfs": ("endpoints", "path"),
    "azureFile": ("shareName",),
    "azureDisk": ("diskURI",),
    "awsElasticBlockStore": ("volumeID",),
    "gcePersistentDisk": ("pdName",),
    "cinder": ("volumeID",),
    "vsphereVolume": ("volumePath",),
    "portworxVolume": ("volumeID",),
    "flexVolume": ("driver",),
}
"""Volume sources of a pod that lead to storage outside it (core/v1 VolumeSource), and what names
the place. Ephemeral `csi` volumes are made for each pod and are not among them."""
HOST_PATH = "hostPath"
_CONTAINERS = ("initContainers", "containers")


def storage_findings(
    found: Iterable[BackedUpObject], namespaces: Iterable[str], left_out: tuple[LeftOutRule, ...]
) -> tuple[Finding, ...]:
    """Return a finding for each workload in scope that would mount production's own storage."""
    scope = frozenset(namespaces)
    members = [
        obj
        for obj in found
        if obj.key.namespace in scope
        and obj.explanation is None
        and not rule_for(left_out, obj.key.resource)
    ]
    present = {(obj.key.namespace, f"{obj.kind}/{obj.key.name}") for obj in members}
    return tuple(
        finding
        for obj in members
        if (obj.key.namespace, obj.owner) not in present
        for finding in _of_workload(obj)
    )


def _of_workload(obj: BackedUpObject) -> Iterator[Finding]:
    spec = pod_spec(obj.key.resource, obj.body)
    for volume in objects.items(spec, "volumes"):
        name = objects.text(volume, "name")
        writes = _writes(spec, name)
        for source, words in SHARED.items():
            place = objects.mapping(volume, source)
            if place:
                where = f"{source} {_place(place, words)}".strip()
                reads_only = not writes or place.get("readOnly") is True
                yield _read_only(obj, where) if reads_only else _shared(obj, where)
        path = objects.text(volume, HOST_PATH, "path")
        if path and writes:
            yield _host_path(obj, path)


def _writes(spec: KubeObject, volume: str) -> bool:
    """Return whether any container mounts the volume without `readOnly`."""
    return any(
        objects.text(mount, "name") == volume and objects.dig(mount, "readOnly") is not True
        for word in _CONTAINERS
        for container in objects.items(spec, word)
        for mount in objects.items(container, "volumeMounts")
    )


def _place(source: KubeObject, words: Iterable[str]) -> str:
    values = (source.get(word) for word in words)
    shown = (",".join(map(str, v)) if isinstance(v, list | tuple) else str(v) for v in values if v)
    return ":".join(shown)


def _shared(obj: BackedUpObject, where: str) -> Finding:
    return Finding(
        code="storage-shared-with-production",
        severity=Severity.WARNING,
        cause=Cause.ISOLATION,
        subject=str(obj.key),
        message=f"It mounts {where} itself: its copy would write to production's own data.",
        remedy=(
            "Put the storage behind a claim whose data is backed up, mount it read-only, or leave "
            "the kind out (restore.exclude)."
        ),
        unanswered=True,
    )


def _read_only(obj: BackedUpObject, where: str) -> Finding:
    return Finding(
        code="storage-read-from-production",
        severity=Severity.INFO,
        cause=Cause.ISOLATION,
        subject=str(obj.key),
        message=f"It mounts {where} itself, read-only: its copy reads production's own data, "
        "of which the backup holds nothing.",
        remedy="Back that data up too, if a restore must bring it back.",
    )


def _host_path(obj: BackedUpObject, path: str) -> Finding:
    return Finding(
        code="host-path-shared",
        severity=Severity.WARNING,
        cause=Cause.ISOLATION,
        subject=str(obj.key),
        message=f"It writes to {path} of its node: so does its copy, on whatever node it runs.",
        remedy="Use a claim, mount the path read-only, or leave the kind out (restore.exclude).",
    )
