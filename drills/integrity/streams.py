"""Streams that overlap: one thread reads and hashes, one unpacks, the caller looks.

In: an open file. Out: chunks, and what the file was (size, SHA-256). Hashing and unpacking let
other threads run, so on two cores they cost little beside the slowest of the three.
"""

import hashlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

CHUNK = 1 << 20
DEPTH = 4
"""Chunks that one stage may be ahead of the next."""


class Digest:
    """Size and SHA-256 of what went by."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.bytes = 0

    def add(self, chunk: bytes) -> None:
        """Take the next bytes in."""
        self._hash.update(chunk)
        self.bytes += len(chunk)

    @property
    def sha256(self) -> str:
        """Return the hash so far, in hex."""
        return self._hash.hexdigest()


def hashed(body: BinaryIO, digest: Digest, heard: Callable[[int], None]) -> Iterator[bytes]:
    """Yield the file's chunks; `heard` is told the size of each and may raise Interrupted."""
    while chunk := body.read(CHUNK):
        digest.add(chunk)
        heard(len(chunk))
        yield chunk


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


_End = None
_Item = bytes | _Failed | None


@contextmanager
def ahead(source: Iterable[bytes]) -> Iterator[Iterator[bytes]]:
    """Run `source` in a thread of its own, a few chunks ahead; its errors come out here.

    The thread has ended when the context is left.
    """
    items: queue.Queue[_Item] = queue.Queue(maxsize=DEPTH)
    left = threading.Event()

    def run() -> None:
        end: _Item = _End
        try:
            for chunk in source:
                items.put(chunk)
                if left.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - raised again in the reader's thread
            end = _Failed(error)
        items.put(end)

    thread = threading.Thread(target=run, name="backup-stream", daemon=True)
    thread.start()
    try:
        yield _arriving(items)
    finally:
        left.set()
        _unblock(items, thread)


def _arriving(items: "queue.Queue[_Item]") -> Iterator[bytes]:
    while (item := items.get()) is not _End:
        if isinstance(item, _Failed):
            raise item.error
        yield item


def _unblock(items: "queue.Queue[_Item]", thread: threading.Thread) -> None:
    """Make room until the thread has noticed that nobody listens any more."""
    while thread.is_alive():
        try:
            items.get(timeout=0.05)
        except queue.Empty:
            continue
