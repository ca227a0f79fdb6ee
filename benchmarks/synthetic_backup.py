"""A whole Velero backup of any size, made up: Kubernetes objects of several kinds.

In: a folder, a name, a size. Out: the files that Velero writes, each object archived twice as
Velero does.
"""

import gzip
import json
import random
import tarfile
from pathlib import Path

from isal import igzip

STAMP = "2026-11-21T00:00:00Z"
LEVEL = 3
"""Packs about as tightly as Velero's own gzip."""


def build(folder: Path, name: str, size: int, share: float) -> None:
    """Write a whole Velero backup whose archive unpacks to about `size` bytes."""
    home = folder / "backups" / name
    home.mkdir(parents=True, exist_ok=True)
    listed: dict[str, list[str]] = {}
    with igzip.open(home / f"{name}.tar.gz", "wb", compresslevel=LEVEL) as packed:
        fill(packed, size, share, listed)
    total = sum(map(len, listed.values()))
    for suffix, document in {
        "resource-list.json": listed,
        "results": {"errors": {}, "warnings": {}},
        "podvolumebackups.json": None,
        "volumesnapshots.json": None,
        "itemoperations.json": [],
        "volumeinfo.json": [],
    }.items():
        (home / f"{name}-{suffix}.gz").write_bytes(gzip.compress(compact(document)))
    log = f"level=info backup=velero/{name}\n".encode()
    (home / f"{name}-logs.gz").write_bytes(gzip.compress(log))
    (home / "velero-backup.json").write_text(json.dumps(backup(name, total)))


def backup(name: str, total: int) -> dict[str, object]:
    """Return the Backup object."""
    status = {
        "phase": "Completed",
        "formatVersion": "1.1.0",
        "startTimestamp": STAMP,
        "completionTimestamp": STAMP,
        "progress": {"totalItems": total, "itemsBackedUp": total},
    }
    meta = {"name": name, "namespace": "velero", "uid": "u"}
    head = {"apiVersion": "velero.io/v1", "kind": "Backup"}
    return {**head, "metadata": meta, "spec": {}, "status": status}


def fill(packed: gzip.GzipFile, size: int, share: float, listed: dict[str, list[str]]) -> None:
    """Write objects until the archive is large enough."""
    moulds = [mould(KINDS[i % len(KINDS)], random.Random(i), share) for i in range(MOULDS)]  # noqa: S311 - nothing secret
    number = written = 0
    packed.write(entry("metadata/version", b"1.1.0\n"))
    while written < size:
        kind, resource, version = KINDS[number % len(KINDS)]
        namespace, name = f"team-{number % 40}", f"{kind.lower()}-{number}"
        body = moulds[number % MOULDS].replace(b"@NAMESPACE", namespace.encode())
        body = body.replace(b"@NAME", name.encode())
        tail = f"namespaces/{namespace}/{name}.json"
        preferred = f"{version.split('/')[-1]}-preferredversion"
        both = entry(f"resources/{resource}/{tail}", body)
        both += entry(f"resources/{resource}/{preferred}/{tail}", body)
        packed.write(both)
        listed.setdefault(f"{version}/{kind}", []).append(f"{namespace}/{name}")
        written += len(both)
        number += 1
    packed.write(bytes(2 * tarfile.BLOCKSIZE))


MOULDS = 200
"""Many more than what fits into the 32 KiB that deflate looks back."""
KINDS = (
    ("ConfigMap", "configmaps", "v1"),
    ("Secret", "secrets", "v1"),
    ("Pod", "pods", "v1"),
    ("Deployment", "deployments.apps", "apps/v1"),
    ("Service", "services", "v1"),
)
WORDS = ("image", "ready", "replicas", "policy", "cluster", "probe", "volume", "mount", "port")


def mould(sort: tuple[str, str, str], dice: random.Random, share: float) -> bytes:
    """Return an object of about 5 KB, as the API server writes one, without its name."""
    kind, _, version = sort
    text = {
        f"f:{dice.choice(WORDS)}-{i}": {".": {}, "f:name": dice.choice(WORDS)} for i in range(60)
    }
    owned = {"manager": "kubectl", "operation": "Update", "time": STAMP, "fieldsV1": text}
    meta = {
        "name": "@NAME",
        "namespace": "@NAMESPACE",
        "uid": dice.randbytes(16).hex(),
        "resourceVersion": str(dice.randrange(10**8)),
        "managedFields": [owned],
    }
    noise = dice.randbytes(int(2500 * share * 2)).hex()
    body = {"apiVersion": version, "kind": kind, "metadata": meta, "data": {"value": noise}}
    return compact(body)


def compact(document: object) -> bytes:
    """Return JSON as Go writes it."""
    return json.dumps(document, separators=(",", ":")).encode()


def entry(path: str, body: bytes) -> bytes:
    """Return one file of a tar, by hand: tarfile itself takes longer than packing."""
    block = bytearray(HEADER)
    folder, name = path.rsplit("/", 1) if len(path) > LONGEST else ("", path)
    block[: len(name)] = name.encode()
    block[345 : 345 + len(folder)] = folder.encode()
    block[124:135] = b"%011o" % len(body)
    block[148:156] = b"%06o\0 " % (sum(block) + 8 * 0x20)
    return bytes(block) + body + bytes(-len(body) % tarfile.BLOCKSIZE)


def _header() -> bytes:
    """Return a header without name, size and checksum."""
    found = tarfile.TarInfo()
    found.mode = 0o755
    block = bytearray(found.tobuf(tarfile.USTAR_FORMAT))
    block[148:156] = bytes(8)
    return bytes(block)


LONGEST = 100
"""Characters of a name in a tar's header; what is longer has its folder in the prefix (ustar)."""
HEADER = _header()
