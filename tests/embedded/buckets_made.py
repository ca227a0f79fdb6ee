"""Buckets for tests: folders laid out as Velero lays out its bucket.

In: Kubernetes objects. Out: a folder that an embedded cluster takes as its store.
"""

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from embedded.resource_types import BUILTIN, VELERO_TYPES
from embedded.sample_bucket import SAMPLE

ORIGINAL = "production-daily-20261121085009"
_PLURALS = {(t.api_version, t.kind): t.group_resource for t in (*BUILTIN, *VELERO_TYPES)}


def tarball(objects: Sequence[Mapping[str, Any]], **others: bytes) -> bytes:
    """Return a backup's tarball with these objects, and other files by path."""
    files = {"metadata/version": b"1.1.0\n", **others}
    for obj in objects:
        metadata = obj["metadata"]
        kind = _PLURALS.get((obj["apiVersion"], obj["kind"])) or obj["x-plural"]
        place = f"namespaces/{metadata['namespace']}" if "namespace" in metadata else "cluster"
        body = {key: value for key, value in obj.items() if key != "x-plural"}
        content = json.dumps(body).encode()
        files[f"resources/{kind}/{place}/{metadata['name']}.json"] = content
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def bucket(
    root: Path,
    objects: Sequence[Mapping[str, Any]],
    *,
    name: str = "made",
    volume_infos: Sequence[Mapping[str, Any]] = (),
    phase: str = "Completed",
    content: bytes | None = None,
    **status: Any,  # noqa: ANN401  # whatever a status may hold
) -> Path:
    """Write a bucket with one backup of these objects and return its folder."""
    folder = root / "backups" / name
    folder.mkdir(parents=True)
    backup = {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": name, "namespace": "velero", "labels": {}},
        "spec": {"storageLocation": "elsewhere"},
        "status": {"phase": phase, "startTimestamp": "2026-11-20T02:00:00Z", **status},
    }
    (folder / "velero-backup.json").write_text(json.dumps(backup))
    (folder / f"{name}.tar.gz").write_bytes(tarball(objects) if content is None else content)
    infos = gzip.compress(json.dumps(list(volume_infos)).encode())
    (folder / f"{name}-volumeinfo.json.gz").write_bytes(infos)
    return root


def copied_sample(root: Path) -> Path:
    """Copy the real backups as they are into a folder and return it."""
    for part in ("backups", "kopia"):
        shutil.copytree(SAMPLE / part, root / part)
    return root


def config_map(name: str, namespace: str = "app", **metadata: Any) -> dict[str, Any]:  # noqa: ANN401  # whatever metadata may hold
    """Return a ConfigMap."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "data": {"key": "value"},
    }


def claim(name: str, volume: str, namespace: str = "app") -> dict[str, Any]:
    """Return a bound PersistentVolumeClaim."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "annotations": {"pv.kubernetes.io/bind-completed": "yes", "keep": "me"},
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": "gp3",
            "volumeName": volume,
        },
        "status": {"phase": "Bound"},
    }


def volume(name: str, policy: str, claim_name: str, namespace: str = "app") -> dict[str, Any]:
    """Return a bound PersistentVolume."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "claimRef": {"namespace": namespace, "name": claim_name, "uid": "old"},
            "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": f"handle-of-{name}"},
            "persistentVolumeReclaimPolicy": policy,
            "storageClassName": "gp3",
        },
        "status": {"phase": "Bound"},
    }


def pod(name: str, claim_name: str, namespace: str = "app", **spec: Any) -> dict[str, Any]:  # noqa: ANN401  # whatever a spec may hold
    """Return a running pod that mounts a claim."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "nodeName": "old-node",
            "containers": [{"name": "main", "image": "app:1"}],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim_name}}],
            **spec,
        },
        "status": {"phase": "Running"},
    }
