"""Backups that suit a scenario: the sample, under another schedule, label or namespace.

In: a folder, the present time, what the scenario wants. Out: a bucket there, in which a backup
began last night. Archive, lists and volume records agree with each other.
"""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from embedded.sample_bucket import last_night, sample_files

SHOP = "production"
RENAMED = {"shop-db": {"ledger": "postgres", "shop-reader": "db-reader"}}
"""What is called otherwise in a copy of the sample's namespace."""
ADDED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("secrets", {"apiVersion": "v1", "kind": "Secret", "name": "shop-credentials"}),
    ("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "name": "shop-prices"}),
    ("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "name": "shop-texts"}),
    ("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "name": "shop-routes"}),
    ("services", {"apiVersion": "v1", "kind": "Service", "name": "prometheus"}),
    ("services", {"apiVersion": "v1", "kind": "Service", "name": "web"}),
)
"""What the scenarios ask for besides what the sample has."""
SPECS: Mapping[str, dict[str, Any]] = {
    "Secret": {"type": "Opaque", "data": {"password": "cHJvYmU=", "reader-password": "cHJvYmU="}},
    "ConfigMap": {"data": {"set": "yes"}},
    "Service": {"spec": {"selector": {"app": "shop"}, "ports": [{"name": "http", "port": 80}]}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What backup a scenario asks for."""

    schedule: str = "production-daily"
    labels: Mapping[str, str] = field(default_factory=dict)
    namespaces: tuple[str, ...] = (SHOP,)


def suited(folder: Path, now: datetime, wanted: Wanted) -> Path:
    """Write the bucket and return its folder."""
    newest = f"production-daily-{last_night(now):%Y%m%d%H%M%S}"
    for key, content in sample_files(now):
        if newest in key or key.startswith("kopia/"):
            for where, body in _copies(key, content, wanted):
                path = folder / "bucket" / where
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(body)
    _relist(next((folder / "bucket" / "backups").iterdir()))
    return folder / "bucket"


def _copies(key: str, content: bytes, wanted: Wanted) -> list[tuple[str, bytes]]:
    where = key.replace("production-daily", wanted.schedule)
    if key.startswith("kopia/"):
        return [
            (where.replace(f"kopia/{SHOP}/", f"kopia/{n}/"), content) for n in wanted.namespaces
        ]
    if key.endswith(".tar.gz"):
        return [(where, _archive(content, wanted.namespaces))]
    if key.endswith("velero-backup.json"):
        return [(where, _metadata(content, wanted))]
    text = gzip.decompress(content).decode().replace("production-daily", wanted.schedule)
    if where.endswith(("-volumeinfo.json.gz", "-podvolumebackups.json.gz")):
        text = json.dumps([row for n in wanted.namespaces for row in _rows(text, n)])
    return [(where, gzip.compress(text.encode()))]


def _rows(text: str, namespace: str) -> list[dict[str, Any]]:
    """Return the records of the sample's volumes as those of another namespace's."""
    rows: list[dict[str, Any]] = json.loads(_into(text, namespace))
    for row in rows:
        if "metadata" in row:  # PodVolumeBackups are objects, and two need two names
            row["metadata"]["name"] += f"-{namespace}"
    return rows


def _into(text: str, namespace: str) -> str:
    """Return a text about the sample's namespace as one about another."""
    for old, new in RENAMED.get(namespace, {}).items():
        text = text.replace(old, new)
    daily = "\0"
    text = text.replace("production-daily", daily).replace(SHOP, namespace)
    return text.replace(daily, "production-daily")


def _metadata(content: bytes, wanted: Wanted) -> bytes:
    document = json.loads(content.decode().replace("production-daily", wanted.schedule))
    document["metadata"]["labels"].update(wanted.labels)
    document["spec"]["includedNamespaces"] = list(wanted.namespaces)
    return json.dumps(document).encode()


def _archive(content: bytes, namespaces: tuple[str, ...]) -> bytes:
    entries: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as old:
        for member in old:
            body = (old.extractfile(member) or io.BytesIO()).read()
            for namespace in namespaces:
                place = _into(member.name, namespace)
                entries[place] = _into(body.decode(), namespace).encode()
    for namespace in namespaces:
        for resource, described in ADDED:
            _add(entries, namespace, resource, described)
    return _packed(entries)


def _add(
    entries: dict[str, bytes], namespace: str, resource: str, described: dict[str, Any]
) -> None:
    head = {key: value for key, value in described.items() if key != "name"}
    metadata = {
        "name": described["name"],
        "namespace": namespace,
        "uid": f"{resource}-{described['name']}-{namespace}",
        "labels": {"app": "shop"},
    }
    body = json.dumps({**head, "metadata": metadata, **SPECS[described["kind"]]}).encode()
    for folder in (resource, f"{resource}/v1-preferredversion"):
        entries[f"resources/{folder}/namespaces/{namespace}/{described['name']}.json"] = body


def _packed(entries: Mapping[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as new:
        for name, body in entries.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(body), 0o755
            new.addfile(member, io.BytesIO(body))
    return raw.getvalue()


def _relist(backup: Path) -> None:
    """Let the resource list and the counts say what the archive holds."""
    found: dict[str, list[str]] = {}
    with tarfile.open(backup / f"{backup.name}.tar.gz") as archive:
        for member in archive:
            if "-preferredversion/" in member.name or not member.name.startswith("resources/"):
                continue
            obj = json.load(archive.extractfile(member) or io.BytesIO())
            metadata = obj["metadata"]
            space = f"{metadata['namespace']}/" if "namespace" in metadata else ""
            kind = f"{obj['apiVersion']}/{obj['kind']}"
            found.setdefault(kind, []).append(space + metadata["name"])
    listed = json.dumps({kind: sorted(names) for kind, names in found.items()}).encode()
    (backup / f"{backup.name}-resource-list.json.gz").write_bytes(gzip.compress(listed))
    total = sum(map(len, found.values()))
    _change(backup / "velero-backup.json", lambda d: d["status"].update(progress=_counts(total)))


def _counts(total: int) -> dict[str, int]:
    return {"totalItems": total, "itemsBackedUp": total}


def _change(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
