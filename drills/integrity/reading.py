"""Reads one stored file to its end, whatever is wrong inside it, so that its hash is always known.

In: a file of the store and what to do with its bytes. Out: the file's facts, and what came of it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from drills.errors import BackupUnreadable, DrillError, Interrupted
from drills.integrity.contract import Heard
from drills.integrity.inflate import inflate
from drills.integrity.result import FileFact
from drills.integrity.streams import Digest, ahead, hashed
from drills.ports import ObjectStore, StoredObject

T = TypeVar("T")
Look = Callable[[Iterator[bytes]], T]
"""Takes the unpacked bytes in; raises BackupUnreadable."""

THREADS_FROM = 2 << 20
"""Stored bytes from which a file is worth threads of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Generic[T]):
    """A file that was read: `value`, or the error that stands for it."""

    fact: FileFact | None = None
    value: T | None = None
    error: DrillError | None = None


def read_file(
    store: ObjectStore, stored: StoredObject, look: Look[T], heard: Heard, *, packed: bool
) -> Read[T]:
    """Return what `look` made of the file; only Interrupted is raised."""
    digest = Digest()
    value, error = None, None
    try:
        with store.open(stored.key) as body, _staged(stored, hashed(body, digest, heard)) as raw:
            try:
                value = _looked(look, raw, threads=packed and _large(stored), packed=packed)
            except BackupUnreadable as damage:
                error = damage
            for _ in raw:
                pass
    except Interrupted:
        raise
    except DrillError as refusal:
        return Read(error=refusal)
    if digest.bytes != stored.bytes:
        return Read(error=_other_size(stored, digest.bytes))
    return Read(fact=_fact(stored, digest), value=value, error=error)


def _large(stored: StoredObject) -> bool:
    return stored.bytes >= THREADS_FROM


@contextmanager
def _staged(stored: StoredObject, raw: Iterator[bytes]) -> Iterator[Iterator[bytes]]:
    if not _large(stored):
        yield raw
        return
    with ahead(raw) as chunks:
        yield chunks


def _looked(look: Look[T], raw: Iterator[bytes], *, threads: bool, packed: bool) -> T:
    if not packed:
        return look(raw)
    if not threads:
        return look(inflate(raw))
    with ahead(inflate(raw)) as pieces:
        return look(pieces)


def _fact(stored: StoredObject, digest: Digest) -> FileFact:
    return FileFact(
        name=stored.key.rpartition("/")[2],
        key=stored.key,
        bytes=digest.bytes,
        sha256=digest.sha256,
        etag=stored.etag,
        version=stored.version,
    )


def _other_size(stored: StoredObject, got: int) -> DrillError:
    return DrillError(
        f"the store lists {stored.bytes} bytes and handed out {got}",
        hint="The file changed while it was read, or the store is failing: check again.",
    )
