"""Volumes of the sandbox that lead to storage which a volume outside it leads to as well.

In: the sandbox's claims and every PersistentVolume. Out: critical findings. Two PersistentVolumes
are two names; whether they mean one disk shows in their source (core/v1 PersistentVolumeSource).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from drills import objects
from drills.errors import DrillError, Interrupted, Unreachable
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.ports import Cluster, Kind

VOLUME = Kind("v1", "PersistentVolume")

IDENTITY: Mapping[str, tuple[str, ...]] = {
    "csi": ("driver", "volumeHandle"),
    "nfs": ("server", "path"),
    "iscsi": ("targetPortal", "iqn", "lun"),
    "fc": ("targetWWNs", "lun", "wwids"),
    "cephfs": ("monitors", "path"),
    "rbd": ("monitors", "pool", "image"),
    "glusterfs": ("endpoints", "path"),
    "azureFile": ("secretNamespace", "secretName", "shareName"),
    "azureDisk": ("diskURI",),
    "awsElasticBlockStore": ("volumeID", "partition"),
    "gcePersistentDisk": ("pdName", "partition"),
    "cinder": ("volumeID",),
    "vsphereVolume": ("volumePath",),
    "portworxVolume": ("volumeID",),
    "local": ("path",),
    "hostPath": ("path",),
}
"""Which fields of a source say what storage it is; `local` and `hostPath` are a node's own."""
_ON_A_NODE = frozenset({"local", "hostPath"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What was found, and whether anything leads to production's storage."""

    findings: tuple[Finding, ...] = ()
    harmless: bool = True


def shared_volumes(cluster: Cluster, claims: Sequence[KubeObject]) -> Shared:
    """Return the findings for the sandbox's `claims`; without claims nothing is asked.

    Raises Unreachable and Interrupted; what else keeps us from looking is an unanswered finding.
    """
    if not claims:
        return Shared()
    try:
        volumes = cluster.list(VOLUME)
    except (Interrupted, Unreachable):
        raise
    except DrillError as error:
        return Shared(findings=(_not_looked(error),))
    found = tuple(_pairs(claims, tuple(volumes)))
    return Shared(findings=found, harmless=not found)


def identity(volume: KubeObject) -> str:
    """Return what storage a PersistentVolume leads to, '' where its source does not say."""
    for source, fields in IDENTITY.items():
        place = objects.mapping(volume, "spec", source)
        words = [f"{field}={place[field]}" for field in fields if place.get(field)]
        if words:
            node = objects.mapping(volume, "spec", "nodeAffinity") if source in _ON_A_NODE else {}
            return f"{source} {' '.join(words)}{f' on {dict(node)}' if node else ''}"
    return ""


def _pairs(claims: Iterable[KubeObject], volumes: Sequence[KubeObject]) -> Iterator[Finding]:
    inside = {(objects.namespace(claim), objects.name(claim)) for claim in claims}
    wanted = {objects.text(claim, "spec", "volumeName") for claim in claims} - {""}
    ours, others = [], {}
    for volume in volumes:
        if objects.name(volume) in wanted or _claim(volume) in inside:
            ours.append(volume)
        elif identity(volume):
            others[identity(volume)] = volume
    for volume in ours:
        other = others.get(identity(volume))
        if other is not None:
            yield _finding(volume, other)


def _claim(volume: KubeObject) -> tuple[str, str]:
    claim = objects.mapping(volume, "spec", "claimRef")
    return objects.text(claim, "namespace"), objects.text(claim, "name")


def _finding(volume: KubeObject, other: KubeObject) -> Finding:
    namespace, name = _claim(other)
    user = f", the volume of claim {namespace}/{name}" if name else ""
    return Finding(
        code="volume-shared-with-production",
        severity=Severity.CRITICAL,
        cause=Cause.ISOLATION,
        subject=f"persistentvolume {objects.name(volume)}",
        message=(
            f"It leads to the same storage as persistentvolume {objects.name(other)}{user}: "
            "the copy and production write to one disk."
        ),
        remedy=(
            "See that the sandbox is gone and what was written meanwhile; back the volume's data "
            "up, so that a restore makes a volume of its own."
        ),
    )


def _not_looked(error: DrillError) -> Finding:
    return Finding(
        code="volumes-not-compared",
        severity=Severity.WARNING,
        cause=error.cause,
        subject="persistentvolumes",
        message=f"Whether the sandbox got production's storage could not be looked at: {error}.",
        remedy=error.hint or "Give the drill's account the right to list persistentvolumes.",
        unanswered=True,
    )
