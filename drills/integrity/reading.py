"""Reads one stored file to its end, whatever is wrong inside it, so that its hash is always known.

In: a file of the store and what to do with its bytes. Out: the file's facts, and what came of it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO, Generic, TypeVar

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
    large = stored.bytes >= THREADS_FROM
    read = read_opened(
        lambda: store.open(stored.key), stored.key, look, heard, packed=packed, large=large
    )
    if read.fact is None:
        return read
    if read.fact.bytes != stored.bytes:
        return Read(error=_other_size(stored, read.fact.bytes))
    return replace(read, fact=replace(read.fact, etag=stored.etag, version=stored.version))


def read_opened(
    opened: Callable[[], AbstractContextManager[BinaryIO]],
    key: str,
    look: Look[T],
    heard: Heard,
    *,
    packed: bool,
    large: bool,
) -> Read[T]:
    """Return what `look` made of what `opened` opens; only Interrupted is raised.

    What is `large` gets threads of its own.
    """
    digest = Digest()
    value, error = None, None
    try:
        with opened() as body, _staged(hashed(body, digest, heard), large=large) as raw:
            try:
                value = _looked(look, raw, threads=packed and large, packed=packed)
            except BackupUnreadable as damage:
                error = damage
            for _ in raw:
                pass
    except Interrupted:
        raise
    except DrillError as refusal:
        return Read(error=refusal)
    return Read(fact=_fact(key, digest), value=value, error=error)


@contextmanager
def _staged(raw: Iterator[bytes], *, large: bool) -> Iterator[Iterator[bytes]]:
    if not large:
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


def _fact(key: str, digest: Digest) -> FileFact:
    name = key.rpartition("/")[2]
    return FileFact(name=name, key=key, bytes=digest.bytes, sha256=digest.sha256)


def _other_size(stored: StoredObject, got: int) -> DrillError:
    return DrillError(
        f"the store lists {stored.bytes} bytes and handed out {got}",
        hint="The file changed while it was read, or the store is failing: check again.",
    )
