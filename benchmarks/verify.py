"""How fast `verify` reads a big backup, beside the tools at hand: python benchmarks/verify.py.

In: a size. Out: a synthetic Velero backup of that size is checked, by turns with `gzip | sha256sum`
and with the unpacker alone; medians, ratios and the largest memory of the check. Each run of ours
is a process of its own. The data: Kubernetes objects of several kinds, each archived twice as
Velero does, unpacked size as asked.
"""

import argparse
import gzip
import io
import json
import os
import random
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from isal import igzip

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
NAME = "bench-20261121000000"
STAMP = "2026-11-21T00:00:00Z"
GIB = 1 << 30


def main() -> None:
    """Build the backup, then measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--gigabytes", type=float, default=1.0, help="unpacked size")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--random", type=float, default=0.3, help="share of bytes that pack badly")
    options.add_argument("--folder", type=Path, help="keep and reuse the backup here")
    options.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        check_once(given.one)
        return
    with tempfile.TemporaryDirectory() as passing:
        folder = given.folder or Path(passing)
        if not (folder / "backups" / NAME / "velero-backup.json").exists():
            build(folder, int(given.gigabytes * GIB), given.random)
        measure(folder, given.rounds)


def measure(folder: Path, rounds: int) -> None:
    """Print medians over alternating rounds."""
    archive = folder / "backups" / NAME / f"{NAME}.tar.gz"
    unpacked = sum(len(piece) for piece in unpacker(archive))
    print(f"archive {archive.stat().st_size / 1e6:.0f} MB, unpacked {unpacked / 1e6:.0f} MB")
    times: dict[str, list[float]] = {}
    memory = 0
    for _ in range(rounds):
        times.setdefault("gzip -dc | sha256sum", []).append(timed(lambda: pipeline(archive)))
        seconds, rss = ours(folder)
        times.setdefault("verify", []).append(seconds)
        memory = max(memory, rss)
        alone = timed(lambda: sum(len(piece) for piece in unpacker(archive)))
        times.setdefault("the unpacker alone", []).append(alone)
    medians = {name: statistics.median(found) for name, found in times.items()}
    for name, seconds in medians.items():
        ratio = medians["gzip -dc | sha256sum"] / seconds
        print(f"{name:22} {seconds:7.2f} s {unpacked / seconds / 1e6:6.0f} MB/s  x{ratio:.2f}")
    print(f"memory of verify       {memory / 1024:7.1f} MiB at most")


def timed(act: Callable[[], object]) -> float:
    """Return the seconds that `act` takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def pipeline(archive: Path) -> None:
    """Run what people run by hand."""
    unzip = subprocess.Popen(["gzip", "-dc", str(archive)], stdout=subprocess.PIPE)  # noqa: S607
    subprocess.run(["sha256sum"], stdin=unzip.stdout, check=True, stdout=subprocess.DEVNULL)  # noqa: S607
    if unzip.wait():
        raise SystemExit("gzip failed")


def unpacker(archive: Path) -> Iterator[bytes]:
    """Yield the archive unpacked, by what `verify` unpacks with."""
    from drills.integrity.inflate import inflate  # noqa: PLC0415 - after sys.path

    with archive.open("rb") as body:
        yield from inflate(iter(lambda: body.read(1 << 20), b""))


def ours(folder: Path) -> tuple[float, int]:
    """Check once in a fresh process; return seconds of the check and its largest RSS in KiB."""
    command = [sys.executable, __file__, "--one", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, rss = done.stdout.split()
    return float(seconds), int(rss)


def check_once(folder: Path) -> None:
    """Check the backup; print seconds and memory for the parent."""
    from drills.adapters.clock import SystemClock  # noqa: PLC0415 - after sys.path
    from drills.adapters.store import open_store  # noqa: PLC0415
    from drills.engines.velero.bucket import VeleroBucket  # noqa: PLC0415
    from drills.integrity.contract import BucketPorts, Wish  # noqa: PLC0415

    sys.setswitchinterval(0.0002)
    clock = SystemClock(threading.Event())
    bucket = VeleroBucket(BucketPorts(store=open_store(str(folder)), clock=clock))
    begun = time.perf_counter()
    (found,) = (bucket.check(one, lambda _: None) for one in bucket.backups(Wish()))
    seconds = time.perf_counter() - begun
    if found.state != "good":
        raise SystemExit(f"{found.state}: {found.findings[:3]}")
    print(seconds, largest_memory())


def largest_memory() -> int:
    """Return the most memory this process ever had, in KiB; getrusage would count the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def build(folder: Path, size: int, share: float) -> None:
    """Write a whole Velero backup whose archive unpacks to about `size` bytes."""
    home = folder / "backups" / NAME
    home.mkdir(parents=True, exist_ok=True)
    listed: dict[str, list[str]] = {}
    with igzip.open(home / f"{NAME}.tar.gz", "wb", compresslevel=3) as packed:
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
        (home / f"{NAME}-{suffix}.gz").write_bytes(gzip.compress(compact(document)))
    log = f"level=info backup=velero/{NAME}\n".encode()
    (home / f"{NAME}-logs.gz").write_bytes(gzip.compress(log))
    (home / "velero-backup.json").write_text(json.dumps(backup(total)))


def backup(total: int) -> dict[str, object]:
    """Return the Backup object."""
    status = {
        "phase": "Completed",
        "formatVersion": "1.1.0",
        "startTimestamp": STAMP,
        "completionTimestamp": STAMP,
        "progress": {"totalItems": total, "itemsBackedUp": total},
    }
    meta = {"name": NAME, "namespace": "velero", "uid": "u"}
    head = {"apiVersion": "velero.io/v1", "kind": "Backup"}
    return {**head, "metadata": meta, "spec": {}, "status": status}


def fill(packed: gzip.GzipFile, size: int, share: float, listed: dict[str, list[str]]) -> None:
    """Write objects until the archive is large enough."""
    moulds = [mould(KINDS[i % len(KINDS)], random.Random(i), share) for i in range(MOULDS)]  # noqa: S311 - nothing secret
    number = written = 0
    with tarfile.open(fileobj=packed, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
        put(tar, "metadata/version", b"1.1.0\n")
        while written < size:
            kind, resource, version = KINDS[number % len(KINDS)]
            namespace, name = f"team-{number % 40}", f"{kind.lower()}-{number}"
            body = moulds[number % MOULDS].replace(b"@NAMESPACE", namespace.encode())
            body = body.replace(b"@NAME", name.encode())
            tail = f"namespaces/{namespace}/{name}.json"
            put(tar, f"resources/{resource}/{tail}", body)
            put(tar, f"resources/{resource}/{version.split('/')[-1]}-preferredversion/{tail}", body)
            listed.setdefault(f"{version}/{kind}", []).append(f"{namespace}/{name}")
            written += 2 * (len(body) + 768)
            number += 1


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


def put(tar: tarfile.TarFile, path: str, body: bytes) -> None:
    """Write one entry."""
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(body), 0o755
    tar.addfile(entry, io.BytesIO(body))


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C")
    main()
