"""What an embedded cluster holds before anything is restored.

In: the objects, still empty. Out: a node, a StorageClass, the Velero namespace; for the sample also
a Schedule and the live `production` namespace that its backup was taken from, so that "production
is untouched" means something.
"""

from embedded.api_errors import ApiError
from embedded.controllers.claims import storage_class
from embedded.json_objects import JsonObject, section
from embedded.objects import Objects
from embedded.sample_bucket import CRON, SCHEDULE, sample_tarball
from embedded.velero import NAMESPACE, SERVER_VERSION
from embedded.velero.archive import unpack
from embedded.velero.filters import NON_RESTORABLE
from embedded.velero.item_actions import Case, Discarded, actions_for
from embedded.velero.order import restore_order
from embedded.velero.sync import LOCATION
from embedded.velero.volume_backups import VolumeBackups
from embedded.velero.volumes import forget_binding

NODE = "drill-node"
RE_DATED = "embedded/sample"
_IMAGE = f"velero/velero:{SERVER_VERSION}"
_MADE_BY_CONTROLLERS = frozenset(
    {"endpoints", "endpointslices.discovery.k8s.io", "controllerrevisions.apps"}
)
_FORMER_LIFE = ("uid", "resourceVersion", "generation", "creationTimestamp", "ownerReferences")


def seed_cluster(objects: Objects, storage_class_name: str) -> None:
    """Create the node and the default StorageClass."""
    capacity = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    labels = {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"}
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": NODE, "labels": labels},
        "spec": {},
    }
    objects.create("nodes", node)
    status = {"capacity": capacity, "allocatable": capacity, "conditions": [ready]}
    objects.set_status("nodes", "", NODE, status)
    default = storage_class(storage_class_name, default=True)
    objects.create("storageclasses.storage.k8s.io", default)


def seed_velero(objects: Objects, place: JsonObject) -> None:
    """Create the Velero namespace and what an installation puts into it.

    Args:
        objects: the cluster's objects.
        place: `bucket`, `s3Url` and `annotations` of the location.
    """
    objects.create(
        "namespaces",
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
    )
    secrets = {"velero-repo-credentials": "repository-password", "cloud-credentials": "cloud"}
    for name, key in secrets.items():
        objects.create("secrets", {**_meta("v1", "Secret", name), "stringData": {key: "embedded"}})
    objects.create("serviceaccounts", _meta("v1", "ServiceAccount", "velero"))
    objects.create("deployments.apps", _workload("Deployment", "velero", {"replicas": 1}))
    objects.create("daemonsets.apps", _workload("DaemonSet", "node-agent", {}))
    objects.create("backupstoragelocations.velero.io", _location(place))


def seed_production(objects: Objects) -> None:
    """Create the live namespace that the sample's backup was taken from, and its Schedule."""
    objects.create(
        "schedules.velero.io",
        {
            **_meta("velero.io/v1", "Schedule", SCHEDULE),
            "spec": {
                "schedule": CRON,
                "template": {
                    "includedNamespaces": ["production"],
                    "ttl": "720h0m0s",
                    "storageLocation": LOCATION,
                    "defaultVolumesToFsBackup": True,
                },
            },
            "status": {"phase": "Enabled"},
        },
    )
    archive = unpack(sample_tarball())
    for resource in restore_order(archive.items):
        if resource in _MADE_BY_CONTROLLERS or resource in NON_RESTORABLE:
            continue
        for namespace, names in archive.items[resource].items():
            for name in names:
                _bring_to_life(objects, resource, archive.item(resource, namespace, name))


def _bring_to_life(objects: Objects, resource: str, obj: JsonObject) -> None:
    """Create an object of the backup as its owner would have."""
    if resource == "pods" and section(obj, "status").get("phase") == "Succeeded":
        return
    original = {**obj}
    # By its uid a drill knows the namespace that was backed up.
    uid = str(obj["metadata"].get("uid") or "") if resource == "namespaces" else ""
    for key in _FORMER_LIFE:
        obj["metadata"].pop(key, None)
    obj.pop("status", None)
    forget_binding(obj)
    if resource in {"pods", "jobs.batch"}:
        case = Case(
            objects=objects,
            restore={"metadata": {"uid": ""}},
            original=original,
            backups=VolumeBackups(),
        )
        try:
            for action in actions_for(resource):
                list(action(case, obj))
        except Discarded:
            return
    try:
        objects.create(resource, obj, uid)
    except ApiError as refusal:
        if refusal.reason != "AlreadyExists":
            raise


def _meta(api_version: str, kind: str, name: str) -> JsonObject:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"component": "velero"}},
    }


def _workload(kind: str, name: str, spec: JsonObject) -> JsonObject:
    labels = {"name": name}
    container = {"name": name, "image": _IMAGE, "command": ["/velero"]}
    return {
        **_meta("apps/v1", kind, name),
        "spec": {
            **spec,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": {"component": "velero", **labels}},
                "spec": {"serviceAccountName": "velero", "containers": [container]},
            },
        },
    }


def _location(place: JsonObject) -> JsonObject:
    body = _meta("velero.io/v1", "BackupStorageLocation", LOCATION)
    body["metadata"]["annotations"] = place["annotations"]
    config = {"region": "us-east-1", "s3ForcePathStyle": "true", "s3Url": place["s3Url"]}
    body["spec"] = {
        "provider": "aws",
        "default": True,
        "accessMode": "ReadWrite",
        "objectStorage": {"bucket": place["bucket"]},
        "config": config,
    }
    return body
