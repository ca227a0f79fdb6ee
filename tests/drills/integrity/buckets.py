"""Buckets to check: what a real Velero wrote, and ways of damaging it."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from datetime import datetime

from drills.engines.velero.bucket import VeleroBucket
from drills.integrity.contract import BucketPorts, Listed, SnapshotReader, Wish
from drills.integrity.result import BackupCheck
from tests.fakes.clock import START, FakeClock
from tests.fakes.store import FakeStore
from tests.fakes.velero import PRODUCTION, SAMPLE

BULK = "bulk-1"
REAL = FakeStore.of(SAMPLE).files
Files = dict[str, bytes]
Edit = Callable[[Files], None]


def key(suffix: str, backup: str = PRODUCTION) -> str:
    """Return the key of a backup's file; `velero-backup.json` stands for itself."""
    name = suffix if suffix.startswith("velero") else backup + suffix
    return f"backups/{backup}/{name}"


METADATA = key("velero-backup.json")
ARCHIVE = key(".tar.gz")
LIST = key("-resource-list.json.gz")
INFO = key("-volumeinfo.json.gz")
PVBS = key("-podvolumebackups.json.gz")
OPERATIONS = key("-itemoperations.json.gz")
SNAPSHOTS = key("-volumesnapshots.json.gz")
RESULTS = key("-results.gz")
LOG = key("-logs.gz")
PACKED = (ARCHIVE, LIST, INFO, PVBS, OPERATIONS, SNAPSHOTS, RESULTS, LOG)
VAULT = "kopia/production/"


def check(
    files: Files,
    name: str = PRODUCTION,
    snapshots: SnapshotReader | None = None,
    *,
    now: datetime = START,
) -> BackupCheck:
    """Return the check of one backup among `files`."""
    clock = FakeClock(now)
    bucket = VeleroBucket(BucketPorts(store=FakeStore(files), clock=clock, snapshots=snapshots))
    found = tuple(bucket.backups(Wish(names=frozenset({name}))))
    missing = Listed(name=name, files=(), named=True)
    return bucket.check(found[0] if found else missing, lambda _: None)


def codes(found: BackupCheck) -> set[str]:
    """Return the codes of what weighs."""
    return {finding.code for finding in found.findings if finding.severity != "info"}


def documents(files: Files, where: str) -> object:
    """Return a packed document."""
    return json.loads(gzip.decompress(files[where]))


def put(files: Files, where: str, document: object) -> None:
    """Store a document, packed unless it is the metadata."""
    body = json.dumps(document).encode()
    files[where] = body if where.endswith("velero-backup.json") else gzip.compress(body)


def members(files: Files) -> dict[str, bytes]:
    """Return the archive's entries by path."""
    with tarfile.open(fileobj=io.BytesIO(files[ARCHIVE])) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]


def archive(entries: list[tuple[str, bytes]], *extra: tarfile.TarInfo) -> bytes:
    """Return a packed tar."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, body in entries:
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(body), 0o755
            tar.addfile(info, io.BytesIO(body))
        for member in extra:
            tar.addfile(member)
    return gzip.compress(raw.getvalue())


def rewritten(change: Callable[[dict[str, bytes]], object]) -> Edit:
    """Return what changes the entries of the archive, given as a dict in their order."""

    def edit(files: Files) -> None:
        entries = members(files)
        change(entries)
        files[ARCHIVE] = archive(list(entries.items()))

    return edit


def metadata(change: Callable[[dict[str, object]], object]) -> Edit:
    """Return what changes velero-backup.json."""

    def edit(files: Files) -> None:
        found = json.loads(files[METADATA])
        change(found)
        put(files, METADATA, found)

    return edit


def flipped(where: str, share: float) -> Edit:
    """Return what flips a bit at a share of the file's length."""

    def edit(files: Files) -> None:
        body = bytearray(files[where])
        body[min(len(body) - 1, int(len(body) * share))] ^= 4
        files[where] = bytes(body)

    return edit
