"""A whole Velero backup with many objects of one kind, and the scenario that drills it.

In: a folder, a kind, how many. Out: a bucket as Velero 1.18 writes it, with the sample's kopia
repository for the claims' data, and `scenario.yaml` beside it.
"""

import gzip
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from isal import igzip
from synthetic_backup import compact, entry

BACKUP = "bench-20261121085009"
SPACE = "production"
STAMP = "2026-11-21T08:50:09Z"
KOPIA = Path(__file__).parents[1] / "embedded/sample/velero-1.18.3/kopia"
SNAPSHOT = "942374b025d9ef35f4e06556f669e26c"
Obj = dict[str, object]
Many = Callable[[int], Iterator[Obj]]


def build(folder: Path, kind: str, count: int) -> None:
    """Write bucket and scenario for `count` objects of `kind` below `folder`."""
    home = folder / "bucket" / "backups" / BACKUP
    home.mkdir(parents=True)
    shutil.copytree(KOPIA, folder / "bucket" / "kopia")
    listed: dict[str, list[str]] = {}
    with igzip.open(home / f"{BACKUP}.tar.gz", "wb", compresslevel=1) as packed:
        packed.write(entry("metadata/version", b"1.1.0\n"))
        for obj in (NAMESPACE, SETTINGS, *KINDS[kind](count)):
            packed.write(both(obj, listed))
        packed.write(bytes(1024))
    claims = listed.get("v1/PersistentVolumeClaim", [])
    documents = {
        "resource-list": {key: sorted(names) for key, names in listed.items()},
        "results": {"errors": {}, "warnings": {}},
        "podvolumebackups": [saved(name.rpartition("/")[2]) for name in claims] or None,
        "volumesnapshots": None,
        "itemoperations": [],
        "volumeinfo": [volume_info(name.rpartition("/")[2]) for name in claims],
    }
    for suffix, document in documents.items():
        (home / f"{BACKUP}-{suffix}.json.gz").write_bytes(gzip.compress(compact(document), 1))
    (home / f"{BACKUP}-results.json.gz").rename(home / f"{BACKUP}-results.gz")
    (home / f"{BACKUP}-logs.gz").write_bytes(gzip.compress(b"level=info\n"))
    total = sum(map(len, listed.values()))
    (home / "velero-backup.json").write_text(json.dumps(backup(total)))
    (folder / "scenario.yaml").write_text(SCENARIO)


def backup(total: int) -> Obj:
    """Return the Backup object."""
    return {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {
            "name": BACKUP,
            "namespace": "velero",
            "uid": "e41644d4-5e55-4f5b-80b8-8cce3de70c7a",
            "labels": {"velero.io/storage-location": "default"},
        },
        "spec": {
            "includedNamespaces": [SPACE],
            "defaultVolumesToFsBackup": True,
            "storageLocation": "default",
            "ttl": "87600h0m0s",
        },
        "status": {
            "phase": "Completed",
            "formatVersion": "1.1.0",
            "version": 1,
            "startTimestamp": STAMP,
            "completionTimestamp": "2026-11-21T08:50:15Z",
            "expiration": "2036-11-21T08:50:09Z",
            "progress": {"totalItems": total, "itemsBackedUp": total},
        },
    }


def both(obj: Obj, listed: dict[str, list[str]]) -> bytes:
    """Return the object's two files in the archive, and list it."""
    metadata = dict(obj["metadata"])  # type: ignore[call-overload]
    space, name = metadata.get("namespace", ""), metadata["name"]
    version = str(obj["apiVersion"])
    group, _, short = version.rpartition("/")
    plural = PLURALS.get(str(obj["kind"]), f"{str(obj['kind']).lower()}s")
    resource = f"{plural}.{group}" if group else plural
    tail = f"namespaces/{space}/{name}.json" if space else f"cluster/{name}.json"
    listed.setdefault(f"{version}/{obj['kind']}", []).append(f"{space}/{name}" if space else name)
    body = compact(obj)
    preferred = f"resources/{resource}/{short}-preferredversion/{tail}"
    return entry(f"resources/{resource}/{tail}", body) + entry(preferred, body)


def made(version: str, kind: str, name: str, *, space: str = SPACE, **rest: object) -> Obj:
    """Return an object with the metadata that the API server gives."""
    metadata: Obj = {
        "name": name,
        "uid": f"{kind.lower()}-{name}",
        "resourceVersion": "7",
        "creationTimestamp": STAMP,
        "labels": {"app": name},
    }
    if space:
        metadata["namespace"] = space
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def pod_spec(name: str, claim: str = "") -> Obj:
    """Return a pod's spec, with a volume where a claim is named."""
    box: Obj = {"name": "main", "image": "registry.example/app:1", "ports": [{"containerPort": 80}]}
    spec: Obj = {"containers": [box], "serviceAccountName": "default", "nodeName": "n1"}
    if claim:
        box["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
    return {**spec, "hostname": name[:60]}


def template(name: str) -> Obj:
    """Return a pod template."""
    return {"metadata": {"labels": {"app": name}}, "spec": pod_spec(name)}


READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
SETTINGS = made("v1", "ConfigMap", "settings", data={"key": "value"})
"""Something that comes back, also where of the kind itself nothing does (finished Jobs)."""
NAMESPACE = made("v1", "Namespace", SPACE, space="", spec={}, status={"phase": "Active"})


def claims(count: int) -> Iterator[Obj]:
    """Yield claims with data, each with its volume and the pod that mounts it."""
    for i in range(count):
        name = f"data-{i}"
        size = {"storage": "1Gi"}
        common: Obj = {"accessModes": ["ReadWriteOnce"], "storageClassName": "local"}
        reference = {"kind": "PersistentVolumeClaim", "namespace": SPACE, "name": name}
        reference["uid"] = f"persistentvolumeclaim-{name}"
        spec = {**common, "resources": {"requests": size}, "volumeName": f"pv-{name}"}
        bound = {"phase": "Bound", "capacity": size}
        yield made("v1", "PersistentVolumeClaim", name, spec=spec, status=bound)
        disk = {"claimRef": reference, "capacity": size, "local": {"path": f"/disks/{i}"}}
        volume = {**common, **disk, "persistentVolumeReclaimPolicy": "Delete"}
        yield made("v1", "PersistentVolume", f"pv-{name}", space="", spec=volume, status=bound)
        yield made("v1", "Pod", f"pod-{name}", spec=pod_spec(name, name), status=READY)


def volumes(count: int) -> Iterator[Obj]:
    """Yield volumes that no claim has bound."""
    for i in range(count):
        spec = {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "nfs": {"server": "nfs.example", "path": f"/share/{i}"},
            "persistentVolumeReclaimPolicy": "Retain",
        }
        status = {"phase": "Available"}
        yield made("v1", "PersistentVolume", f"share-{i}", space="", spec=spec, status=status)


def services(count: int) -> Iterator[Obj]:
    """Yield Services with explicit node ports, which Velero keeps."""
    for i in range(count):
        name = f"web-{i}"
        ports = [{"name": "http", "port": 80, "protocol": "TCP", "nodePort": 30000 + i % 2768}]
        spec: Obj = {"type": "NodePort", "selector": {"app": name}, "ports": ports}
        spec |= {"clusterIP": f"10.{96 + i // 65000}.{i // 250 % 256}.{i % 250 + 1}"}
        obj = made("v1", "Service", name, spec=spec, status={"loadBalancer": {}})
        applied = {"spec": {"ports": ports}}
        marks = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(applied)}
        obj["metadata"] = {**obj["metadata"], "annotations": marks}  # type: ignore[dict-item]
        yield obj


def custom(count: int) -> Iterator[Obj]:
    """Yield custom resources and their definition."""
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": "bench.example", "names": names, "scope": "Namespaced", "versions": [version]}
    definition = "widgets.bench.example"
    version_of = "apiextensions.k8s.io/v1"
    yield made(version_of, "CustomResourceDefinition", definition, space="", spec=spec)
    for i in range(count):
        yield made("bench.example/v1", "Widget", f"widget-{i}", spec={"size": i})


def plain(version: str, kind: str, rest: Callable[[str], Obj]) -> Many:
    """Return what yields objects of a kind, each with what `rest` makes of its name."""

    def many(count: int) -> Iterator[Obj]:
        for i in range(count):
            name = f"{kind.lower()}-{i}"
            yield made(version, kind, name, **rest(name))

    return many


def selected(name: str, **spec: object) -> Obj:
    """Return the spec of a workload."""
    return {"selector": {"matchLabels": {"app": name}}, "template": template(name), **spec}


def binding(name: str) -> Obj:
    """Return a RoleBinding's content."""
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    return {"roleRef": role, "subjects": [{"kind": "User", "name": name}]}


def ingress(name: str) -> Obj:
    """Return an Ingress's content."""
    service = {"service": {"name": name, "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": service}
    return {"spec": {"rules": [{"host": f"{name}.example", "http": {"paths": [path]}}]}}


def job(name: str) -> Obj:
    """Return a finished Job's content."""
    status = {"succeeded": 1, "completionTime": STAMP}
    return {"spec": {"template": template(name)}, "status": status}


def cron_job(name: str) -> Obj:
    """Return a CronJob's content."""
    work = {"spec": {"template": template(name)}}
    return {"spec": {"schedule": "0 3 * * *", "suspend": False, "jobTemplate": work}}


KINDS: Mapping[str, Many] = {
    "claims": claims,
    "volumes": volumes,
    "services": services,
    "cronjobs": plain("batch/v1", "CronJob", cron_job),
    "jobs": plain("batch/v1", "Job", job),
    "deployments": plain(
        "apps/v1", "Deployment", lambda name: {"spec": selected(name, replicas=1)}
    ),
    "statefulsets": plain(
        "apps/v1", "StatefulSet", lambda name: {"spec": selected(name, serviceName=name)}
    ),
    "pods": plain("v1", "Pod", lambda name: {"spec": pod_spec(name), "status": READY}),
    "secrets": plain("v1", "Secret", lambda _: {"type": "Opaque", "data": {"key": "aGVsbG8="}}),
    "configmaps": plain("v1", "ConfigMap", lambda name: {"data": {"key": name}}),
    "serviceaccounts": plain("v1", "ServiceAccount", lambda _: {}),
    "rolebindings": plain("rbac.authorization.k8s.io/v1", "RoleBinding", binding),
    "ingresses": plain("networking.k8s.io/v1", "Ingress", ingress),
    "custom": custom,
}
PLURALS = {"Ingress": "ingresses"}


def saved(claim: str) -> Obj:
    """Return the PodVolumeBackup of a claim's data."""
    pod = f"pod-{claim}"
    labels = {
        "velero.io/backup-name": BACKUP,
        "velero.io/pvc-uid": f"persistentvolumeclaim-{claim}",
    }
    metadata = {"name": f"{BACKUP}-{claim}", "namespace": "velero", "labels": labels}
    metadata["annotations"] = {"velero.io/pvc-name": claim}
    tags = {"backup": BACKUP, "ns": SPACE, "pod": pod, "volume": "data"}
    spec = {
        "pod": {"kind": "Pod", "namespace": SPACE, "name": pod, "uid": f"pod-{pod}"},
        "volume": "data",
        "uploaderType": "kopia",
        "backupStorageLocation": "default",
        "tags": {**tags, "pvc-uid": f"persistentvolumeclaim-{claim}"},
    }
    progress = {"totalBytes": 819, "bytesDone": 819}
    status = {"phase": "Completed", "snapshotID": SNAPSHOT, "progress": progress}
    return {"metadata": metadata, "spec": spec, "status": status}


def volume_info(claim: str) -> Obj:
    """Return what Velero's volumeinfo file says of a claim."""
    handle = {"snapshotHandle": SNAPSHOT, "size": 819, "uploaderType": "kopia"}
    pod = {"volumeName": "data", "podName": f"pod-{claim}", "podNamespace": SPACE}
    return {
        "pvcName": claim,
        "pvcNamespace": SPACE,
        "pvName": f"pv-{claim}",
        "backupMethod": "PodVolumeBackup",
        "snapshotDataMoved": False,
        "skipped": False,
        "result": "succeeded",
        "pvbInfo": {**handle, **pod, "Phase": "Completed"},
        "pvInfo": {"reclaimPolicy": "Delete", "labels": None},
    }


SCENARIO = f"""apiVersion: drills/v1
kind: RestoreDrill
metadata: {{name: bench, owner: bench}}
spec:
  cluster: {{embedded: true}}
  backup: {{engine: velero, namespace: velero, name: {BACKUP}}}
  restore:
    namespaces: {{{SPACE}: bench}}
    deadline: 1h
  objectives: {{rto: 1h, rpo: 876000h}}
  cleanup: always
"""
