"""Checks the backups of a bucket, several at once, each in a process of its own.

In: where the bucket is and which backups. Out: checks in the order asked for. Python code runs one
thread at a time, so threads alone would leave a core idle.
"""

import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event

from drills.adapters.clock import SystemClock
from drills.adapters.kopia import KopiaReader, kopia_at_hand
from drills.adapters.shell import LocalShell
from drills.adapters.store import open_store
from drills.engines import bucket_factory
from drills.errors import Interrupted, Misconfigured, Unreachable
from drills.integrity.contract import Bucket, BucketPorts, Listed, SnapshotReader
from drills.integrity.result import BackupCheck
from drills.ports import ObjectStore
from runner.settings import repository_password

TICK_SECONDS = 0.2
HANDOVER_SECONDS = 0.0002
"""How long a thread keeps the interpreter from the next; the default of 5 ms stalls the stages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSource:
    """Where a bucket is; each process opens it for itself."""

    url: str
    engine: str = "velero"
    read_percent: int = 0
    """Share of the files in volume snapshots to read, where their tool is at hand."""

    def open(self, stop: threading.Event, stopped: Callable[[], bool] | None = None) -> Bucket:
        """Return the bucket; raises Misconfigured. `stopped` ends a tool that is under way."""
        store = open_store(self.url)
        snapshots = self._snapshots(store, stopped or stop.is_set)
        ports = BucketPorts(store=store, clock=SystemClock(stop), snapshots=snapshots)
        return bucket_factory(self.engine)(ports)

    def _snapshots(self, store: ObjectStore, stopped: Callable[[], bool]) -> SnapshotReader | None:
        binary = kopia_at_hand()
        if binary is None and self.read_percent:
            raise Misconfigured(
                "--volume-data needs kopia, which is not at hand",
                hint="Put the kopia binary on PATH, of the version that Velero carries or newer.",
            )
        if binary is None:
            return None
        shell, password = LocalShell(stopped), repository_password()
        return KopiaReader(shell, binary, store, password, read_percent=self.read_percent)


Advance = Callable[[int], None]
"""Is told how many bytes more have been read; called in the caller's thread."""


def checks_here(
    bucket: Bucket, backups: Iterable[Listed], advance: Advance, stopped: Callable[[], bool]
) -> Iterator[BackupCheck]:
    """Check one after the other in this process; raises Interrupted."""
    sys.setswitchinterval(HANDOVER_SECONDS)

    def heard(size: int) -> None:
        if stopped():
            raise Interrupted("stopped")
        advance(size)

    for listed in backups:
        yield bucket.check(listed, heard)


def checks_apart(
    source: BucketSource,
    backups: Iterable[Listed],
    workers: int,
    advance: Advance,
    stopped: Callable[[], bool],
) -> Iterator[BackupCheck]:
    """Check `workers` backups at a time; raises Interrupted, and Unreachable if a process died."""
    context = multiprocessing.get_context("spawn")
    read, stop = context.Value("Q", 0), context.Event()
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(source, read, stop)
    )
    try:
        futures = [pool.submit(_check, one) for one in backups]
        for future in futures:
            _await(future, read, advance, stopped)
            yield future.result()
    except BrokenProcessPool as error:
        raise Unreachable("a checking process died", hint="See whether memory ran out.") from error
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _await(
    future: "Future[BackupCheck]",
    read: "Synchronized[int]",
    advance: Advance,
    stopped: Callable[[], bool],
) -> None:
    """Wait for one check, telling meanwhile what all of them have read."""
    done = False
    while not done:
        done = bool(wait((future,), TICK_SECONDS).done)
        with read.get_lock():
            more, read.value = read.value, 0
        advance(more)
        if stopped():
            raise Interrupted("stopped")


@dataclass(slots=True)
class _Worker:
    bucket: Bucket
    read: "Synchronized[int]"
    stop: Event


_workers: list[_Worker] = []
"""The one worker of a child process."""


def _begin(source: BucketSource, read: "Synchronized[int]", stop: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which says stop
    sys.setswitchinterval(HANDOVER_SECONDS)
    _workers.append(_Worker(source.open(threading.Event(), stop.is_set), read, stop))


def _check(listed: Listed) -> BackupCheck:
    worker = _workers[0]

    def heard(size: int) -> None:
        if worker.stop.is_set():
            raise Interrupted("stopped")
        with worker.read.get_lock():
            worker.read.value += size

    return worker.bucket.check(listed, heard)
