"""Edits of a copied backup's archive: objects put in, changed or taken out, with its list."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.e2e.buckets import BACKUP, Bucket

Entries = dict[str, bytes]


def paths(resource: str, version: str, namespace: str, name: str) -> tuple[str, str]:
    """Return the two places at which Velero archives an object."""
    where = f"namespaces/{namespace}" if namespace else "cluster"
    return (
        f"resources/{resource}/{where}/{name}.json",
        f"resources/{resource}/{version}-preferredversion/{where}/{name}.json",
    )


def put(entries: Entries, resource: str, obj: dict[str, object]) -> None:
    """Archive an object, as the one of its name."""
    metadata = obj["metadata"]
    assert isinstance(metadata, dict)
    version = str(obj["apiVersion"]).rpartition("/")[2]
    for path in paths(resource, version, str(metadata.get("namespace", "")), metadata["name"]):
        entries[path] = json.dumps(obj).encode()


def take(
    entries: Entries, resource: str, version: str, namespace: str, name: str
) -> dict[str, object]:
    """Take an object out of the archive and return it."""
    plain, other = paths(resource, version, namespace, name)
    del entries[other]
    found: dict[str, object] = json.loads(entries.pop(plain))
    return found


@contextmanager
def archive(bucket: Bucket) -> Iterator[Entries]:
    """Give the archive's entries to be changed; archive and list are written anew afterwards."""
    with tarfile.open(bucket.tarball) as old:
        entries = {m.name: _read(old, m) for m in old.getmembers() if m.isfile()}
    yield entries
    new = io.BytesIO()
    with tarfile.open(fileobj=new, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name, body in entries.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(body), 0o755
            tar.addfile(info, io.BytesIO(body))
    bucket.tarball.write_bytes(new.getvalue())
    listed = gzip.compress(json.dumps(_list(entries)).encode())
    bucket.file(f"{BACKUP}-resource-list.json.gz").write_bytes(listed)


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    body = tar.extractfile(member)
    assert body is not None
    return body.read()


def _list(entries: Entries) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path, body in entries.items():
        parts = path.split("/")
        if parts[0] == "resources" and parts[2] in {"namespaces", "cluster"}:
            obj = json.loads(body)
            place = parts[3] + "/" if parts[2] == "namespaces" else ""
            kind = f"{obj['apiVersion']}/{obj['kind']}"
            found.setdefault(kind, []).append(place + obj["metadata"]["name"])
    return {kind: sorted(names) for kind, names in found.items()}


def change_volume(bucket: Bucket, change: Callable[[dict[str, object]], None]) -> None:
    """Change what volumeinfo says of the one volume, which no pod volume backup holds any more."""

    def rewrite(document: object) -> None:
        assert isinstance(document, list)
        row = document[0]
        row.pop("pvbInfo", None)
        change(row)

    bucket.change_json(f"{BACKUP}-volumeinfo.json.gz", rewrite)
    bucket.file(f"{BACKUP}-podvolumebackups.json.gz").write_bytes(gzip.compress(b"[]"))
