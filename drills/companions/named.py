"""What a pod's spec names in its own namespace, and cannot start without. Pure.

In: a pod's spec (core/v1 PodSpec). Out: kinds and names. What is marked `optional` is not needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from drills import objects
from drills.backups import BackedUpObject, ObjectKey
from drills.pod_specs import POD_SPECS, pod_spec

SECRETS, CONFIG_MAPS = "secrets", "configmaps"
ACCOUNTS, CLAIMS = "serviceaccounts", "persistentvolumeclaims"
RUN_TO_END = frozenset({"jobs.batch", "cronjobs.batch"})
"""Kinds whose pods a drill leaves out, since they would do their work a second time."""
_CONTAINERS = ("initContainers", "containers")
_SECRET_PATHS: tuple[tuple[str, ...], ...] = (
    ("csi", "nodePublishSecretRef", "name"),
    ("azureFile", "secretName"),
    ("cephfs", "secretRef", "name"),
    ("cinder", "secretRef", "name"),
    ("flexVolume", "secretRef", "name"),
    ("iscsi", "secretRef", "name"),
    ("rbd", "secretRef", "name"),
    ("scaleIO", "secretRef", "name"),
    ("storageos", "secretRef", "name"),
)
"""Where volumes name the Secret that mounting them takes (core/v1 VolumeSource)."""

Named = tuple[str, str]
"""`plural.group` and name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """A pod, or a workload that will make pods, and what it names."""

    key: ObjectKey
    kind: str
    phase: str
    """The pod's phase when it was backed up; '' for a workload."""
    needs: frozenset[Named]
    """What its pods do not start without."""
    pulls: frozenset[str]
    """Secrets by which images are pulled: whether one is needed, only the registry knows."""

    def __str__(self) -> str:
        """Return `Pod ledger-0`."""
        return f"{self.kind} {self.key.name}"


def naming(obj: BackedUpObject) -> Naming | None:
    """Return what `obj` names, None where a restore starts no pod by it.

    Those are ended pods, what a Job or CronJob makes, workloads without replicas, and ReplicaSets
    of a Deployment, which names the same.
    """
    resource = obj.key.resource
    if resource not in POD_SPECS or resource in RUN_TO_END or obj.explanation is not None:
        return None
    if (obj.owner or "").startswith("Job/") or (resource != "pods" and obj.owner):
        return None
    if resource != "pods" and objects.dig(obj.body, "spec", "replicas") == 0:
        return None
    spec = pod_spec(resource, obj.body)
    return Naming(
        key=obj.key,
        kind=obj.kind or "Pod",
        phase=objects.text(obj.body, "status", "phase") if resource == "pods" else "",
        needs=frozenset(needed_by(spec)),
        pulls=frozenset(pull_secrets(spec)),
    )


def account_of(spec: object) -> str:
    """Return the ServiceAccount that a pod's spec asks for, '' for the default one."""
    return objects.text(spec, "serviceAccountName") or objects.text(spec, "serviceAccount")


def pull_secrets(spec: object) -> Iterator[str]:
    """Yield the Secrets by which a pod's images are pulled."""
    found = (objects.text(row, "name") for row in objects.items(spec, "imagePullSecrets"))
    return (name for name in found if name)


def needed_by(spec: object) -> Iterator[Named]:
    """Yield what a pod of this spec does not start without."""
    account = account_of(spec)
    if account:
        yield ACCOUNTS, account
    token = f"{account or 'default'}-token-"  # mounted by Kubernetes itself, up to 1.23
    for found in (*_by_volumes(spec), *_by_containers(spec)):
        if found[1] and not (found[0] == SECRETS and found[1].startswith(token)):
            yield found


def _by_volumes(spec: object) -> Iterator[Named]:
    for volume in objects.items(spec, "volumes"):
        claim = objects.text(volume, "persistentVolumeClaim", "claimName")
        yield CLAIMS, claim
        yield from _wanted(SECRETS, objects.mapping(volume, "secret"), "secretName")
        yield from _wanted(CONFIG_MAPS, objects.mapping(volume, "configMap"), "name")
        for source in objects.items(volume, "projected", "sources"):
            yield from _wanted(SECRETS, objects.mapping(source, "secret"), "name")
            yield from _wanted(CONFIG_MAPS, objects.mapping(source, "configMap"), "name")
        for path in _SECRET_PATHS:
            yield SECRETS, objects.text(volume, *path)


def _by_containers(spec: object) -> Iterator[Named]:
    for word in _CONTAINERS:
        for container in objects.items(spec, word):
            for variable in objects.items(container, "env"):
                where = objects.mapping(variable, "valueFrom")
                yield from _wanted(SECRETS, objects.mapping(where, "secretKeyRef"), "name")
                yield from _wanted(CONFIG_MAPS, objects.mapping(where, "configMapKeyRef"), "name")
            for source in objects.items(container, "envFrom"):
                yield from _wanted(SECRETS, objects.mapping(source, "secretRef"), "name")
                yield from _wanted(CONFIG_MAPS, objects.mapping(source, "configMapRef"), "name")


def _wanted(resource: str, reference: object, word: str) -> Iterator[Named]:
    if objects.dig(reference, "optional") is not True:
        yield resource, objects.text(reference, word)
