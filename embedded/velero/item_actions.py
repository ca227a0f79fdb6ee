"""What Velero changes in an item before it restores it: the built-in restore item actions.

In: an item's object without status, the object as it was in the backup, the Restore. Out: the
object changed in place, and which other items it wants restored first (velero v1.18,
pkg/restore/actions). Plug-ins and the plug-in ConfigMaps are not followed.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from embedded.json_objects import JsonObject, items, name_of, namespace_of, section
from embedded.objects import Objects
from embedded.velero.pod_actions import (
    filled_by_velero,
    hooked_by_velero,
    restored_pod,
    wanted_by_pod,
)
from embedded.velero.service_action import restored_service
from embedded.velero.volume_backups import VolumeBackups


@dataclass(frozen=True, slots=True)
class Item:
    """An item that another one wants restored first."""

    resource: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What an action looks at.

    Attributes:
        objects: the cluster's objects.
        restore: the Restore.
        original: the object as it is in the backup.
        backups: the PodVolumeBackups of the backup.
    """

    objects: Objects
    restore: JsonObject
    original: JsonObject
    backups: VolumeBackups


class Discarded(Exception):
    """The item is not to be restored at all."""


Action = Callable[[Case, JsonObject], Iterator[Item]]
_CLAIM_MARKS = (
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "volume.kubernetes.io/storage-provisioner",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
    "velero.io/volume-snapshot-name",
    "velero.io/data-upload-name",
)
_CONTROLLER_UIDS = ("batch.kubernetes.io/controller-uid", "controller-uid")


def actions_for(resource: str) -> tuple[Action, ...]:
    """Return the actions on a resource, in Velero's order."""
    return _ACTIONS.get(resource, ())


def _claim(case: Case, claim: JsonObject) -> Iterator[Item]:
    annotations = section(claim, "metadata", "annotations")
    for mark in _CLAIM_MARKS:
        annotations.pop(mark, None)
    volume = section(case.original, "spec").get("volumeName")
    if volume and section(case.original, "status").get("phase") == "Bound":
        yield Item("persistentvolumes", "", str(volume))


def _pod_claims(case: Case, pod: JsonObject) -> Iterator[Item]:
    del case
    for resource, name in wanted_by_pod(pod, claims=True):
        yield Item(resource, namespace_of(pod), name)


def _pod(case: Case, pod: JsonObject) -> Iterator[Item]:
    del case
    restored_pod(pod)
    for resource, name in wanted_by_pod(pod, claims=False):
        yield Item(resource, "", name)


def _pod_volumes(case: Case, pod: JsonObject) -> Iterator[Item]:
    uid = str(case.restore["metadata"]["uid"])
    filled_by_velero(pod, case.backups, namespace_of(case.original), uid)
    yield from ()


def _pod_hook(case: Case, pod: JsonObject) -> Iterator[Item]:
    del case
    hooked_by_velero(pod)
    yield from ()


def _service(case: Case, service: JsonObject) -> Iterator[Item]:
    keep = section(case.restore, "spec").get("preserveNodePorts") is True
    restored_service(service, keep_node_ports=keep)
    yield from ()


def _job(case: Case, job: JsonObject) -> Iterator[Item]:
    del case
    for labels in (
        section(job, "spec", "selector", "matchLabels"),
        section(job, "spec", "template", "metadata", "labels"),
    ):
        for label in _CONTROLLER_UIDS:
            labels.pop(label, None)
    yield from ()


def _service_account(case: Case, account: JsonObject) -> Iterator[Item]:
    del case
    token = f"{name_of(account)}-token-"
    kept = [one for one in items(account, "secrets") if not str(one.get("name")).startswith(token)]
    if "secrets" in account:
        account["secrets"] = kept
    yield from ()


def _secret(case: Case, secret: JsonObject) -> Iterator[Item]:
    if secret.get("type") != "kubernetes.io/service-account-token":
        return
    name, place = name_of(secret), namespace_of(secret)
    accounts = (name[: found.start()] for found in re.finditer("(?=-token-)", name))
    if any(case.objects.peek("serviceaccounts", place, one) is not None for one in accounts):
        raise Discarded
    section(secret, "metadata", "annotations").pop("kubernetes.io/service-account.uid", None)
    for key in ("token", "ca.crt"):
        section(secret, "data").pop(key, None)
    yield from ()


def _binding(case: Case, binding: JsonObject) -> Iterator[Item]:
    mapping = section(case.restore, "spec", "namespaceMapping")
    for subject in items(binding, "subjects"):
        if subject.get("namespace") in mapping:
            subject["namespace"] = mapping[subject["namespace"]]
    yield from ()


def _api_service(case: Case, service: JsonObject) -> Iterator[Item]:
    del case
    if "kube-aggregator.kubernetes.io/automanaged" in section(service, "metadata", "labels"):
        raise Discarded
    yield from ()


def _snapshot(case: Case, snapshot: JsonObject) -> Iterator[Item]:
    """Leave out what the CSI action would turn into a volume: there is no storage system here."""
    made = "velero.io/backup-name" in section(snapshot, "metadata", "labels")
    if made and case.objects.storage.types.by_group_resource(_SNAPSHOTS) is None:
        raise Discarded
    yield from ()


_SNAPSHOTS = "volumesnapshots.snapshot.storage.k8s.io"
_ACTIONS: Mapping[str, tuple[Action, ...]] = {
    "persistentvolumeclaims": (_claim,),
    "pods": (_pod_claims, _pod, _pod_volumes, _pod_hook),
    "services": (_service,),
    "jobs.batch": (_job,),
    "serviceaccounts": (_service_account,),
    "secrets": (_secret,),
    "rolebindings.rbac.authorization.k8s.io": (_binding,),
    "clusterrolebindings.rbac.authorization.k8s.io": (_binding,),
    "apiservices.apiregistration.k8s.io": (_api_service,),
    _SNAPSHOTS: (_snapshot,),
}
