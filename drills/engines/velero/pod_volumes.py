"""What of a pod decides whether its volumes are saved and filled again. Pure.

In: archived pods. Out: PodVolumes by claim. The annotations are Velero's (v1.10 to v1.18
`pkg/util/podvolume/pod_volume.go`): names of the pod's volumes, separated by commas.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drills import objects
from drills.backups import BackedUpObject
from drills.objects import KubeObject

OPT_OUT = "backup.velero.io/backup-volumes-excludes"
OPT_IN = "backup.velero.io/backup-volumes"
RUNNING = "Running"

Claim = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodVolumes:
    """A pod as the archive holds it."""

    namespace: str
    name: str
    phase: str
    """When it was backed up; '' where the archive does not say."""
    comes_back: bool
    """Whether a restore makes it: Velero leaves ended and mirror pods out."""
    volumes: Mapping[str, str]
    """Names of the pod's own volumes by the claim that each is."""
    opted_out: frozenset[str]
    opted_in: frozenset[str]

    @property
    def running(self) -> bool:
        """Return whether file-system backup can reach it: only a running pod's volumes are read."""
        return self.phase in {RUNNING, ""}

    def opts_out(self, claim: str) -> bool:
        """Return whether an annotation keeps the claim out of file-system backup."""
        return self.volumes.get(claim) in self.opted_out

    def opts_in(self, claim: str) -> bool:
        """Return whether an annotation asks for the claim's file-system backup."""
        return self.volumes.get(claim) in self.opted_in


def pod_volumes(pod: BackedUpObject) -> PodVolumes:
    """Return what is kept of a pod."""
    mounts = objects.items(pod.body, "spec", "volumes")
    claims = (
        (objects.text(mount, "persistentVolumeClaim", "claimName"), objects.text(mount, "name"))
        for mount in mounts
    )
    return PodVolumes(
        namespace=pod.key.namespace,
        name=pod.key.name,
        phase=objects.text(pod.body, "status", "phase"),
        comes_back=pod.explanation is None,
        volumes={claim: volume for claim, volume in claims if claim},
        opted_out=_listed(pod.body, OPT_OUT),
        opted_in=_listed(pod.body, OPT_IN),
    )


def by_claim(pods: Iterable[PodVolumes]) -> Mapping[Claim, tuple[PodVolumes, ...]]:
    """Return the pods that mount each claim."""
    found: dict[Claim, list[PodVolumes]] = defaultdict(list)
    for pod in pods:
        for claim in pod.volumes:
            found[pod.namespace, claim].append(pod)
    return {claim: tuple(members) for claim, members in found.items()}


def _listed(pod: KubeObject | None, annotation: str) -> frozenset[str]:
    said = objects.text(objects.mapping(pod, "metadata", "annotations"), annotation)
    return frozenset(name.strip() for name in said.split(",") if name.strip())
